using System.Buffers;
using System.Buffers.Text;
using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>Which way a step works.</summary>
internal enum StepDirection
{
    Both = 0,
    Request,
    Response,
}

/// <summary><c>base64</c>: the service wants or sends the bytes in base64. Settings: <c>Apply</c> (Both, Request, Response).</summary>
internal sealed class Base64Step : ILicenseMiddleware, ICallsNextOnce
{
    private readonly StepDirection _apply;

    public Base64Step(IConfigurationSection section)
    {
        StepSettings settings = new(section, "Apply");
        _apply = settings.Choice("Apply", StepDirection.Both);
        settings.Check();
    }

    public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        if (_apply != StepDirection.Response) Wrap(exchange);
        await next(exchange, cancellationToken).ConfigureAwait(false);
        if (_apply != StepDirection.Request && exchange.Answer is { Status: >= 200 and < 300 } answer) Unwrap(exchange, answer);
    }

    private static void Wrap(LicenseExchange exchange)
    {
        int length = checked((int)exchange.Body.Length);
        SecretBuffer raw = ExchangeRun.BufferFor(exchange);
        exchange.Body.CopyTo(raw.GetSpan(length));
        raw.Advance(length);
        SecretBuffer encoded = ExchangeRun.BufferFor(exchange);
        Base64.EncodeToUtf8(raw.Written.Span, encoded.GetSpan(Base64.GetMaxEncodedToUtf8Length(length)), out _, out int written);
        encoded.Advance(written);
        raw.Clear();
        exchange.Body = new ReadOnlySequence<byte>(encoded.Written);
    }

    private static void Unwrap(LicenseExchange exchange, LicenseAnswer answer)
    {
        SecretBuffer decoded = ExchangeRun.BufferFor(exchange);
        if (!BodyText.TryDecodeBase64(answer.Body, decoded))
            throw new LicenseServiceException(LicenseErrorKind.LicenseMalformed, "the answer is not base64") { Status = answer.Status };
        exchange.Answer = answer with { Body = new ReadOnlySequence<byte>(decoded.Written) };
    }
}
