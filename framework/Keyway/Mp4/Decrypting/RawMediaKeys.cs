using Keyway.Decryption;

namespace Keyway.Mp4;

/// <summary>Keys that the user holds, for files and segments: by key identifier, or for all samples of a track.</summary>
/// <remarks>
/// <para>Ownership: keys are copied into native memory and zeroed when this is disposed.</para>
/// <para>Threads: add all keys first; then any.</para>
/// </remarks>
public sealed class RawMediaKeys : IMediaKeys, IDisposable
{
    private readonly Acceleration _acceleration;
    private readonly List<Entry> _entries = [];
    private IKeyDirectory? _directory;

    /// <summary>Makes an empty set.</summary>
    /// <param name="acceleration">Which AES to use.</param>
    public RawMediaKeys(Acceleration acceleration = Acceleration.Auto) => _acceleration = acceleration;

    /// <summary>Whether the key of a track comes before that of an identifier which its samples name.</summary>
    /// <value><see langword="false"/>.</value>
    public bool TracksFirst { get; init; }

    /// <summary>Adds a key for its identifier. One with the same identifier is replaced.</summary>
    /// <param name="id">The identifier.</param>
    /// <param name="key">16 bytes, copied at once. Ownership: the caller's, who clears them.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 16 bytes long.</exception>
    public void Add(KeyId id, ReadOnlySpan<byte> key) => Add(new Entry(id, 0, ContentKey.Create(id, key, _acceleration)));

    /// <summary>Adds a key for a track, whatever identifiers its samples name. An identifier's own key comes first, unless <see cref="TracksFirst"/> says otherwise.</summary>
    /// <param name="trackId">The track's number in its file, which is not 0.</param>
    /// <param name="key">16 bytes, copied at once. Ownership: the caller's, who clears them.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 16 bytes long.</exception>
    public void Add(uint trackId, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfZero(trackId);
        Add(new Entry(default, trackId, ContentKey.Create(default, key, _acceleration)));
    }

    /// <summary>Adds a key whose name may be the number of a track as well as an identifier: digits of a file whose identifiers have any length.</summary>
    /// <param name="trackId">The track's number in its file, which is not 0.</param>
    /// <param name="id">The identifier that the same digits are.</param>
    /// <param name="key">16 bytes, copied at once. Ownership: the caller's, who clears them.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 16 bytes long.</exception>
    public void Add(uint trackId, KeyId id, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfZero(trackId);
        Add(new Entry(id, trackId, ContentKey.Create(default, key, _acceleration)) { IsEither = true });
    }

