using System.IO.Pipelines;
using Keyway.Containers.WebM;
using Keyway.Content;
using Keyway.Mp4;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <content>WebM that stays WebM.</content>
public sealed partial class Presentation
{
    /// <summary>Whether a track is in WebM.</summary>
    /// <param name="track">The track.</param>
    /// <returns>Whether it is, in every period.</returns>
    public bool IsWebM(PresentationTrack track)
    {
        ArgumentNullException.ThrowIfNull(track);
        return _setup.Content.RenditionsOf(track.Index) is { Count: > 0 } renditions && renditions.All(static rendition => FileRepacker.Takes(rendition.MimeType));
    }

    /// <summary>Whether a track is in WebM and is not put into MP4: VP8 and Vorbis. <see cref="WriteWebMAsync"/> writes it.</summary>
    /// <param name="track">The track.</param>
    /// <returns>Whether it stays WebM.</returns>
    public bool StaysWebM(PresentationTrack track) => IsWebM(track) && track.Codec is "vp08" or "vorbis";

    /// <summary>
    /// Writes WebM clear as it is: exactly as long, with every position in it true. One file with all its tracks, or one rendition of one period: its initialisation segment and its segments in a row. Nobody joins two files here.
    /// </summary>
    /// <param name="tracks">The tracks: of a file, any of it; of a manifest, one.</param>
    /// <param name="output">Where to. Ownership: the caller's, who completes it.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ArgumentException">The tracks are not in WebM, or not in one file, or the presentation is live.</exception>
    /// <inheritdoc cref="ReadAsync(PresentationTrack, CancellationToken)" path="/exception"/>
    public async ValueTask<Mp4Summary> WriteWebMAsync(IReadOnlyList<PresentationTrack> tracks, PipeWriter output, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tracks);
        OpenedContent content = _setup.Content;
        if (IsLive) throw new ArgumentException("a live presentation is not written as WebM", nameof(tracks));
        if (tracks.Count == 0 || !tracks.All(IsWebM)) throw new ArgumentException("a track is not in WebM", nameof(tracks));
        if (!content.IsOneFile && (tracks.Count > 1 || content.RenditionsOf(tracks[0].Index).Count > 1)) throw new ArgumentException("the tracks are in several WebM files, which are not joined", nameof(tracks));
        Stream file;
        string name;
        if (content.IsOneFile)
        {
            name = SourceText.Of(content.Origin.Given);
            Stream opened = await _setup.Sources.OpenAsync(content.Origin.Given, cancellationToken).ConfigureAwait(false);
            file = new ProgressStream(opened, read => Tell(tracks[0], read, opened.CanSeek ? opened.Length : null, read));
        }
        else
        {
            Rendition rendition = content.RenditionsOf(tracks[0].Index)[0];
            name = ContentReader.NameOf(rendition);
            SegmentTeller progress = new(told => Tell(tracks[0], told.Segments, told.Total, told.Bytes));
            file = await RenditionStream.OpenAsync(_setup.Sources, content.Origin, [rendition.Segments], _setup.KeyFiles, _setup.Clock.GetUtcNow(), progress, cancellationToken).ConfigureAwait(false);
        }

        await using (file.ConfigureAwait(false))
        {
            using PresentationKeys keys = new(_setup, tracks[0].Index, _setup.Options.Output.Exporting);
            return await WebMDecryptor.DecryptAsync(file, name, keys, output, options: null, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Refuses to put into MP4 what stays WebM.</summary>
    private void RefuseWebM(IEnumerable<PresentationTrack> tracks)
    {
        foreach (PresentationTrack track in tracks)
            if (StaysWebM(track))
                throw new MediaFormatException(SourceText.Of(_setup.Content.Origin.Given), new FormatError($"{(track.Codec == "vp08" ? "VP8" : "Vorbis")} of WebM is not put into MP4: it is written as WebM alone", _setup.Content.Tracks[track.Index].Path, -1));
    }
}
