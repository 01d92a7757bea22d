using System.Security.Cryptography;
using Keyway.Decryption;

namespace Keyway.Mp4;

/// <summary>Keys that the user holds, for files and segments: by key identifier, or for all samples of a track.</summary>
/// <remarks>
/// <para>Ownership: keys are copied into native memory and zeroed when this is disposed.</para>
/// <para>Threads: add all keys first; then any.</para>
/// </remarks>
public sealed class RawMediaKeys : IMediaKeys, IDisposable
{
    private const int KeyLength = 16;

    private readonly Acceleration _acceleration;
    private readonly RawKeyRing _byId;
    private readonly HashSet<KeyId> _ids = [];
    private readonly Dictionary<uint, TrackKey> _byTrack = [];

    /// <summary>Makes an empty set.</summary>
    /// <param name="acceleration">Which AES to use.</param>
    public RawMediaKeys(Acceleration acceleration = Acceleration.Auto) => (_acceleration, _byId) = (acceleration, new RawKeyRing(acceleration));

    /// <summary>Adds a key for its identifier.</summary>
    /// <param name="id">The identifier.</param>
    /// <param name="key">16 bytes, copied at once. Ownership: the caller's, who clears them.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 16 bytes long.</exception>
    public void Add(KeyId id, ReadOnlySpan<byte> key)
    {
        _byId.Add(id, key);
        _ids.Add(id);
    }

    /// <summary>Adds a key for a track, whatever identifiers its samples name. An identifier's own key comes first.</summary>
    /// <param name="trackId">The track's number in its file.</param>
    /// <param name="key">16 bytes, copied at once. Ownership: the caller's, who clears them.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 16 bytes long.</exception>
    public void Add(uint trackId, ReadOnlySpan<byte> key)
    {
        if (_byTrack.Remove(trackId, out TrackKey? old)) old.Dispose();
        _byTrack.Add(trackId, new TrackKey(_acceleration, key));
    }

    /// <inheritdoc/>
    public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(needs);
        bool known = true;
        foreach (KeyId id in needs.KeyIds) known &= _ids.Contains(id);
        return new(!known && _byTrack.TryGetValue(needs.Track.Id, out TrackKey? track)
            ? track.LeaseFragment(needs.KeyIds)
            : _byId.CreateDecryptor().LeaseFragment());
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        _byId.Dispose();
        foreach (TrackKey track in _byTrack.Values) track.Dispose();
    }

    /// <summary>One key that answers to every identifier. It enters a ring once for each, as none comes back out.</summary>
    private sealed class TrackKey : IDisposable
    {
        private readonly RawKeyRing _ring;
        private readonly HashSet<KeyId> _ids = [];

        // Pinned, so that the collector leaves no copy behind that nobody clears.
        private readonly byte[] _key = GC.AllocateArray<byte>(KeyLength, pinned: true);

        public TrackKey(Acceleration acceleration, ReadOnlySpan<byte> key)
        {
            if (key.Length != KeyLength) throw new ArgumentException($"a key is {KeyLength} bytes long", nameof(key));
            _ring = new RawKeyRing(acceleration);
            key.CopyTo(_key);
        }

        public IFragmentDecryptor LeaseFragment(IReadOnlyList<KeyId> ids)
        {
            lock (_ids)
            {
                foreach (KeyId id in ids)
                    if (_ids.Add(id)) _ring.Add(id, _key);
            }

            return _ring.CreateDecryptor().LeaseFragment();
        }

        public void Dispose()
        {
            CryptographicOperations.ZeroMemory(_key);
            _ring.Dispose();
        }
    }
}