    /// <summary>Adds the key that a playlist says is at an address (<c>EXT-X-KEY</c> with the key format <c>identity</c>), whatever method it names with it: that address is not asked.</summary>
    /// <param name="address">The address as the playlist means it: absolute.</param>
    /// <param name="key">16 bytes, copied at once. Ownership: the caller's, who clears them.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 16 bytes long, or <paramref name="address"/> is not absolute.</exception>
    public void Add(Uri address, ReadOnlySpan<byte> key)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri) throw new ArgumentException("the address of a key is absolute", nameof(address));
        Add(new Entry(KeyFileId.Of("", address), 0, ContentKey.Create(default, key, _acceleration)) { Address = address });
    }

    /// <summary>The addresses whose keys nothing has asked for so far.</summary>
    public IReadOnlyList<Uri> UnusedAddresses => [.. _entries.Where(static entry => !entry.IsUsed).Select(static entry => entry.Address).OfType<Uri>()];

    /// <summary>The identifiers of keys that no sample has asked for so far.</summary>
    public IReadOnlyList<KeyId> UnusedKeys
    {
        get
        {
            List<KeyId> unused = new(1);
            foreach (Entry entry in _entries)
                if (entry is { IsUsed: false, IsListed: false, Track: 0, Address: null }) unused.Add(entry.Id);
            return unused;
        }
    }

    /// <summary>The numbers of tracks whose keys no sample has asked for so far.</summary>
    public IReadOnlyList<uint> UnusedTracks
    {
        get
        {
            List<uint> unused = new(1);
            foreach (Entry entry in _entries)
                if (entry is { IsUsed: false, Track: > 0 }) unused.Add(entry.Track);
            return unused;
        }
    }

    /// <summary>The numbers of tracks whose one key was taken for samples that name several keys. It cannot be right for all of them, unless the content calls one key by several names.</summary>
    public IReadOnlyList<uint> TracksOfSeveralKeys
    {
        get
        {
            List<uint> tracks = new(1);
            foreach (Entry entry in _entries)
                if (entry.IsForSeveral) tracks.Add(entry.Track);
            return tracks;
        }
    }

    /// <summary>Says whether there is a key for a track: for its number, or for each default key identifier of its sample entries. One that is all zeros leaves it to groups of samples.</summary>
    /// <param name="track">The track.</param>
    /// <returns>Whether there is; also <see langword="false"/> where its scheme is not one of Common Encryption's.</returns>
    public bool CanOpen(Mp4Track track)
    {
        ArgumentNullException.ThrowIfNull(track);
        return track.SampleEntries.All(static entry => entry.SchemeType is null || entry.Scheme != ProtectionScheme.None)
            && (track.DefaultKeyIds.All(id => id == default || _entries.Exists(entry => entry.AnswersTo(id))) || _entries.Exists(entry => entry.Track == track.Id));
    }

    /// <inheritdoc/>
    public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(needs);
        return new(new Decryptor(this, needs.Track.Id, _directory is { } directory ? Consult(directory, needs) : null));
    }

    /// <summary>Adds a key of a document, which may list keys for much more than what is opened: it is not told as unused.</summary>
    internal void Add(KeyId id, ReadOnlySpan<byte> key, IKeyDirectory directory)
    {
        _directory = directory;
        Add(new Entry(id, 0, ContentKey.Create(id, key, _acceleration)) { IsListed = true });
    }

    /// <summary>Whether there is a key for each of some identifiers.</summary>
    internal bool HasAll(IReadOnlyList<KeyId> ids) => ids.All(id => _entries.Exists(entry => entry.AnswersTo(id)));

    /// <summary>Finds the key that a playlist says is at an address: by its identifier, or by the address.</summary>
    /// <param name="id">Its identifier (<see cref="KeyFileId"/>).</param>
    /// <param name="address">The address.</param>
    /// <param name="lease">The right to use it, where it is found. The caller gives it back.</param>
    internal bool TryLease(KeyId id, Uri address, out KeyLease lease)
    {
        lease = default;
        if ((Find(id, uint.MaxValue) ?? Find(KeyFileId.Of("", address), uint.MaxValue)) is not { } key || !key.TryAddReference()) return false;
        lease = new KeyLease(key);
        return true;
    }

    /// <summary>Zeroes the keys, each when the last fragment that uses it is given back.</summary>
    public void Dispose()
    {
        foreach (Entry entry in _entries) entry.Key.Dispose();
        _entries.Clear();
    }

    /// <summary>Has a document say what speaks against the keys of a fragment.</summary>
    /// <returns>The key of samples that name none.</returns>
    private KeyId? Consult(IKeyDirectory directory, FragmentNeeds needs)
    {
        KeyId? unnamed = null;
        foreach (KeyId id in needs.KeyIds)
        {
            // What the user gives by itself counts, whatever a document says.
            if (_entries.Exists(entry => !entry.IsListed && (entry.Track == needs.Track.Id || entry.AnswersTo(id)))) continue;
            bool isHeld = HasAll([id]);
            if (id != default || isHeld) directory.Check(needs, id, isHeld);
            else directory.Check(needs, (unnamed = directory.Choose(needs.Track)).Value, HasAll([unnamed.Value]));
        }

        return unnamed;
    }

    private void Add(Entry added)
    {
        for (int i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].Track != added.Track || _entries[i].Id != added.Id) continue;
            _entries[i].Key.Dispose();
            _entries.RemoveAt(i);
            break;
        }

        _entries.Add(added);
    }

    private ContentKey? Find(KeyId id, uint track)
    {
        Entry? ofTrack = null, ofId = null;
        foreach (Entry entry in _entries)
        {
            if (entry.Track == track) ofTrack = entry;
            if (entry.AnswersTo(id)) ofId ??= entry;
        }

        Entry? found = TracksFirst ? ofTrack ?? ofId : ofId ?? ofTrack;
        if (found is null) return null;
        found.IsUsed = true;
        if (found == ofTrack) found.NoteName(id);
        return found.Key;
    }

    private sealed class Entry(KeyId id, uint track, ContentKey key)
    {
        public KeyId Id => id;

        /// <summary>The track; 0 for a key that answers to its identifier.</summary>
        public uint Track => track;

        public ContentKey Key => key;

        /// <summary>Whether it answers to its identifier as well as to its track.</summary>
        public bool IsEither { get; init; }

        public bool AnswersTo(KeyId wanted) => (track == 0 || IsEither) && id == wanted;

        /// <summary>Where playlists say that it is; <see langword="null"/>: it answers to an identifier or a track.</summary>
        public Uri? Address { get; init; }

        /// <summary>Whether it comes with others from a document.</summary>
        public bool IsListed { get; init; }

        /// <summary>Whether a sample has asked for it. Set by any thread, and never back.</summary>
        public volatile bool IsUsed;

        private readonly Lock _gate = new();
        private KeyId _name;

        /// <summary>Whether samples of its track have named more than one key.</summary>
        public bool IsForSeveral
        {
            get
            {
                lock (_gate) return field;
            }
            private set;
        }

        /// <summary>Notes what a sample of its track calls its key.</summary>
        public void NoteName(KeyId name)
        {
            if (name == default) return;
            lock (_gate)
            {
                if (_name == default) _name = name;
                else if (_name != name) IsForSeveral = true;
            }
        }
    }

    /// <summary>One fragment's references of the keys that it uses. Nobody judges them: a caller that holds a key in the clear needs no permission.</summary>
    private sealed class Decryptor(RawMediaKeys owner, uint track, KeyId? unnamed) : IFragmentDecryptor
    {
        private readonly List<ContentKey> _held = [];
        private ContentKey? _key;
        private KeyId _id;
        private bool _disposed;

        /// <summary>A leaked one still releases its keys.</summary>
        ~Decryptor() => Release();

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            DecryptStatus refusal = SampleDecryptor.Check(sample, protection, out SampleMap map);
            if (refusal != DecryptStatus.None) return refusal;
            if ((_key is null || _id != protection.KeyId) && !TryHold(protection.KeyId)) return DecryptStatus.KeyNotFound;
            DecryptStatus status = new KeyLease(_key!).Decrypt(sample, protection, map);

            // The finalizer must not give the key back while it is at work.
            GC.KeepAlive(this);
            return status;
        }

        public void Dispose()
        {
            Release();
            GC.SuppressFinalize(this);
        }

        private bool TryHold(KeyId id)
        {
            // Samples that name no key have the one that a document chooses for their track.
            ContentKey? key = owner.Find(id, track) ?? (id == default && unnamed is { } chosen ? owner.Find(chosen, track) : null);
            if (key is null) return false;
            if (!_held.Contains(key))
            {
                if (!key.TryAddReference()) return false;
                _held.Add(key);
            }

            (_key, _id) = (key, id);
            return true;
        }

        private void Release()
        {
            if (_disposed) return;
            _disposed = true;
            foreach (ContentKey key in _held) key.ReleaseReference();
            _held.Clear();
        }
    }
}
