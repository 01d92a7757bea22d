using Keyway.Licensing;

namespace Keyway.Diagnostics;

/// <summary>The tags of spans and measurements. Those that OpenTelemetry has a name for have that name.</summary>
internal static class Tags
{
    public const string KeySystem = "keyway.key_system";
    public const string Provider = "keyway.provider";
    public const string Content = "keyway.content";
    public const string Kind = "keyway.exchange.kind";
    public const string Attempts = "keyway.exchange.attempts";
    public const string Session = "keyway.session";
    public const string State = "keyway.session.state";
    public const string Presentation = "keyway.presentation";
    public const string Status = "keyway.key.status";
    public const string Track = "keyway.track";
    public const string Server = "server.address";
    public const string HttpStatus = "http.response.status_code";
    public const string Error = "error.type";

    /// <summary>The kind of a failure in the words of a tag.</summary>
    public static string Of(Exception failure) => failure switch
    {
        LicenseServiceException license => license.Kind.ToString(),
        OperationCanceledException => "Canceled",
        _ => failure.GetType().Name,
    };
}
