using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>response</c>: takes the licence out of the answer. Settings: <c>Operations</c>, in order; and these again under <c>KeySystems</c> and <c>Kinds</c>.
/// <c>json.unwrap</c> and one half of <c>base64</c> are short for it.
/// </summary>
internal sealed class ResponseStep : LicenseResponseTransform
{
    private readonly StepBindings _bindings;

    public ResponseStep(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        _bindings = StepBindings.Read(reader, StepKind.Response, context.Scope);
        if (reader.Node.Find("operations") is null && _bindings.KeySystems.Count == 0 && _bindings.All.All(static binding => binding.Response is null)) reader.Missing("operations");
        reader.Check();
    }

    private ResponseStep(StepBindings bindings) => _bindings = bindings;

    /// <summary>Whether it leaves every answer as it is.</summary>
    public bool IsEmpty => _bindings.All.All(static binding => binding.Response is null);

    /// <summary>The same operations on every answer.</summary>
    public static ResponseStep Of(ResponseOperations operations, TemplateScope scope) => new(StepBindings.Of(new StepLayer { Response = operations }, scope));

    public override ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (exchange.Answer is not { Status: >= 200 and < 300 } answer || _bindings.For(exchange).Response is not { } response) return ValueTask.CompletedTask;
        if (response.Apply(exchange, answer.Body, out string? failure) is not { } license)
            throw new LicenseServiceException(LicenseErrorKind.LicenseMalformed, failure!) { Status = answer.Status };
        exchange.Answer = answer with { Body = license, ContentType = null };
        return ValueTask.CompletedTask;
    }
}
