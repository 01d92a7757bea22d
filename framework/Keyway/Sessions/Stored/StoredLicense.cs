using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>What may be known about a stored licence without opening it. It holds no key, no token and no licence.</summary>
public sealed record StoredLicense
{
    // A sink that asks nothing of outputs: only time is judged here.
    private static readonly OutputCapabilities AnySink = new() { Kind = SinkKind.Render };

    /// <summary>How far a clock may be behind what was seen before: it is set right in small steps every day.</summary>
    /// <value>Five minutes.</value>
    public static TimeSpan ClockTolerance { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Its identifier.</summary>
    public required StoredLicenseId Id { get; init; }

    /// <summary>The name of its key system.</summary>
    public required string KeySystem { get; init; }

    /// <summary>The name of the provider that gave it.</summary>
    public required string Provider { get; init; }

    /// <summary>The sharing scope that it was asked for in: no viewer rides on another's licence. <see langword="null"/>: none.</summary>
    public string? Scope { get; init; }

    /// <summary>Where it came from, without user name and query; <see langword="null"/> where no exchange was needed.</summary>
    public Uri? LicenseUrl { get; init; }

    /// <summary>Whether the caller named <see cref="LicenseUrl"/>. Otherwise the provider or the content did.</summary>
    public bool CallerNamedUrl { get; init; }

    /// <summary>Its keys.</summary>
    public required IReadOnlyList<StoredKey> Keys { get; init; }

    /// <summary>The headers that it was asked for with.</summary>
    public IReadOnlyList<StoredHeader> Headers { get; init; } = [];

    /// <summary>When it came.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The latest time at which it is known to have been in use. A clock that shows less has been set back.</summary>
    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>Since when it is to be given back, without an acknowledgement so far; <see langword="null"/>: it is not.</summary>
    public DateTimeOffset? ReleaseAsked { get; init; }

    /// <summary>Says how one of its keys stands at a time. What the licence asks of outputs is not looked at.</summary>
    /// <param name="key">The key.</param>
    /// <param name="now">The time.</param>
    /// <returns>
    /// <see cref="KeyStatus.Usable"/>, <see cref="KeyStatus.Expired"/>, <see cref="KeyStatus.Released"/> while a release is pending, or
    /// <see cref="KeyStatus.UsableInFuture"/> before its time and where the clock went backwards.
    /// </returns>
    public KeyStatus StatusOf(StoredKey key, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (ReleaseAsked is not null) return KeyStatus.Released;
        if (key.IsTimeLimited && IsClockBehind(now)) return KeyStatus.UsableInFuture;
        return KeyRules.Evaluate(key.Policy, new KeyHistory { FirstUse = key.FirstUse }, now, AnySink, pixels: null).Status;
    }

    /// <summary>Whether a clock has been set back since the licence was last in use.</summary>
    /// <param name="now">What the clock shows.</param>
    /// <returns><see langword="true"/> when it is behind by more than <see cref="ClockTolerance"/>.</returns>
    public bool IsClockBehind(DateTimeOffset now) => now < LastSeen - ClockTolerance;

    /// <summary>The licence after it was in use at a time.</summary>
    internal StoredLicense Seen(DateTimeOffset now) => now > LastSeen ? this with { LastSeen = now } : this;

    /// <summary>The licence after some of its keys were used. Nothing begins under a clock that was set back.</summary>
    internal StoredLicense Used(IReadOnlyCollection<KeyId> keys, DateTimeOffset now)
    {
        if (ReleaseAsked is not null || IsClockBehind(now)) return this;
        return Seen(now) with { Keys = [.. Keys.Select(key => key.FirstUse is null && keys.Contains(key.Id) ? key with { FirstUse = now } : key)] };
    }

    internal DateTimeOffset? FirstUseOf(KeyId id) => Keys.FirstOrDefault(key => key.Id == id)?.FirstUse;
}
