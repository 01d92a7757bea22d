using System.Collections.Concurrent;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Protection;
using Keyway.Sessions;

namespace Keyway;

/// <summary>The licence side of one presentation: asks for keys, waits until they may be used, and lets go of those that are over.</summary>
/// <remarks>Threads: any. Ownership: the presentation's.</remarks>
internal sealed class PresentationLicenses : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    private readonly IReadOnlyList<ProtectionHeader> _headers;
    private readonly OutputCapabilities _sink;
    private readonly PresentationPatience _patience;
    private readonly Lock _gate = new();
    private readonly KeyUsage _usage = new();
    private readonly HashSet<string> _announced = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = new();
    // By the last manifest that was followed: initialisation segments name keys, too, which are none of its.
    private HashSet<KeyId> _offered = [];

    // Asked for, and nobody has heard yet what became of it: who waits hears that, and causes no second request. Who comes after a refusal does.
    private readonly ConcurrentDictionary<KeyId, byte> _unheard = new();

    public PresentationLicenses(KeyRingSession ring, IReadOnlyList<ProtectionHeader> headers, OutputCapabilities sink, PresentationPatience patience)
    {
        (Ring, _headers, _sink, _patience) = (ring, headers, sink, patience);
        foreach (ProtectionHeader header in headers) _announced.Add(SharedSession.Identify(header));
    }

    /// <summary>The sessions joined so far.</summary>
    public KeyRingSession Ring { get; }

    /// <summary>Whether content grows while it is read: then keys come and go.</summary>
    private bool IsLive => _patience.IsLive;

    /// <summary>Asks for keys, and waits for none.</summary>
    /// <param name="keys">The keys. Empty where only the headers know.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask AskAsync(IReadOnlyList<WantedKey> keys, CancellationToken cancellationToken)
    {
        foreach (WantedKey key in keys) _unheard.TryAdd(key.Id, 0);
        await Ring.NeedAsync(_headers, keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Hears of headers that content has shown: those that are new are asked about at once, whether a sample needs them yet or not. Where many
    /// readers see the same rotation, each waits a little, and not all the same.
    /// </summary>
    /// <param name="headers">The headers, of the chosen key system.</param>
    /// <param name="scheme">The scheme of the samples they are for.</param>
    public void Announce(IReadOnlyList<ProtectionHeader> headers, ProtectionScheme scheme)
    {
        List<ProtectionHeader>? news = null;
        List<WantedKey> wanted = [];
        lock (_gate)
        {
            foreach (ProtectionHeader header in headers)
            {
                if (!_announced.Add(SharedSession.Identify(header))) continue;
                // One that lists all keys of what is on offer is another with each of them, and goes on listing those that readers have left behind.
                KeyId[] ahead = [.. header.KeyIds.Where(id => !_usage.IsOver(id))];
                if (ahead.Length == 0 && header.KeyIds.Count > 0) continue;
                (news ??= []).Add(header);
                wanted.AddRange(ahead.Select(id => new WantedKey { Id = id, Scheme = scheme }));
            }
        }

        if (news is not null) AskLater(news, [.. wanted.DistinctBy(static key => key.Id)]);
    }

    /// <summary>Hears of what a manifest says now, and lets go of what the one before it said, where nobody has begun to use it: what it was for is no longer on offer.</summary>
    public void Follow(ProtectionMap map)
    {
        HashSet<KeyId> offered = [.. map.TrackKeyIds, .. Announce(map).SelectMany(static header => header.KeyIds)];
        KeyId[] over;
        IReadOnlySet<KeyId> kept;
        lock (_gate)
        {
            kept = _usage.Kept;
            over = [.. _offered.Where(id => !offered.Contains(id) && !kept.Contains(id))];
            _offered = offered;
        }

        if (over.Length > 0) Retire(over, kept);
    }

    /// <summary>Hears of what the beginning of a period says.</summary>
    /// <returns>The headers of the chosen key system.</returns>
    public IReadOnlyList<ProtectionHeader> Announce(ProtectionMap map)
    {
        ProtectionScheme scheme = map.Schemes.Count > 0 ? map.Schemes[0] : ProtectionScheme.None;
        List<ProtectionHeader> headers = [];
        foreach (ProtectionEntry entry in map.Headers)
        {
            if (!Ring.Options.KeySystem.Descriptor.Systems.Contains(entry.System)) continue;
            try
            {
                headers.Add(Ring.Options.KeySystem.Read(entry.ToInitializationData()));
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // The keys may come without it.
                continue;
            }
        }

        Announce(headers, scheme);
        List<WantedKey> bare = [];
        lock (_gate)
        {
            // A key that no header names is asked for by its name.
            foreach (KeyId id in map.TrackKeyIds)
                if (id != default && !headers.Any(header => header.KeyIds.Contains(id)) && _announced.Add(id.ToString())) bare.Add(new WantedKey { Id = id, Scheme = scheme });
        }

        bare.RemoveAll(key => _unheard.ContainsKey(key.Id) || Ring.HoldsOrFetches(key.Id));
        if (bare.Count > 0) AskLater([.. headers, .. _headers], bare);
        return headers;
    }

    /// <summary>Asks for keys, unless they have been asked for, and waits for them.</summary>
    /// <param name="found">Headers that were found where the keys are needed; those of the whole presentation are known.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="pixels">The size of the track's pictures; <see langword="null"/>: none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyUnavailableException">One of them will not be there.</exception>
    public async ValueTask WaitAsync(IReadOnlyList<ProtectionHeader> found, IReadOnlyList<WantedKey> keys, long? pixels, CancellationToken cancellationToken)
    {
        lock (_gate)
            foreach (ProtectionHeader header in found) _announced.Add(SharedSession.Identify(header));
        DateTimeOffset deadline = _patience.Clock.GetUtcNow() + _patience.KeyWait;
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await WaitOnceAsync(found, keys, pixels, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (KeyUnavailableException exception) when (IsLive && MayPass(exception) && _patience.Clock.GetUtcNow() + pause < deadline)
            {
                // What grows cannot be read again later: a service that is away for a moment ends nothing.
            }

            await Task.Delay(pause, _patience.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Notes that a reader uses keys, and lets go of those that nobody needs any more.</summary>
    public void Use(object reader, IReadOnlyList<KeyId> keys)
    {
        if (!IsLive) return;
        IReadOnlyList<KeyId> over;
        IReadOnlySet<KeyId> kept;
        lock (_gate)
        {
            over = _usage.Note(reader, keys);
            if (over.Count == 0) return;
            kept = _usage.Kept;
        }

        Retire(over, kept);
    }

    /// <summary>Notes that readers have ended.</summary>
    public void Leave(IReadOnlyList<object> readers)
    {
        if (!IsLive) return;
        IReadOnlyList<KeyId> over;
        IReadOnlySet<KeyId> kept;
        lock (_gate)
        {
            over = _usage.Leave(readers);
            if (over.Count == 0) return;
            kept = _usage.Kept;
        }

        Retire(over, kept);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await Ring.DisposeAsync().ConfigureAwait(false);
    }

    private static bool MayPass(KeyUnavailableException exception) => exception.Reason == KeyUnavailableReason.LicenseFailed
        && exception.InnerException is LicenseServiceException { Kind: LicenseErrorKind.Network or LicenseErrorKind.ServerFault or LicenseErrorKind.Throttled };

    private async ValueTask WaitOnceAsync(IReadOnlyList<ProtectionHeader> found, IReadOnlyList<WantedKey> keys, long? pixels, CancellationToken cancellationToken)
    {
        // Said again where nobody has been asked; who was asked while this reader came here brings it.
        if (!keys.All(key => _unheard.ContainsKey(key.Id)))
        {
            using CancellationTokenSource timeout = new(_patience.KeyWait, _patience.Clock);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                if (keys.Any(key => !Ring.HoldsOrFetches(key.Id))) await SpreadAsync(either.Token).ConfigureAwait(false);
                await Ring.NeedAsync([.. found, .. _headers], keys, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new KeyUnavailableException(keys[0].Id, KeyStatus.StatusPending, KeyUnavailableReason.TimedOut);
            }
        }

        try
        {
            await Ring.WaitAsync([.. keys.Select(static key => key.Id)], _sink, pixels, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (WantedKey key in keys) _unheard.TryRemove(key.Id, out _);
        }
    }

    private void AskLater(IReadOnlyList<ProtectionHeader> headers, IReadOnlyList<WantedKey> keys) => _ = Task.Run(async () =>
    {
        try
        {
            await SpreadAsync(_end.Token).ConfigureAwait(false);
            await Ring.NeedAsync(headers, keys, _end.Token).ConfigureAwait(false);
            foreach (WantedKey key in keys)
                if (Ring.HoldsOrFetches(key.Id)) _unheard.TryAdd(key.Id, 0);
        }
        catch (Exception)
        {
            // Whoever needs the keys asks again, and hears why there are none.
        }
    });

    /// <summary>Where many read what rotates, their requests are spread: a service is not to hear a thousand voices at once.</summary>
    private Task SpreadAsync(CancellationToken cancellationToken) => IsLive && _patience.Spread > TimeSpan.Zero && Ring.HasNeighbours
        ? Task.Delay(_patience.Spread * _patience.Random(), _patience.Clock, cancellationToken)
        : Task.CompletedTask;

    // What is gone and yet needed again is asked for again.
    private void Retire(IReadOnlyList<KeyId> over, IReadOnlySet<KeyId> kept)
    {
        foreach (KeyId id in Ring.Retire(over, kept)) _unheard.TryRemove(id, out _);
    }
}
