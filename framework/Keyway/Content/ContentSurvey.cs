using Keyway.Decryption;
using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Sources;

namespace Keyway.Content;

/// <summary>Walks the fragments of a file for the keys and headers that only they name: sample groups, <c>pssh</c> in <c>moof</c>.</summary>
internal static class ContentSurvey
{
    /// <summary>Adds what the fragments say. Of a file only: the segments of a manifest are not fetched to look at them.</summary>
    public static async ValueTask AddFragmentsAsync(OpenedContent content, MediaSources sources, CancellationToken cancellationToken)
    {
        if (content.Kind == ContentKind.Dash || !content.Origin.Location.IsFile || !content.Tracks.Any(static track => track.IsProtected)) return;
        Surveyor surveyor = new();
        Stream stream = await sources.OpenAsync(content.Origin.Given, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using Mp4Reader reader = await Mp4Reader.OpenAsync(stream, SourceText.Of(content.Origin.Given), cancellationToken).ConfigureAwait(false);
            await foreach (ClearFragment _ in reader.ReadAsync(surveyor, null, cancellationToken).ConfigureAwait(false))
            {
            }
        }

        foreach ((Mp4Track track, ProtectionScheme scheme, HashSet<KeyId> keys) in surveyor.Tracks.Values)
        {
            content.Protection.Add(new TrackStatement
            {
                Track = ContentMap.TrackName(track),
                Source = new(ProtectionOrigin.Fragment, "samples"),
                Scheme = scheme,
                KeyIds = [.. keys],
                IsDefault = false,
            });
        }

        foreach (PsshBox box in surveyor.Headers)
            content.Protection.Add(new HeaderStatement { Box = box, Source = new(ProtectionOrigin.Fragment, "moof/pssh") });
    }

    /// <summary>Notes what fragments need and opens nothing: what passes stays as it is.</summary>
    private sealed class Surveyor : IMediaKeys, IFragmentDecryptor
    {
        private readonly HashSet<string> _known = [];

        public Dictionary<uint, (Mp4Track Track, ProtectionScheme Scheme, HashSet<KeyId> Keys)> Tracks { get; } = [];

        public List<PsshBox> Headers { get; } = [];

        public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken)
        {
            if (!Tracks.TryGetValue(needs.Track.Id, out (Mp4Track, ProtectionScheme, HashSet<KeyId> Keys) track))
                Tracks.Add(needs.Track.Id, track = (needs.Track, needs.Scheme, []));
            track.Keys.UnionWith(needs.KeyIds);
            foreach (PsshBox box in needs.Protection)
                if (_known.Add($"{box.System} {Convert.ToHexString(box.Data.Span)} {string.Join(',', box.KeyIds)}")) Headers.Add(box);
            return new(this);
        }

        public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection) => DecryptStatus.Decrypted;

        public void Dispose()
        {
        }
    }
}
