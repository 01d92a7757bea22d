namespace Keyway.Licensing.Exchanges;

/// <summary>The same failure in other words.</summary>
internal static class Retelling
{
    /// <summary>Makes a failure of the same kind, code, status and advice.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="message">What it says now.</param>
    /// <param name="retryAfter">How long the service asks to wait; <see langword="null"/>: as the failure says.</param>
    /// <returns>The failure, with the other one inside.</returns>
    public static LicenseServiceException Retold(this LicenseServiceException failure, string message, TimeSpan? retryAfter = null)
    {
        LicenseServiceException retold = new(failure.Kind, message, failure)
        {
            ProviderCode = failure.ProviderCode,
            Retryable = failure.Retryable,
            RetryAfter = retryAfter ?? failure.RetryAfter,
            Status = failure.Status,
            Advice = failure.Advice,
        };
        foreach (object key in failure.Data.Keys) retold.Data[key] = failure.Data[key];
        return retold;
    }
}
