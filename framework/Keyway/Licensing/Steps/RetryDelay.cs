using System.Net.Http.Headers;

namespace Keyway.Licensing.Steps;

/// <summary>Reads <c>Retry-After</c> (RFC 9110, 10.2.3): seconds, or a date.</summary>
internal static class RetryDelay
{
    public static TimeSpan? Read(LicenseAnswer? answer, TimeProvider? clock)
    {
        string? text = answer?.Headers.FirstOrDefault(static header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value;
        if (text is null || !RetryConditionHeaderValue.TryParse(text, out RetryConditionHeaderValue? value)) return null;
        if (value.Delta is { } delta) return delta;
        if (clock is null || value.Date is not { } date) return null;
        TimeSpan until = date - clock.GetUtcNow();
        return until > TimeSpan.Zero ? until : TimeSpan.Zero;
    }
}
