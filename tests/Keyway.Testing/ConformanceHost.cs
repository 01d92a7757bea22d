using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>The framework's half of a session under test: what was said to it, where the bytes of keys lay, and what is wrong with either.</summary>
internal sealed class ConformanceHost : ISessionHost
{
    // Two runs read the clock at two moments.
    private static readonly TimeSpan Apart = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<KeyId, (byte[] Key, KeyPolicy Policy)> _keys = [];
    private readonly Dictionary<KeyId, KeyStatus> _statuses = [];
    private readonly List<(nint At, byte[] Key)> _lay = [];
    private string? _wrong;
    private int _calls;

    /// <summary>How often anything was said.</summary>
    public int Calls
    {
        get { lock (_gate) return _calls; }
    }

    /// <summary>The keys, and what was said of keys that live elsewhere.</summary>
    public IReadOnlyCollection<KeyId> Usable
    {
        get { lock (_gate) return [.. _keys.Keys.Union(_statuses.Where(static status => status.Value == KeyStatus.Usable).Select(static status => status.Key))]; }
    }

    /// <summary>What was said against the contract; <see langword="null"/>: nothing.</summary>
    public string? Wrong
    {
        get { lock (_gate) return _wrong; }
    }

    /// <summary>Where the bytes of keys lay when they were handed over.</summary>
    public IReadOnlyList<(nint At, byte[] Key)> Lay
    {
        get { lock (_gate) return [.. _lay]; }
    }

    public byte[]? KeyOf(KeyId id)
    {
        lock (_gate) return _keys.TryGetValue(id, out (byte[] Key, KeyPolicy Policy) found) ? found.Key : null;
    }

    /// <summary>Compares with what another session of the same licence said.</summary>
    /// <returns>The first difference, or <see langword="null"/>.</returns>
    public string? Differs(ConformanceHost other)
    {
        foreach (KeyId id in Usable.Union(other.Usable))
        {
            (byte[] Key, KeyPolicy Policy) mine = default, theirs = default;
            lock (_gate) _keys.TryGetValue(id, out mine);
            lock (other._gate) other._keys.TryGetValue(id, out theirs);
            if (mine.Key is null != theirs.Key is null || !Usable.Contains(id) || !other.Usable.Contains(id)) return $"key {id} is not in both";
            if (mine.Key is null) continue;
            if (!mine.Key.AsSpan().SequenceEqual(theirs.Key)) return $"key {id} has other bytes";
            if (Differ(mine.Policy, theirs.Policy) is { } member) return $"the policy of key {id} differs in {member}";
        }

        return null;
    }

    public void Import(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy)
    {
        lock (_gate)
        {
            _calls++;
            if (key.Length != 16) _wrong ??= string.Create(CultureInfo.InvariantCulture, $"a key of {key.Length} bytes was imported");
            if (policy is null) _wrong ??= "a key was imported without a policy";
            if (!_keys.TryAdd(id, (key.ToArray(), policy!))) _wrong ??= $"key {id} was imported twice";
            // An address and no reference: what is there afterwards is looked at from outside, as another process would.
            _lay.Add((Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref MemoryMarshal.GetReference(key)), key.ToArray()));
        }
    }

    public void UpdatePolicy(KeyId id, KeyPolicy policy)
    {
        lock (_gate)
        {
            _calls++;
            if (_keys.TryGetValue(id, out (byte[] Key, KeyPolicy Policy) held)) _keys[id] = held with { Policy = policy };
            else if (!_statuses.ContainsKey(id)) _wrong ??= $"the policy of key {id} was replaced, which the session does not hold";
        }
    }

    public void SetStatus(KeyId id, KeyStatus status)
    {
        lock (_gate)
        {
            _calls++;
            if (!Enum.IsDefined(status)) _wrong ??= $"key {id} has the status {status}, which is none";
            _statuses[id] = status;
        }
    }

    public void RequestExchange(ChallengeKind kind)
    {
        lock (_gate)
        {
            _calls++;
            if (kind == ChallengeKind.None || !Enum.IsDefined(kind)) _wrong ??= $"an exchange of the kind {kind} was asked for";
        }
    }

    public void Close(LicenseErrorKind reason)
    {
        lock (_gate) _calls++;
    }

    private static string? Differ(KeyPolicy mine, KeyPolicy theirs)
    {
        if (!Near(mine.NotBefore, theirs.NotBefore)) return nameof(KeyPolicy.NotBefore);
        if (!Near(mine.NotAfter, theirs.NotAfter)) return nameof(KeyPolicy.NotAfter);
        if (!Near(mine.FirstUseBefore, theirs.FirstUseBefore)) return nameof(KeyPolicy.FirstUseBefore);
        if (!Near(mine.RenewAt, theirs.RenewAt)) return nameof(KeyPolicy.RenewAt);
        if ((mine.AfterFirstUse, mine.FirstUseGrace, mine.MayFinish, mine.RenewEvery, mine.RenewOnFirstUse, mine.RenewalGrace) != (theirs.AfterFirstUse, theirs.FirstUseGrace, theirs.MayFinish, theirs.RenewEvery, theirs.RenewOnFirstUse, theirs.RenewalGrace))
            return "a duration or a rule of time";
        if (mine.MayPersist != theirs.MayPersist) return nameof(KeyPolicy.MayPersist);
        OutputRequirement one = mine.Output, other = theirs.Output;
        return one.ClearExport == other.ClearExport && one.Hdcp == other.Hdcp && Equals(one.Levels, other.Levels)
            && one.Resolutions.SequenceEqual(other.Resolutions) && one.Restrictions.Select(static each => (each.Id, Convert.ToHexString(each.Data.Span))).SequenceEqual(other.Restrictions.Select(static each => (each.Id, Convert.ToHexString(each.Data.Span))))
            ? null
            : nameof(KeyPolicy.Output);
    }

    private static bool Near(DateTimeOffset? one, DateTimeOffset? other) => one is { } a && other is { } b ? (a - b).Duration() <= Apart : one == other;
}
