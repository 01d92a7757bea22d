using System.Globalization;
using System.Net.Http.Headers;

namespace Keyway.Licensing.Exchanges;

/// <summary>Reads <c>Retry-After</c> (RFC 9110, 10.2.3): seconds, or a date.</summary>
internal static class RetryDelay
{
    /// <summary>Reads it.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="clock">What a date is compared with where the answer has no date of its own; <see langword="null"/>: nothing.</param>
    /// <returns>How long to wait; <see langword="null"/>: the answer does not say.</returns>
    public static TimeSpan? Read(LicenseAnswer? answer, TimeProvider? clock)
    {
        if (Header(answer, "Retry-After") is not { } text || !RetryConditionHeaderValue.TryParse(text, out RetryConditionHeaderValue? value)) return null;
        if (value.Delta is { } delta) return delta;
        // The service means its own clock, which is in the same answer (RFC 9110, 6.6.1).
        DateTimeOffset? now = DateTimeOffset.TryParseExact(Header(answer, "Date"), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset sent) ? sent : clock?.GetUtcNow();
        if (now is null || value.Date is not { } date) return null;
        TimeSpan until = date - now.Value;
        return until > TimeSpan.Zero ? until : TimeSpan.Zero;
    }

    private static string? Header(LicenseAnswer? answer, string name) =>
        answer?.Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}
