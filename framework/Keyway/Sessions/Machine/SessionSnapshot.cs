using System.Collections.Immutable;
using Keyway.Licensing;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>What others may know about a session at one moment. Immutable; replaced whole.</summary>
internal sealed record SessionSnapshot
{
    public SessionState State { get; init; } = SessionState.Created;

    /// <summary>Whether keys may still come without anybody asking again: it opens, or an exchange is under way or waits for its turn.</summary>
    public bool Fetching { get; init; } = true;

    /// <summary>The keys that it was asked for, in requests or by headers.</summary>
    public ImmutableHashSet<KeyId> Asked { get; init; } = [];

    public int Exchanges { get; init; }

    public TimeSpan? RoundTrip { get; init; }

    public Uri? LicenseUrl { get; init; }

    public LicenseServiceException? Error { get; init; }
}
