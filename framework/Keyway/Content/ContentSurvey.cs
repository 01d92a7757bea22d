using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Sources;

namespace Keyway.Content;

/// <summary>Walks the fragments of a file for the keys and headers that only they name: sample groups, <c>pssh</c> in <c>moof</c>.</summary>
internal static class ContentSurvey
{
    /// <summary>Adds what the fragments say. Of a local file only: nothing is fetched just to be looked at.</summary>
    /// <returns>The content, with a note of what is wrong after the description of the tracks.</returns>
    public static async ValueTask<OpenedContent> AddFragmentsAsync(OpenedContent content, MediaSources sources, CancellationToken cancellationToken)
    {
        if (!content.IsOneFile || !content.Origin.Location.IsFile) return content;
        Stream stream = content.Timeline.Periods[0].Renditions[0].Repack(await sources.OpenAsync(content.Origin.Given, cancellationToken).ConfigureAwait(false), SourceText.Of(content.Origin.Given));
        Mp4Inspection file;
        await using (stream.ConfigureAwait(false))
            file = await Mp4Inspector.InspectAsync(stream, SourceText.Of(content.Origin.Given), headOnly: false, cancellationToken).ConfigureAwait(false);

        foreach (Mp4TrackSummary track in file.Tracks)
        {
            if (track.KeyIds.Count == 0) continue;
            content.Protection.Add(new TrackStatement
            {
                Track = ContentMap.TrackName(track.Track),
                Source = new(ProtectionOrigin.Fragment, $"samples of track {track.Track.Id}"),
                Scheme = track.Track.Scheme,
                KeyIds = track.KeyIds,
                IsDefault = false,
            });
        }

        foreach (Mp4ProtectionBox found in file.Protection)
        {
            if (found.Where == "moov") continue;
            content.Protection.Add(new HeaderStatement { Box = found.Box, Source = new(ProtectionOrigin.Fragment, $"{found.Where}/pssh") });
        }

        return content with
        {
            Tracks = [.. content.Tracks.Select(track => file.Tracks.FirstOrDefault(found => ContentMap.TrackName(found.Track) == track.Path) is { } found ? Together(track, found, file.Defect is null) : track)],
            Notes = [.. content.Notes, .. file.Notes, .. file.Defect is { } defect ? [defect.Message] : (IEnumerable<string>)[]],
        };
    }

    /// <summary>What the samples say counts: a key that the track names and no sample uses is none of its keys, and a track that only becomes protected later is not clear.</summary>
    private static ContentTrack Together(ContentTrack track, Mp4TrackSummary found, bool whole)
    {
        Mp4SampleEntry? hidden = found.SampleEntries.FirstOrDefault(static entry => entry.SchemeType is not null || entry.Encryption is not null);
        bool counted = whole && found.Samples > 0;
        return track with
        {
            IsProtected = track.IsProtected || hidden is not null,
            Scheme = track.Scheme == default ? hidden?.Scheme ?? default : track.Scheme,
            KeyIds = counted && found.KeyIds.Count > 0 ? found.KeyIds : [.. track.KeyIds.Union(found.KeyIds)],
            Samples = found.Samples,
            ProtectedSamples = found.ProtectedSamples,
            File = track.File is { } file && found.SampleEntries.Count > file.SampleEntries.Count ? file with { SampleEntries = found.SampleEntries } : track.File,
        };
    }
}
