using Keyway.Licensing;
using Keyway.Licensing.Exchanges;

namespace Keyway.Sessions;

/// <summary>One exchange that a session wants to be made.</summary>
/// <param name="Number">Its number in the session, from 1.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="KeyIds">The keys that are asked for.</param>
/// <param name="Budget">How long it may take.</param>
/// <param name="Token">Cancelled when the exchange no longer counts.</param>
internal sealed record ExchangeOrder(int Number, ChallengeKind Kind, IReadOnlyList<KeyId> KeyIds, ExchangeBudget Budget, CancellationToken Token);

/// <summary>The result of an exchange. Its buffers are cleared when it is disposed.</summary>
internal sealed class ExchangeResult(int number, LicenseExchange? exchange, ExchangeRun? run, LicenseServiceException? failure) : IDisposable
{
    public int Number { get; } = number;

    public LicenseAnswer? Answer => exchange?.Answer;

    public LicenseServiceException? Failure { get; } = failure;

    public TimeSpan RoundTrip { get; init; }

    public void Dispose() => run?.Dispose();
}
