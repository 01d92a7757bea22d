using System.Globalization;
using Keyway.Dash;
using Keyway.Decryption;
using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Sources;

namespace Keyway.Content;

/// <summary>Finds out what a presentation consists of and what protects it: manifest and initialisation segments, or the boxes of a file.</summary>
internal sealed class ContentReader(MediaSources sources)
{
    /// <summary>Reads content.</summary>
    /// <param name="source">Where it is; the caller's own choice.</param>
    /// <param name="video">Which video.</param>
    /// <param name="audio">Which audio.</param>
    /// <param name="everyTrack">Whether the boxes of tracks that are not chosen are read too.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask<OpenedContent> ReadAsync(Uri source, TrackQuery? video, TrackQuery? audio, bool everyTrack, CancellationToken cancellationToken)
    {
        return await IsManifestAsync(source, cancellationToken).ConfigureAwait(false)
            ? await ReadManifestAsync(source, video, audio, everyTrack, cancellationToken).ConfigureAwait(false)
            : await ReadFileAsync(source, video, audio, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The file's tracks of one kind that fit a wish, the one to be played first.</summary>
    internal static IReadOnlyList<Mp4Track> Fitting(IReadOnlyList<Mp4Track> tracks, string handler, TrackQuery? query)
    {
        IEnumerable<Mp4Track> kind = tracks.Where(track => track.Handler == handler);
        if (query is null) return handler == "vide" ? [.. kind.OrderByDescending(static track => (long)track.Width * track.Height)] : [.. kind];
        if (query.IsNone) return [];
        return [.. kind.Where(track => query.Fits(track.Id, track.Height, track.Language)).OrderByDescending(static track => track.Height)];
    }

    private async ValueTask<bool> IsManifestAsync(Uri source, CancellationToken cancellationToken)
    {
        string extension = Path.GetExtension(source.AbsolutePath).ToLowerInvariant();
        if (extension == ".mpd") return true;
        if (extension is ".mp4" or ".m4v" or ".m4a" or ".m4s" or ".mp4v" or ".mp4a" or ".cmfv" or ".cmfa" or ".ismv" or ".isma" or ".mov" or ".m4b" or ".3gp") return false;

        byte[] beginning = new byte[256];
        Stream stream = await sources.OpenAsync(source, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            int length = await stream.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return LooksLikeXml(beginning.AsSpan(0, length));
        }
    }

    private static bool LooksLikeXml(ReadOnlySpan<byte> beginning)
    {
        // UTF-8 with or without its mark, or UTF-16 either way round: the first letter that counts is '<'.
        if (beginning.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) beginning = beginning[3..];
        if (beginning.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || beginning.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])) return true;
        beginning = beginning.TrimStart(" \t\r\n"u8);
        return beginning.Length > 0 && beginning[0] == (byte)'<';
    }

