namespace Keyway.Sandbox.Widevine;

/// <summary>The licences that were issued since the start. One that is older can still be renewed: its keys are derived, and only its terms are forgotten.</summary>
internal sealed class LicenseSessions
{
    private const int Most = 1 << 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LicenseSession> _sessions = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Finds a licence.</summary>
    /// <param name="requestId">The request that it was issued for.</param>
    /// <returns>It, or <see langword="null"/>.</returns>
    public LicenseSession? Find(byte[] requestId)
    {
        lock (_lock) return _sessions.GetValueOrDefault(Convert.ToHexString(requestId));
    }

    /// <summary>Remembers a licence, instead of what was known of it.</summary>
    /// <param name="requestId">The request that it was issued for.</param>
    /// <param name="session">The licence.</param>
    public void Keep(byte[] requestId, LicenseSession session)
    {
        string name = Convert.ToHexString(requestId);
        lock (_lock)
        {
            if (!_sessions.ContainsKey(name)) _order.Enqueue(name);
            _sessions[name] = session;
            while (_order.Count > Most) _sessions.Remove(_order.Dequeue());
        }
    }
}
