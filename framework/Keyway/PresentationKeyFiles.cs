using System.Security.Cryptography;
using Keyway.Decryption;
using Keyway.KeyFiles;
using Keyway.Licensing;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <summary>
/// The keys of one presentation that are files at an address: asked for once each, beside whatever key system opens the rest, and kept as long as they are used.
/// Keys that the caller holds come first, and then nothing is asked.
/// </summary>
/// <remarks>Threads: any. Ownership: the presentation's.</remarks>
internal sealed class PresentationKeyFiles : ISegmentKeys, IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    private readonly KeyFileTransport _transport;
    private readonly ContentKeyVault _vault;
    private readonly OutputCapabilities _sink;
    private readonly RawMediaKeys? _held;
    private readonly KeyWaitSettings _waiting;
    private readonly Func<KeyFileTransport, KeyRingSession> _join;
    private readonly Lock _gate = new();
    private KeyRingSession? _ring;
    private bool _disposed;
    private readonly RecentSet<KeyId> _used = new(int.MaxValue);
    private readonly RecentSet<KeyId> _announced = new(KeyFileLimits.Kept);
    private readonly RecentSet<KeyId> _doubted = new(KeyFileLimits.Kept);
    // What content calls a key that it gives an identifier after all.
    private readonly Dictionary<KeyId, List<KeyId>> _names = [];

    /// <param name="sources">What fetches the presentation's segments.</param>
    /// <param name="join">Makes the ring of its sessions, when the first key is needed.</param>
    /// <param name="vault">Where keys are.</param>
    /// <param name="sink">Where samples go.</param>
    /// <param name="held">Keys that the caller holds.</param>
    /// <param name="waiting">How it is waited for.</param>
    public PresentationKeyFiles(MediaSources sources, Func<KeyFileTransport, KeyRingSession> join, ContentKeyVault vault, OutputCapabilities sink, RawMediaKeys? held, KeyWaitSettings waiting)
    {
        (_vault, _sink, _held, _waiting) = (vault, sink, held, waiting);
        _transport = new KeyFileTransport(sources);
        _join = join;
    }

    /// <summary>Called for what is unusual about a key.</summary>
    public Action<string>? Noted { get; set; }

    /// <summary>Whether the presentation is live: then a key may come late.</summary>
    public bool IsLive { get; set; }

    /// <summary>Where the presentation comes from: it decides where keys may be. Whoever reads segments says it anew.</summary>
    public ContentOrigin Origin
    {
        set => _transport.Origin = value;
    }

    /// <summary>What may be known about its sessions, by the identifiers that content has for their keys, where it has any.</summary>
    public IReadOnlyList<SessionReport> Reports => Volatile.Read(ref _ring) is { } ring ? [.. ring.Reports.Select(Named)] : [];

    /// <inheritdoc/>
    public async ValueTask<SegmentCipher> LeaseAsync(SegmentKey key, ContentOrigin origin, CancellationToken cancellationToken)
    {
        Check(key);
        if (_held is not null && _held.TryLease(key.Id, key.Uri, out KeyLease held)) return new SegmentCipher(held, key.InitializationVector.Span);
        SampleDecryptor decryptor = await AcquireAsync(key, _sink, cancellationToken, origin).ConfigureAwait(false);
        DecryptStatus status = decryptor.TryLeaseSegment(key.Id, key.InitializationVector.Span, out SegmentCipher? cipher);
        if (cipher is not null) return cipher;
        // Between the wait and the lease it was given up for others, or it may not be used here at all.
        KeyUnavailableReason reason = _sink.Kind == SinkKind.Module ? KeyUnavailableReason.NotForSink : KeyUnavailableReason.Unusable;
        throw Named(key, new KeyUnavailableException(key.Id, status == DecryptStatus.KeyNotFound ? KeyStatus.StatusPending : KeyStatus.OutputRestricted, reason));
    }

    /// <inheritdoc/>
    public ValueTask<IFragmentDecryptor> LeaseSamplesAsync(SegmentKey key, ContentOrigin origin, CancellationToken cancellationToken)
    {
        _transport.Origin = origin;
        return LeaseSamplesAsync(key, [], _sink, cancellationToken);
    }

    /// <summary>Begins a fragment whose samples the key of a playlist opens.</summary>
    /// <param name="key">The key.</param>
    /// <param name="names">What the samples call it.</param>
    /// <param name="sink">Where they go.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyUnavailableException">There will be no key.</exception>
    public async ValueTask<IFragmentDecryptor> LeaseSamplesAsync(SegmentKey key, IReadOnlyList<KeyId> names, OutputCapabilities sink, CancellationToken cancellationToken)
    {
        Check(key);
        Doubt(key, names);
        if (_held is not null && _held.TryLease(key.Id, key.Uri, out KeyLease held)) return new HeldFragment(held);
        Name(key.Id, names);
        SampleDecryptor decryptor = await AcquireAsync(key, sink, cancellationToken).ConfigureAwait(false);
        return decryptor.LeaseFragment();
    }

    /// <summary>Whether a key system may open samples: then nobody knows of a segment alone whether the key file of its samples is needed.</summary>
    public bool HasKeySystem { get; set; }

    /// <inheritdoc/>
    public void Announce(SegmentKey key, ContentOrigin origin)
    {
        if (IsWantedAhead(key)) Ask(key, origin);
    }

    /// <summary>Whether a key will be needed as far as can be said before a sample is read. Nor does anybody know by which identifier the caller may hold that of samples.</summary>
    public bool IsWantedAhead(SegmentKey key) => key.Method == SegmentKeyMethod.Aes128 || (!HasKeySystem && _held is null);

    /// <summary>Asks for a key, once, and waits for nothing.</summary>
    public void Ask(SegmentKey key, ContentOrigin origin)
    {
        if (!key.IsKeyFile || key.Method == SegmentKeyMethod.None) return;
        _transport.Origin = origin;
        KeyId id = key.Id;
        lock (_gate)
        {
            if (_used.Contains(id) || !_announced.Add(id)) return;
        }

        if (_held is not null && _held.TryLease(id, key.Uri, out KeyLease held))
        {
            held.Release();
            return;
        }

        _ = Task.Run(async () =>
        {
            try
            {
                await NeedAsync(key, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // A reader that needs it asks again, and gets the reason why there is none.
            }
        });
    }

    /// <summary>Waits until keys may be used.</summary>
    /// <exception cref="KeyUnavailableException">One of them will not be.</exception>
    public async ValueTask AcquireAsync(SegmentKey key, CancellationToken cancellationToken)
    {
        Check(key);
        if (_held is not null && _held.TryLease(key.Id, key.Uri, out KeyLease held)) held.Release();
        else await AcquireAsync(key, _sink, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate) _disposed = true;
        return _ring?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private SessionReport Named(SessionReport report)
    {
        lock (_gate)
        {
            return report.KeyFile is null || !report.Wanted.Any(_names.ContainsKey) ? report : report with
            {
                HasContentIds = true,
                Wanted = [.. report.Wanted.SelectMany(NamesOf)],
                Keys = [.. report.Keys.SelectMany(entry => NamesOf(entry.Id).Select(id => entry with { Id = id }))],
            };
        }
    }

    /// <summary>The ring of its sessions: there is none where no key was needed.</summary>
    /// <exception cref="ObjectDisposedException">It has been disposed.</exception>
    private KeyRingSession Ring
    {
        get
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return _ring ??= _join(_transport);
            }
        }
    }

    private static void Check(SegmentKey key)
    {
        if (!key.IsKeyFile) throw new MediaFormatException("", new FormatError($"{key.MethodName} with the key format '{key.Format}' is not opened: only its own key system could", key.Place, -1));
    }

    private static KeyUnavailableException Named(SegmentKey key, KeyUnavailableException exception) => new(KeyFileError.NameOf(key.Uri), exception);

    private static bool MayPass(KeyUnavailableException exception) => exception.InnerException is LicenseServiceException
    {
        // What is live may name a key before its server has it.
        Kind: LicenseErrorKind.Network or LicenseErrorKind.ServerFault or LicenseErrorKind.Throttled or LicenseErrorKind.KeyNotFound,
    };

    private async ValueTask<SampleDecryptor> AcquireAsync(SegmentKey key, OutputCapabilities sink, CancellationToken cancellationToken, ContentOrigin? origin = null)
    {
        if (origin is not null) _transport.Origin = origin;
        KeyId id = key.Id;
        Touch(id);
        SampleDecryptor decryptor = new(_vault, Ring.Ring, sink);
        if (decryptor.StatusOf(id) == KeyStatus.Usable) return decryptor;
        DateTimeOffset deadline = _waiting.Clock.GetUtcNow() + _waiting.KeyWait;
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await NeedAsync(key, cancellationToken).ConfigureAwait(false);
                await Ring.WaitAsync([id], sink, null, cancellationToken).ConfigureAwait(false);
                return decryptor;
            }
            catch (KeyUnavailableException exception)
            {
                if (!IsLive || !MayPass(exception) || _waiting.Clock.GetUtcNow() + pause >= deadline) throw Named(key, exception);
            }

            await Task.Delay(pause, _waiting.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private ValueTask NeedAsync(SegmentKey key, CancellationToken cancellationToken) => Ring.NeedAsync(
        [KeyFileHeader.Of(key.Id, key.MethodName, key.Uri)], [new WantedKey { Id = key.Id, Scheme = SchemeOf(key.Method) }], cancellationToken);

    private static ProtectionScheme SchemeOf(SegmentKeyMethod method) => method switch
    {
        SegmentKeyMethod.SampleAes => ProtectionScheme.Cbcs,
        SegmentKeyMethod.SampleAesCtr => ProtectionScheme.Cenc,
        _ => ProtectionScheme.None,
    };

    /// <summary>Notes that a key is used, and gives those back that have not been for the longest time.</summary>
    private void Touch(KeyId id)
    {
        HashSet<KeyId> over = [];
        lock (_gate)
        {
            _used.Add(id);
            while (_used.Count > KeyFileLimits.Kept)
            {
                KeyId oldest = _used.Items.First();
                _used.Remove(oldest);
                _names.Remove(oldest);
                over.Add(oldest);
            }
        }

        if (over.Count > 0) Ring.Retire(over.Contains, new HashSet<KeyId>());
    }

    private void Name(KeyId id, IReadOnlyList<KeyId> names)
    {
        lock (_gate)
        {
            if (!_names.TryGetValue(id, out List<KeyId>? known)) _names.Add(id, known = []);
            known.AddRange(names.Where(name => name != default && name != id && !known.Contains(name)).Take(Mp4Limits.KeyIds - known.Count));
            if (known.Count == 0) _names.Remove(id);
        }
    }

    private IReadOnlyList<KeyId> NamesOf(KeyId id) => _names.TryGetValue(id, out List<KeyId>? names) ? names : [id];

    /// <summary>Notes, once, that what stands in the playlist as a key may be the key's identifier: there is a packager that writes that there.</summary>
    private void Doubt(SegmentKey key, IReadOnlyList<KeyId> names)
    {
        if (!DataUri.Is(key.Uri.OriginalString) || key.Uri.OriginalString.Length > KeyFileLimits.DataUri) return;
        lock (_gate)
        {
            if (!_doubted.Add(key.Id)) return;
        }

        if (_held is not null && _held.TryLease(key.Id, key.Uri, out KeyLease held))
        {
            held.Release();
            Noted?.Invoke($"{key.Place}: the key stands in the playlist itself; it is the caller's that counts");
            return;
        }

        if (!DataUri.TryRead(key.Uri.OriginalString, out byte[] content)) return;
        bool isIdentifier = KeyId.TryRead(content, out KeyId value) && names.Contains(value);
        bool isNamed = names.Any(name => name != default && name != key.Id);
        CryptographicOperations.ZeroMemory(content);
        if (isIdentifier) Noted?.Invoke($"{key.Place}: the data: URI holds the identifier that the samples have for their key. Packagers write that there by mistake: it is tried as the key; give the key itself if what comes out makes no sense");
        else if (!isNamed) Noted?.Invoke($"{key.Place}: the key stands in the playlist itself (data: URI), where some packagers write the key's identifier by mistake: it is tried as the key; give the key itself if what comes out makes no sense");
    }

    /// <summary>A fragment of samples for a key that the caller holds: nobody judges it.</summary>
    private sealed class HeldFragment(KeyLease lease) : IFragmentDecryptor
    {
        private bool _disposed;

        /// <summary>A leaked one still releases its key.</summary>
        ~HeldFragment() => Release();

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            DecryptStatus refusal = SampleDecryptor.Check(sample, protection, out SampleMap map);
            if (refusal != DecryptStatus.None) return refusal;
            DecryptStatus status = lease.Decrypt(sample, protection, map);

            // The finalizer must not give the key back while it is at work.
            GC.KeepAlive(this);
            return status;
        }

        public void Dispose()
        {
            Release();
            GC.SuppressFinalize(this);
        }

        private void Release()
        {
            if (_disposed) return;
            _disposed = true;
            lease.Release();
        }
    }
}
