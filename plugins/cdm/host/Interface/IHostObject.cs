using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host.Interface;

/// <summary><c>Host_10</c> and <c>Host_11</c>: what the module may call. Spans are the module's, for the call; any thread may call, whatever the rules say.</summary>
internal interface IHostObject
{
    /// <returns>A <c>Buffer</c>, or 0.</returns>
    nint Allocate(uint capacity);

    void SetTimer(long delay, nint context);

    double GetCurrentWallTime();

    void OnInitialized(bool success);

    void OnResolveKeyStatusPromise(uint promise, uint status);

    /// <param name="promise">Which.</param>
    /// <param name="session">Empty and <paramref name="found"/> false: there is no such session.</param>
    /// <param name="found">Whether an id was given.</param>
    void OnResolveNewSessionPromise(uint promise, ReadOnlySpan<byte> session, bool found);

    void OnResolvePromise(uint promise);

    void OnRejectPromise(uint promise, uint exception, uint systemCode, ReadOnlySpan<byte> message);

    void OnSessionMessage(ReadOnlySpan<byte> session, uint type, ReadOnlySpan<byte> message);

    void OnSessionKeysChange(ReadOnlySpan<byte> session, bool hasAdditionalUsableKey, ReadOnlySpan<KeyInformation> keys);

    void OnExpirationChange(ReadOnlySpan<byte> session, double expiration);

    void OnSessionClosed(ReadOnlySpan<byte> session);

    void SendPlatformChallenge();

    void EnableOutputProtection(uint mask);

    void QueryOutputProtectionStatus();

    /// <returns>A <c>FileIO</c>, or 0.</returns>
    nint CreateFileIO(nint client);

    void RequestStorageId(uint version);

    void ReportMetrics(uint name);

    /// <summary>Says that a rule was broken, by the module or by this host.</summary>
    void Report(CdmIrregularity what);
}
