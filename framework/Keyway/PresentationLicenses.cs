using System.Collections.Concurrent;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Sessions;

namespace Keyway;

/// <summary>The licence side of one presentation: asks for keys, and waits until they may be used.</summary>
/// <remarks>Threads: any. Ownership: the presentation's.</remarks>
internal sealed class PresentationLicenses(KeyRingSession ring, IReadOnlyList<ProtectionHeader> headers, OutputCapabilities sink) : IAsyncDisposable
{
    // Asked for, and nobody has heard yet what became of it: who waits hears that, and causes no second request. Who comes after a refusal does.
    private readonly ConcurrentDictionary<KeyId, byte> _unheard = new();

    /// <summary>The sessions joined so far.</summary>
    public KeyRingSession Ring => ring;

    /// <summary>Asks for keys, and waits for none.</summary>
    /// <param name="keys">The keys. Empty where only the headers know.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask AskAsync(IReadOnlyList<WantedKey> keys, CancellationToken cancellationToken)
    {
        foreach (WantedKey key in keys) _unheard.TryAdd(key.Id, 0);
        await ring.NeedAsync(headers, keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks for keys, unless they have been asked for, and waits for them.</summary>
    /// <param name="found">Headers that were found where the keys are needed; those of the whole presentation are known.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="pixels">The size of the track's pictures; <see langword="null"/>: none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyUnavailableException">One of them will not be there.</exception>
    public async ValueTask WaitAsync(IReadOnlyList<ProtectionHeader> found, IReadOnlyList<WantedKey> keys, long? pixels, CancellationToken cancellationToken)
    {
        if (found.Count > 0 || !keys.All(key => _unheard.ContainsKey(key.Id)))
            await ring.NeedAsync([.. found, .. headers], keys, cancellationToken).ConfigureAwait(false);
        try
        {
            await ring.WaitAsync([.. keys.Select(static key => key.Id)], sink, pixels, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (WantedKey key in keys) _unheard.TryRemove(key.Id, out _);
        }
    }

    public ValueTask DisposeAsync() => ring.DisposeAsync();
}