    private async ValueTask<OpenedContent> ReadManifestAsync(Uri source, TrackQuery? video, TrackQuery? audio, bool everyTrack, CancellationToken cancellationToken)
    {
        SourceDocument document = await sources.ReadManifestAsync(source, cancellationToken).ConfigureAwait(false);
        Manifest manifest = await ManifestLoader.LoadAsync(sources, document, elapsed: null, cancellationToken).ConfigureAwait(false);
        TrackSelection selection = TrackSelection.Choose(manifest, video, audio);
        List<string> notes = [.. manifest.Notes.Select(static note => note.ToString())];
        ProtectionMapBuilder protection = new ProtectionMapBuilder().Add(manifest);

        List<ContentTrack> tracks = [];
        Dictionary<string, string> descriptions = new(StringComparer.Ordinal);
        foreach (SelectedTrack selected in selection.Tracks)
        {
            List<ContentTrack> periods = [];
            foreach (Representation representation in selected.Representations)
            {
                MovieFacts facts = await ProbeAsync(document.Origin, representation, cancellationToken).ConfigureAwait(false);
                ContentMap.Add(protection, NameOf(representation), facts, representation.Path);
                descriptions[representation.Path] = facts.Description;
                periods.Add(Describe(representation, facts));
            }

            tracks.Add(Together(periods) with { IsChosen = true });
        }

        int read = 0;
        foreach (RejectedTrack rejected in selection.Others)
        {
            ContentTrack track = Describe(rejected.Representation, null) with { WhyNot = rejected.Reason };
            if (everyTrack && rejected.Representation.Kind is (MediaKind.Video or MediaKind.Audio) && read++ < ManifestLimits.InspectedRepresentations)
            {
                try
                {
                    MovieFacts facts = await ProbeAsync(document.Origin, rejected.Representation, cancellationToken).ConfigureAwait(false);
                    ContentMap.Add(protection, NameOf(rejected.Representation), facts, rejected.Representation.Path);
                    track = Describe(rejected.Representation, facts) with { WhyNot = rejected.Reason };
                }
                catch (KeywayException exception)
                {
                    // What would not be played may be missing: it is said, and the rest is read.
                    notes.Add(exception.Message);
                }
            }

            tracks.Add(track);
        }

        if (everyTrack && read > ManifestLimits.InspectedRepresentations) notes.Add($"the boxes of {read - ManifestLimits.InspectedRepresentations} further representations were not read");
        return new OpenedContent
        {
            Origin = document.Origin,
            Kind = ContentKind.Dash,
            Manifest = manifest,
            Tracks = tracks,
            Periods = PeriodRow.Of(manifest, selection, [.. selection.Tracks.Select(static track => track.Kind)], representation => descriptions.GetValueOrDefault(representation.Path)),
            Protection = protection,
            ServerAhead = document.ServerAhead,
            Notes = notes,
        };
    }

    private async ValueTask<OpenedContent> ReadFileAsync(Uri source, TrackQuery? video, TrackQuery? audio, CancellationToken cancellationToken)
    {
        Stream stream = await sources.OpenAsync(source, cancellationToken).ConfigureAwait(false);
        MovieFacts facts;
        await using (stream.ConfigureAwait(false))
            facts = await ReadMovieAsync(stream, SourceText.Of(source), cancellationToken).ConfigureAwait(false);

        List<Mp4Track> chosen = [];
        Choose("vide", video, "video");
        Choose("soun", audio, "audio");
        if (chosen.Count == 0 && video is null && audio is null && facts.Tracks.Count > 0) chosen.Add(facts.Tracks[0]);
        if (chosen.Count == 0) throw new TrackNotFoundException(SourceText.Of(source), "video or audio that is wanted", List());

        ProtectionMapBuilder protection = new();
        ContentMap.Add(protection, "", facts, track: null);
        return new OpenedContent
        {
            Origin = ContentOrigin.Of(source),
            Kind = facts.IsFragmented ? ContentKind.FragmentedMp4 : ContentKind.ProgressiveMp4,
            Tracks =
            [
                .. chosen.Select(static track => Describe(track) with { IsChosen = true }),
                .. facts.Tracks.Except(chosen).Select(static track => Describe(track) with { WhyNot = track.Handler is "vide" or "soun" ? "another one is chosen" : "only video and audio are played" }),
            ],
            Protection = protection,
        };

        void Choose(string handler, TrackQuery? query, string kind)
        {
            IReadOnlyList<Mp4Track> fitting = Fitting(facts.Tracks, handler, query);
            if (fitting.Count > 0) chosen.Add(fitting[0]);
            else if (query is { IsNone: false }) throw new TrackNotFoundException(SourceText.Of(source), $"{kind} '{query}'", List());
        }

        IReadOnlyList<string> List() => [.. facts.Tracks.Select(static track => $"{track.Handler} id {track.Id} {track.Codec} {(track.Height > 0 ? $"{track.Width}x{track.Height} " : "")}{track.Language}")];
    }

