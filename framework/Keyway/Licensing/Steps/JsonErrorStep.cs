using System.Text.Json;
using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>error.json</c>: recognises a refusal in a JSON body of any status, 200 included. Settings: <c>Code</c> and <c>Message</c> (dotted paths;
/// <c>error.code</c>, <c>error.message</c>), <c>Success</c> (codes that are no refusal), <c>Kinds</c> (code → kind), <c>Retryable</c> (codes).
/// </summary>
internal sealed class JsonErrorStep : LicenseResponseTransform, IErrorProbe
{
    private readonly string _code;
    private readonly string _message;
    private readonly HashSet<string> _success;
    private readonly HashSet<string> _retryable;
    private readonly Dictionary<string, LicenseErrorKind> _kinds = new(StringComparer.OrdinalIgnoreCase);

    public JsonErrorStep(IConfigurationSection section)
    {
        StepSettings settings = new(section, "Code", "Message", "Success", "Kinds", "Retryable");
        _code = settings.Text("Code") ?? "error.code";
        _message = settings.Text("Message") ?? "error.message";
        _success = new HashSet<string>(settings.List("Success").Append("0").Append(""), StringComparer.OrdinalIgnoreCase);
        _retryable = new HashSet<string>(settings.List("Retryable"), StringComparer.OrdinalIgnoreCase);
        foreach ((string code, string text) in settings.Map("Kinds"))
        {
            if (Enum.TryParse(text, ignoreCase: true, out LicenseErrorKind kind) && Enum.IsDefined(kind)) _kinds[code] = kind;
            else settings.Wrong(ConfigurationPath.Combine("Kinds", code), $"not one of {string.Join(", ", Enum.GetNames<LicenseErrorKind>())}");
        }

        settings.Check();
    }

    public override ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (exchange.Answer is not { } answer) return ValueTask.CompletedTask;
        using JsonDocument? document = BodyText.TryParseObject(answer.Body);
        if (document is null || BodyText.Find(document, _code) is not { } member) return ValueTask.CompletedTask;
        string? code = member.ValueKind switch
        {
            JsonValueKind.String => BodyText.TextOf(member),
            JsonValueKind.Number => member.GetRawText(),
            _ => null,
        };
        if (code is null || _success.Contains(code)) return ValueTask.CompletedTask;

        string message = BodyText.Find(document, _message) is { ValueKind: JsonValueKind.String } text ? BodyText.TextOf(text) ?? "" : "";
        string shownCode = ExchangeRun.TextOf(exchange, code);
        throw new LicenseServiceException(
            _kinds.GetValueOrDefault(code, LicenseErrorKind.Unknown),
            $"the licence service of '{exchange.Provider}' refuses: {shownCode}{(message.Length > 0 ? " " : "")}{ExchangeRun.TextOf(exchange, message)}")
        {
            ProviderCode = shownCode,
            Status = answer.Status,
            Retryable = _retryable.Contains(code),
            RetryAfter = RetryDelay.Read(answer, clock: null),
        };
    }
}
