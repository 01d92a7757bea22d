using Keyway.Licensing.Answers;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Packs;

/// <summary><c>customdata</c> of a pack: what the challenge itself is to carry.</summary>
internal sealed class PackCustomDataStep(BoundPack pack) : LicenseRequestDecorator
{
    public override async ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (pack.For(exchange).CustomData is not { } value) return;
        PackExchange values = PackExchange.Of(exchange, pack);
        if (await value.TextAsync(ValueEncoding.Raw, values, cancellationToken).ConfigureAwait(false) is { } text) exchange.CustomData = text;
    }
}

/// <summary><c>response</c> of a pack: takes the licence out of the answer.</summary>
internal sealed class PackResponseStep(BoundPack pack) : LicenseResponseTransform
{
    public override ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (exchange.Answer is not { Status: >= 200 and < 300 } answer || pack.For(exchange).Response is not { } response) return ValueTask.CompletedTask;
        if (response.Apply(exchange, answer.Body, out string? failure) is not { } license)
            throw new LicenseServiceException(LicenseErrorKind.LicenseMalformed, failure!) { Status = answer.Status };
        exchange.Answer = answer with { Body = license, ContentType = null };
        return ValueTask.CompletedTask;
    }
}

/// <summary><c>errors</c> of a pack: recognises refusals, in the pack's order.</summary>
internal sealed class PackErrorsStep(BoundPack pack) : LicenseResponseTransform, IErrorProbe
{
    public override ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (exchange.Answer is not { } answer) return ValueTask.CompletedTask;
        PackExchange values = PackExchange.Of(exchange, pack);
        foreach (PackErrorProbe probe in pack.For(exchange).Errors)
            if (probe.Judge(answer, $"the licence service of '{exchange.Provider}'", values.Mask) is { } refusal) throw refusal;
        return ValueTask.CompletedTask;
    }
}
