using Keyway.Licensing.Origins;

namespace Keyway.Licensing.Exchanges;

/// <summary>
/// Decides whether an answer is a refusal. Error probes have seen the body when it is asked; then the session's own protocol sees it;
/// only then does the status code count.
/// </summary>
internal static class AnswerJudge
{
    public static async ValueTask JudgeAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        LicenseAnswer answer = exchange.Answer ??
            throw new LicenseServiceException(LicenseErrorKind.Network, $"the pipeline of '{exchange.Provider}' ended without an answer");
        if (ExchangeRun.Find(exchange) is { } run &&
            await run.Source.ReadRefusalAsync(answer, cancellationToken).ConfigureAwait(false) is { } refusal) throw refusal;
        if (answer.Status is >= 200 and < 300) return;
        string said = RefusalText.Of(exchange, answer);
        throw new LicenseServiceException(KindOf(answer.Status), $"{Origin.Of(exchange.Request.Url)} answered {answer.Status}{Meaning(answer.Status)}{(said.Length > 0 ? ": " : "")}{said}")
        {
            Status = answer.Status,
            Retryable = answer.Status is 408 or 429 or (>= 500 and <= 599),
            RetryAfter = RetryDelay.Read(answer, clock: null),
        };
    }

    /// <summary>Whether a failure means that the service is away, and not that it says no.</summary>
    public static bool IsServiceAway(LicenseErrorKind kind) => kind is LicenseErrorKind.Network or LicenseErrorKind.ServerFault or LicenseErrorKind.Throttled;

    /// <summary>What a status means where nobody knows better.</summary>
    public static LicenseErrorKind KindOf(int status) => status switch
    {
        401 => LicenseErrorKind.TokenInvalid,
        408 => LicenseErrorKind.Network,
        429 => LicenseErrorKind.Throttled,
        >= 500 and <= 599 => LicenseErrorKind.ServerFault,
        _ => LicenseErrorKind.Unknown,
    };

    private static string Meaning(int status) => status switch
    {
        >= 300 and < 400 => " (a redirect that is not followed)",
        401 => " (not authorised)",
        403 => " (forbidden)",
        404 => " (not found)",
        429 => " (too many requests)",
        _ => "",
    };
}