    /// <summary>Reads what a representation says before its samples.</summary>
    public async ValueTask<MovieFacts> ProbeAsync(ContentOrigin origin, Representation representation, CancellationToken cancellationToken)
    {
        RepresentationSegments segments = representation.Segments;
        if (segments.Initialization is { } initialization && segments.Addressing is not (SegmentAddressing.SingleFile or SegmentAddressing.Index))
        {
            SegmentPart part = new(initialization.Address, initialization.Range, IsMedia: false, initialization.Alternatives);
            ReadOnlyMemory<byte> bytes = await new AlternativeSource(sources, origin).ReadAsync(part, ManifestLimits.InitializationBytes, cancellationToken).ConfigureAwait(false);
            using MemoryStream memory = new(bytes.ToArray(), writable: false);
            return await ReadMovieAsync(memory, SourceText.Of(initialization.Address), cancellationToken).ConfigureAwait(false);
        }

        Stream stream = await RepresentationStream.OpenAsync(sources, origin, [representation], cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            return await ReadMovieAsync(stream, NameOf(representation), cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<MovieFacts> ReadMovieAsync(Stream stream, string name, CancellationToken cancellationToken)
    {
        using Mp4Reader reader = await Mp4Reader.OpenAsync(stream, name, cancellationToken).ConfigureAwait(false);
        return new MovieFacts(reader.Tracks, reader.Protection, reader.IsFragmented, reader.Description);
    }

    /// <summary>The file that a representation is in, for messages.</summary>
    internal static string NameOf(Representation representation) =>
        SourceText.Of(representation.Segments.Initialization?.Address ?? representation.Segments.BaseAddress);

    private static ContentTrack Describe(Representation representation, MovieFacts? boxes)
    {
        Mp4Track? file = boxes?.Tracks.FirstOrDefault(track => KindOf(track) == representation.Kind) ?? (boxes?.Tracks is [Mp4Track only, ..] ? only : null);
        List<KeyId> ids = [.. representation.ContentProtections.SelectMany(static element => element.DefaultKeyIds).Distinct()];
        ProtectionScheme scheme = representation.ContentProtections.Select(static element => element.Scheme).FirstOrDefault(static each => each != ProtectionScheme.None);
        return new ContentTrack
        {
            Path = representation.Path,
            Kind = representation.Kind,
            Id = representation.Id,
            Codec = file?.Codec ?? representation.Codecs ?? "",
            Width = file is { Width: > 0 } ? file.Width : representation.Width ?? 0,
            Height = file is { Height: > 0 } ? file.Height : representation.Height ?? 0,
            Bandwidth = representation.Bandwidth,
            Language = representation.Language,
            Scheme = file is { IsProtected: true } ? file.Scheme : scheme,
            // Where the file's boxes were read they are right, and the map tells of the difference.
            KeyIds = file is null ? ids : ContentMap.KeyIdsOf(file),
            IsProtected = file?.IsProtected ?? representation.ContentProtections.Count > 0,
            File = file,
        };
    }

    /// <summary>One track of several periods: it is what the first says it is, and needs the keys of all. An advertisement before a film is often clear.</summary>
    private static ContentTrack Together(List<ContentTrack> periods) => periods.Count == 1 ? periods[0] : periods[0] with
    {
        Scheme = periods.Select(static period => period.Scheme).FirstOrDefault(static scheme => scheme != ProtectionScheme.None),
        KeyIds = [.. periods.SelectMany(static period => period.KeyIds).Distinct()],
        IsProtected = periods.Exists(static period => period.IsProtected),
    };

    private static ContentTrack Describe(Mp4Track track) => new()
    {
        Path = ContentMap.TrackName(track),
        Kind = KindOf(track),
        Id = track.Id.ToString(CultureInfo.InvariantCulture),
        Codec = track.Codec,
        Width = track.Width,
        Height = track.Height,
        Language = track.Language == "und" ? null : track.Language,
        Scheme = track.Scheme,
        KeyIds = ContentMap.KeyIdsOf(track),
        IsProtected = track.IsProtected,
        File = track,
    };

    private static MediaKind KindOf(Mp4Track track) => track.Handler switch
    {
        "vide" => MediaKind.Video,
        "soun" => MediaKind.Audio,
        "text" or "subt" or "sbtl" or "subp" => MediaKind.Text,
        _ => MediaKind.Other,
    };
}
