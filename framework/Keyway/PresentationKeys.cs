using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Protection;

namespace Keyway;

/// <summary>Where one track's reader gets what opens a fragment: from the sessions of its presentation, waiting while a licence is on its way.</summary>
/// <param name="setup">The presentation.</param>
/// <param name="track">The track, as facts number it.</param>
/// <param name="reader">Who reads, where that is one who comes again; <see langword="null"/>: this object.</param>
/// <remarks>Threads: one fragment at a time.</remarks>
internal sealed class PresentationKeys(PresentationSetup setup, int track, object? reader = null) : IMediaKeys, IDisposable
{
    private readonly Dictionary<long, SampleDecryptor> _decryptors = [];

    public async ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken)
    {
        if (setup.Keys is not { } licenses)
        {
            throw new MediaFormatException(
                setup.Content.Origin.Given.IsFile ? setup.Content.Origin.Given.LocalPath : "", new FormatError("samples are protected, and nothing before them says so", "moof", -1));
        }

        long pixels = (long)needs.Track.Width * needs.Track.Height;
        if (!_decryptors.TryGetValue(pixels, out SampleDecryptor? decryptor))
            _decryptors.Add(pixels, decryptor = new SampleDecryptor(setup.Vault, licenses.Ring.Ring, setup.Options.Output, pixels > 0 ? pixels : null));

        List<ProtectionHeader> headers = needs.Protection.Count > 0 ? HeadersOf(licenses.Ring.Options.KeySystem, needs.Protection) : [];
        licenses.Use(reader ?? this, needs.KeyIds);
        bool usable = AreUsable(decryptor, needs.KeyIds);
        // What this fragment does not need itself it announces: that is asked for before anything is waited for.
        List<ProtectionHeader> own = usable ? [] : [.. headers.Where(header => header.KeyIds.Count == 0 || header.KeyIds.Any(needs.KeyIds.Contains))];
        if (headers.Count > own.Count) licenses.Announce(own.Count == 0 ? headers : [.. headers.Except(own)], needs.Scheme);
        if (!usable)
        {
            List<WantedKey> wanted = [.. needs.KeyIds.Select(id => new WantedKey { Id = id, Scheme = needs.Scheme })];
            await licenses.WaitAsync(own, wanted, pixels > 0 ? pixels : null, cancellationToken).ConfigureAwait(false);
        }

        await licenses.Ring.BeginUseAsync(needs.KeyIds, setup.Options.Output, pixels > 0 ? pixels : null, cancellationToken).ConfigureAwait(false);
        return new CountedFragment(decryptor.LeaseFragment(), setup, track);
    }

    public void Announce(IReadOnlyList<PsshBox> boxes, ProtectionScheme scheme)
    {
        if (setup.Keys is { } licenses) licenses.Announce(HeadersOf(licenses.Ring.Options.KeySystem, boxes), scheme);
    }

    /// <summary>Says that this reader needs no key any more; one that is shared goes on.</summary>
    public void Dispose()
    {
        if (reader is null) setup.Keys?.Leave([this]);
    }

    private static bool AreUsable(SampleDecryptor decryptor, IReadOnlyList<KeyId> ids)
    {
        foreach (KeyId id in ids)
            if (decryptor.StatusOf(id) != KeyStatus.Usable) return false;
        return true;
    }

    /// <summary>The headers of the chosen key system in a fragment. One that it cannot read is passed over: the keys may come without it.</summary>
    private static List<ProtectionHeader> HeadersOf(IKeySystem system, IReadOnlyList<PsshBox> boxes)
    {
        List<ProtectionHeader> headers = [];
        foreach (PsshBox box in boxes)
        {
            if (!system.Descriptor.Systems.Contains(box.System)) continue;
            try
            {
                headers.Add(system.Read(box.ToInitializationData()));
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                continue;
            }
        }

        return headers;
    }

    /// <summary>A fragment's decryptor that says, once and at its end, that the fragment is clear.</summary>
    private sealed class CountedFragment(IFragmentDecryptor inner, PresentationSetup setup, int track) : IFragmentDecryptor
    {
        private int _samples;
        private long _length;
        private bool _failed;

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
        {
            DecryptStatus status = inner.Decrypt(sample, protection);
            _failed |= status != DecryptStatus.Decrypted;
            _samples++;
            _length += sample.Length;
            return status;
        }

        public void Dispose()
        {
            inner.Dispose();
            if (_failed || _samples == 0) return;
            setup.First.Note(track);
            setup.Decrypted.Publish(new FragmentDecrypted { Presentation = setup.Id, Track = track, Samples = _samples, Length = _length });
            _samples = 0;
        }
    }
}
