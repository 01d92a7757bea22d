using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Timeline;

namespace Keyway;

/// <summary>Where one track's reader gets what opens a fragment: from the sessions of its presentation, waiting while a licence is on its way.</summary>
/// <remarks>Threads: one fragment at a time.</remarks>
internal sealed class PresentationKeys : IMediaKeys, IDisposable
{
    private readonly PresentationSetup _setup;
    private readonly int _track;
    private readonly OutputCapabilities _sink;
    private readonly object? _reader;
    private readonly Dictionary<long, SampleDecryptor> _decryptors = [];
    private bool? _isByKeyFile;

    /// <summary>Takes what is needed and how long it is waited for; <see langword="null"/>: nobody asks.</summary>
    public SegmentTimes? Times { private get; init; }

    /// <param name="setup">The presentation.</param>
    /// <param name="track">The track, as facts number it.</param>
    /// <param name="sink">Where its samples go.</param>
    /// <param name="reader">Who reads, where that is one who comes again; <see langword="null"/>: this object.</param>
    public PresentationKeys(PresentationSetup setup, int track, OutputCapabilities sink, object? reader = null) => (_setup, _track, _sink, _reader) = (setup, track, sink, reader);

    public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken)
    {
        if (Times is null) return LeaseNowAsync(needs, cancellationToken);
        Times.Need(needs.KeyIds);
        return Times.WaitAsync(() => LeaseAtMostAsync(needs, Times.KeyWait, cancellationToken));
    }

    /// <summary>Waits for keys no longer than somebody who asks again, and not as long as a reader.</summary>
    private async ValueTask<IFragmentDecryptor> LeaseAtMostAsync(FragmentNeeds needs, TimeSpan? most, CancellationToken cancellationToken)
    {
        if (most is not { } time) return await LeaseNowAsync(needs, cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource limit = new(time, _setup.Clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await LeaseNowAsync(needs, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new KeyUnavailableException(needs.KeyIds.Count > 0 ? needs.KeyIds[0] : default, KeyStatus.StatusPending, KeyUnavailableReason.TimedOut);
        }
    }

    private async ValueTask<IFragmentDecryptor> LeaseNowAsync(FragmentNeeds needs, CancellationToken cancellationToken)
    {
        // What the caller holds counts, then what the playlist says of the segment where no key system opens the track, then the key system.
        if (_setup.Options.Keys is { } held && held.HasAll(needs.KeyIds)) return Tallied(await held.LeaseAsync(needs, cancellationToken).ConfigureAwait(false), null);
        if (needs.UnitKey is SegmentKey { IsKeyFile: true } key && (_isByKeyFile ??= _setup.IsByKeyFile(_track)))
            return Tallied(await _setup.KeyFiles.LeaseSamplesAsync(key, needs.KeyIds, _sink, cancellationToken).ConfigureAwait(false), key.Id);
        if (_setup.Keys is not { } licenses)
        {
            throw new MediaFormatException(
                _setup.Content.Origin.Given.IsFile ? _setup.Content.Origin.Given.LocalPath : "", new FormatError("samples are protected, and nothing before them says so", "moof", -1));
        }

        if (_sink.Kind == SinkKind.Module) throw new KeyUnavailableException(needs.KeyIds[0], KeyStatus.OutputRestricted, KeyUnavailableReason.NotForSink);
        long? pixels = (long)needs.Track.Width * needs.Track.Height is > 0 and long size ? size : null;
        SampleDecryptor decryptor = DecryptorFor(licenses, pixels);
        List<ProtectionHeader> headers = needs.Protection.Count > 0 ? licenses.Headers.Of(needs.Protection) : [];
        licenses.Use(_reader ?? this, needs.KeyIds);
        bool areUsable = AreUsable(decryptor, needs.KeyIds);
        // What this fragment does not need itself it announces: that is asked for before anything is waited for.
        List<ProtectionHeader> own = areUsable ? [] : [.. headers.Where(header => header.KeyIds.Count == 0 || header.KeyIds.Any(needs.KeyIds.Contains))];
        if (headers.Count > own.Count) licenses.Announce(own.Count == 0 ? headers : [.. headers.Except(own)], needs.Scheme);
        await WaitAsync(licenses, own, needs, pixels, areUsable, cancellationToken).ConfigureAwait(false);
        return new CountedFragment(decryptor, this, licenses, needs, pixels);
    }

    public void Announce(IReadOnlyList<PsshBox> boxes, ProtectionScheme scheme)
    {
        if (_setup.Keys is { } licenses) licenses.Announce(licenses.Headers.Of(boxes), scheme);
    }

    /// <summary>Says that this reader needs no key any more; one that is shared goes on.</summary>
    public void Dispose()
    {
        if (_reader is null) _setup.Keys?.Leave([this]);
    }

    private TalliedFragment Tallied(IFragmentDecryptor inner, KeyId? id) => new(inner, id, new FragmentTally(_setup, _track));

    private SampleDecryptor DecryptorFor(PresentationLicenses licenses, long? pixels)
    {
        if (!_decryptors.TryGetValue(pixels ?? 0, out SampleDecryptor? decryptor))
            _decryptors.Add(pixels ?? 0, decryptor = new SampleDecryptor(_setup.Vault, licenses.Ring.Ring, _sink, pixels));
        return decryptor;
    }

    private static bool AreUsable(SampleDecryptor decryptor, IReadOnlyList<KeyId> ids)
    {
        foreach (KeyId id in ids)
            if (decryptor.StatusOf(id) != KeyStatus.Usable) return false;
        return true;
    }

    /// <summary>Waits until keys may be used for the sink, and notes that they are.</summary>
    private async ValueTask WaitAsync(PresentationLicenses licenses, IReadOnlyList<ProtectionHeader> found, FragmentNeeds needs, long? pixels, bool areUsable, CancellationToken cancellationToken)
    {
        if (areUsable) licenses.Heard(needs.KeyIds);
        else
        {
            List<WantedKey> wanted = [.. needs.KeyIds.Select(id => new WantedKey { Id = id, Scheme = needs.Scheme })];
            await licenses.WaitAsync(found, wanted, _sink, pixels, cancellationToken).ConfigureAwait(false);
        }

        await licenses.Ring.BeginUseAsync(needs.KeyIds, _sink, pixels, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A fragment's decryptor that asks again where the answer is <em>not now</em>, and says, once and at its end, that the fragment is clear.</summary>
    private sealed class CountedFragment(SampleDecryptor decryptor, PresentationKeys owner, PresentationLicenses licenses, FragmentNeeds needs, long? pixels) : IFragmentDecryptor
    {
        // A decryptor that starts anew takes seconds; one that has others before it, moments.
        private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
        private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

        private readonly IFragmentDecryptor _inner = decryptor.LeaseFragment();
        private readonly FragmentTally _tally = new(owner._setup, owner._track);

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection) => _tally.Note(_inner.Decrypt(sample, protection), sample.Length);

        public int BatchBytes(KeyId id) => _inner.BatchBytes(id);

        public async ValueTask<BatchResult> DecryptAsync(SampleBatch batch, CancellationToken cancellationToken)
        {
            BatchResult result = await UntilNowAsync(batch, cancellationToken).ConfigureAwait(false);
            _tally.Note(result, batch);
            return result;
        }

        public void Dispose()
        {
            _inner.Dispose();
            _tally.Tell();
        }

        /// <summary>Asks until every sample is clear, or until nothing has become so for as long as a key is waited for.</summary>
        private async ValueTask<BatchResult> UntilNowAsync(SampleBatch batch, CancellationToken cancellationToken)
        {
            TimeProvider clock = owner._setup.Clock;
            int done = 0;
            long since = clock.GetTimestamp();
            TimeSpan pause = FirstPause;
            while (true)
            {
                Task changed = licenses.Ring.Changed;
                BatchResult result = await _inner.DecryptAsync(batch.From(done), cancellationToken).ConfigureAwait(false);
                done += result.Done;
                if (result.Status is not (DecryptStatus.NotNow or DecryptStatus.KeyNotFound)) return result with { Done = done };
                if (result.Done > 0) (since, pause) = (clock.GetTimestamp(), FirstPause);
                TimeSpan left = licenses.KeyWait - clock.GetElapsedTime(since);
                if (left <= TimeSpan.Zero) throw new KeyUnavailableException(batch.KeyId, KeyStatus.Usable, KeyUnavailableReason.Busy);
                TimeSpan asked = result.RetryAfter is { } after && after > TimeSpan.Zero ? after : pause;
                await PauseAsync(asked < left ? asked : left, changed, clock, cancellationToken).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;

                // Its session may be over meanwhile: then another brings the key, as for any fragment.
                bool areUsable = AreUsable(decryptor, needs.KeyIds);
                await owner.WaitAsync(licenses, [], needs, pixels, areUsable, cancellationToken).ConfigureAwait(false);
            }
        }

        /// <summary>A pause that ends early when something about the sessions changes.</summary>
        private static async ValueTask PauseAsync(TimeSpan pause, Task changed, TimeProvider clock, CancellationToken cancellationToken)
        {
            try
            {
                await changed.WaitAsync(pause, clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Nothing has changed, and time has passed.
            }
        }
    }
}
