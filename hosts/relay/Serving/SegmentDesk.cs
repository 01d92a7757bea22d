using Keyway.Mp4;
using Keyway.Timeline;

namespace Keyway.Relay.Serving;

/// <summary>Opens what is asked for by name: segments, initialisation segments, what is known of a rendition's media.</summary>
/// <remarks>Threads: any.</remarks>
/// <param name="presentation">The presentation.</param>
/// <param name="cache">What keeps clear segments.</param>
internal sealed class SegmentDesk(Presentation presentation, SegmentCache cache)
{
    /// <summary>Finds a segment by its name.</summary>
    /// <exception cref="NotServedException">There is none, or not yet.</exception>
    public async ValueTask<TimelineSegment> FindAsync(ServedRendition rendition, SegmentName name, CancellationToken cancellationToken)
    {
        SegmentList list = await presentation.OpenSegmentListAsync(rendition.Rendition, cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = presentation.Now;
        SegmentStep step = name.IsTime ? list.Next(name.Value == 0 ? null : name.Value - 1, now) : list.Numbered(name.Value, now);
        bool isIt = name.IsTime ? step.Segment.Time == name.Value : step.Segment.Number == name.Value;
        return step.Kind switch
        {
            SegmentStepKind.Ready when isIt => step.Segment,
            SegmentStepKind.Later when isIt => throw NotServedException.Early(step.Available - now),
            _ => throw NotServedException.Unknown("there is no such segment, or no more"),
        };
    }

    /// <summary>Opens a segment, or takes it from the cache.</summary>
    /// <exception cref="NotServedException">There is none, or not yet.</exception>
    /// <exception cref="KeywayException">It cannot be had.</exception>
    public async Task<(ClearBytes Segment, bool WasThere, TimelineSegment Found)> OpenAsync(ServedRendition rendition, SegmentName name, CancellationToken cancellationToken)
    {
        TimelineSegment found = await FindAsync(rendition, name, cancellationToken).ConfigureAwait(false);
        MediaFacts facts = await FactsAsync(rendition, cancellationToken).ConfigureAwait(false);
        SegmentContainer container = name.Extension == SegmentName.Mp4 && facts.IsRepacked ? SegmentContainer.Mp4 : SegmentContainer.Own;
        (ClearBytes segment, bool wasThere) = await cache.GetAsync($"{rendition.Folder}/{(name.IsTime ? 't' : 'n')}{name.Value} {container}", async token =>
        {
            ClearBytes opened = await OpenAsync(rendition.Rendition, found, container, token).ConfigureAwait(false);
            // What describes it was served once; a segment that begins with something else says so itself.
            ReadOnlyMemory<byte> head = facts.Initialization;
            return container == SegmentContainer.Mp4 && head.Length > 0 && opened.Content.Span.StartsWith(head.Span) ? opened with { Content = opened.Content[head.Length..] } : opened;
        }, cancellationToken).ConfigureAwait(false);
        return (segment, wasThere, found);
    }

    /// <summary>What describes the segments of a rendition: in MP4 where it is put there, else in its own container.</summary>
    public async Task<ReadOnlyMemory<byte>> InitializationAsync(ServedRendition rendition, bool isOwn, CancellationToken cancellationToken)
    {
        MediaFacts facts = await FactsAsync(rendition, cancellationToken).ConfigureAwait(false);
        if (facts.IsRepacked && !isOwn) return facts.Initialization;
        Stream stream = await presentation.OpenInitializationAsync(rendition.Rendition, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false)) return await ReadAsync(stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the media of a rendition is.</summary>
    /// <exception cref="KeywayException">Nothing of it can be had.</exception>
    public Task<MediaFacts> FactsAsync(ServedRendition rendition, CancellationToken cancellationToken) =>
        rendition.Media.FindAsync(() => LookAsync(rendition)).WaitAsync(cancellationToken);

    /// <summary>A file without an index, clear and whole; <see langword="null"/>: it is larger than what is kept, or nobody knows how large.</summary>
    public async Task<ClearBytes?> FileAsync(ServedRendition rendition, CancellationToken cancellationToken)
    {
        OpenedSegment opened = await presentation.ReadFileAsync(rendition.Rendition, cancellationToken).ConfigureAwait(false);
        await using (opened.ConfigureAwait(false)) if (opened.Length is not <= RelayLimits.LargestCached) return null;
        return (await cache.GetAsync($"{rendition.Folder}/file", async token =>
        {
            OpenedSegment again = await presentation.ReadFileAsync(rendition.Rendition, token).ConfigureAwait(false);
            await using (again.ConfigureAwait(false)) return new ClearBytes { Content = await ReadAsync(again.Content, token).ConfigureAwait(false) };
        }, cancellationToken).ConfigureAwait(false)).Segment;
    }

    /// <summary>Opens a segment.</summary>
    public async Task<ClearBytes> OpenAsync(Rendition rendition, TimelineSegment segment, SegmentContainer container, CancellationToken cancellationToken)
    {
        OpenedSegment opened = await presentation.ReadSegmentAsync(rendition, segment, new SegmentOptions { Container = container, KeyWait = RelayLimits.KeyWait }, cancellationToken).ConfigureAwait(false);
        await using (opened.ConfigureAwait(false))
        {
            ReadOnlyMemory<byte> content = await ReadAsync(opened.Content, cancellationToken).ConfigureAwait(false);
            return new ClearBytes { Content = content, KeyIds = opened.KeyIds, Fetching = opened.Fetching, Waiting = opened.Waiting, Decrypting = opened.Decrypting };
        }
    }

    private async Task<MediaFacts> LookAsync(ServedRendition served)
    {
        Rendition rendition = served.Rendition;
        CancellationToken none = CancellationToken.None;
        SegmentList list = await presentation.OpenSegmentListAsync(rendition, none).ConfigureAwait(false);
        TimeSpan start = await presentation.MediaStartAsync(rendition, none).ConfigureAwait(false);
        MediaFacts facts = new()
        {
            Form = presentation.Facts.Kind switch
            {
                Content.ContentKind.FragmentedMp4 or Content.ContentKind.ProgressiveMp4 or Content.ContentKind.Smooth => MediaForm.Mp4,
                Content.ContentKind.WebM => MediaForm.WebM,
                _ => FormOf(rendition),
            },
            Codecs = CodecsOf(rendition),
            MediaStart = start,
            ListStart = list.MediaOffset,
            IsWholeFile = list.IsWholeFile,
            IsIndexed = presentation.Facts.Kind is not (Content.ContentKind.Hls or Content.ContentKind.Smooth) && !list.IsWholeFile && !list.IsLive &&
                list is not Dash.RepresentationSegments { Addressing: not Dash.SegmentAddressing.Index } && list.Initialization is { } first && list.Next(null, presentation.Now).Segment.Address == first.Address,
            HasInitialization = list.Initialization is not null,
        };
        if (facts.IsWholeFile && presentation.Facts.Kind == Content.ContentKind.FragmentedMp4 && served.SharedWith is null) facts = facts with { Parts = await PartsAsync(served).ConfigureAwait(false) };
        if (facts.Form == MediaForm.Image || (!rendition.IsReadable && rendition.MimeType is not null)) return facts;
        ReadOnlyMemory<byte> head = default;
        bool isSure = facts.Form != MediaForm.Other;
        if (!facts.IsWholeFile && facts.HasInitialization && (!isSure || facts.Codecs is null))
        {
            Stream stream = await presentation.OpenInitializationAsync(rendition, none).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false)) head = await ReadAsync(stream, none).ConfigureAwait(false);
            if (!isSure) facts = facts with { Form = Sniff(head.Span) };
        }

        if (facts.Form == MediaForm.Other && !facts.IsWholeFile && FirstOf(list) is { } segment)
        {
            ClearBytes own = await OpenAsync(rendition, segment, SegmentContainer.Own, none).ConfigureAwait(false);
            facts = facts with { Form = Sniff(own.Content.Span) };
            if (facts.IsRepacked)
            {
                ClearBytes packed = await OpenAsync(rendition, segment, SegmentContainer.Mp4, none).ConfigureAwait(false);
                head = packed.Content[..HeadOf(packed.Content.Span)];
                facts = facts with { Initialization = head };
            }
            else if (facts.Form == MediaForm.Mp4) head = own.Content[..HeadOf(own.Content.Span)];
        }
        else if (facts.IsRepacked && FirstOf(list) is { } oldest)
        {
            ClearBytes packed = await OpenAsync(rendition, oldest, SegmentContainer.Mp4, none).ConfigureAwait(false);
            head = packed.Content[..HeadOf(packed.Content.Span)];
            facts = facts with { Initialization = head };
        }

        if (facts.Codecs is null && facts.Form is MediaForm.Mp4 or MediaForm.TransportStream or MediaForm.PackedAudio && head.Length > 0) facts = facts with { Codecs = await CodecsOfAsync(head, rendition).ConfigureAwait(false) };
        return facts;
    }

    private async Task<IReadOnlyList<FilePart>> PartsAsync(ServedRendition served)
    {
        try
        {
            return await FileAsync(served, CancellationToken.None).ConfigureAwait(false) is { } file ? await FileParts.ReadAsync(file.Content, served.Rendition.Path).ConfigureAwait(false) : [];
        }
        catch (KeywayException)
        {
            // It is one piece, and whoever asks for it hears why it cannot be had.
            return [];
        }
    }

    private TimelineSegment? FirstOf(SegmentList list)
    {
        // The oldest of a live presentation are about to go.
        SegmentStep step = list.IsLive ? list.Newest(presentation.Now) : list.Next(null, presentation.Now);
        return step.Kind == SegmentStepKind.Ready ? step.Segment : null;
    }

    private static async Task<string?> CodecsOfAsync(ReadOnlyMemory<byte> head, Rendition rendition)
    {
        try
        {
            using MemoryStream stream = new(head.ToArray(), writable: false);
            Mp4Inspection inspection = await Mp4Inspector.InspectAsync(stream, rendition.Id, headOnly: true).ConfigureAwait(false);
            string[] codecs = [.. inspection.Tracks.SelectMany(static track => track.SampleEntries).Select(CodecOf).Where(static codec => codec.Length > 0).Distinct()];
            return codecs.Length > 0 ? string.Join(',', codecs) : null;
        }
        catch (MediaFormatException)
        {
            return null;
        }
    }

    // RFC 6381, 3.3: with the object type, which is in the first five bits of what sets the decoder up (ISO/IEC 14496-3, 1.6.2.1).
    private static string CodecOf(Mp4SampleEntry entry) => entry.Codec == "mp4a" && entry.DecoderSpecificInfo is { IsEmpty: false } setup && setup.Span[0] >> 3 is > 0 and < 31 and int type
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"mp4a.40.{type}")
        : entry.Codec;

    /// <summary>The codecs by the manifest, or by the boxes that were read when the presentation was opened.</summary>
    private string? CodecsOf(Rendition rendition)
    {
        if (rendition.Codecs is { Length: > 0 } said && said != "mp4a") return said;
        string[] read = [.. presentation.Facts.Tracks.Where(track => track.Path == rendition.Path).SelectMany(static track => track.File?.SampleEntries ?? []).Select(CodecOf).Distinct()];
        return read.Length > 0 ? string.Join(',', read) : rendition.Codecs;
    }

    private static MediaForm FormOf(Rendition rendition) => (rendition.Kind, rendition.MimeType?.Split(';')[0].Trim().ToLowerInvariant()) switch
    {
        (MediaKind.Image, _) => MediaForm.Image,
        (_, "video/mp4" or "audio/mp4" or "application/mp4") => MediaForm.Mp4,
        (_, "video/webm" or "audio/webm") => MediaForm.WebM,
        (_, "text/vtt") => MediaForm.WebVtt,
        (_, "video/mp2t") => MediaForm.TransportStream,
        _ => MediaForm.Other,
    };

    private static MediaForm Sniff(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8) return MediaForm.Other;
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]) || bytes.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x43, 0xB6, 0x75])) return MediaForm.WebM;
        if (bytes.StartsWith("WEBVTT"u8) || bytes.StartsWith("\uFEFFWEBVTT"u8)) return MediaForm.WebVtt;
        if (bytes.StartsWith("ID3"u8) || (bytes[0] == 0xFF && (bytes[1] & 0xF0) == 0xF0) || bytes.StartsWith((ReadOnlySpan<byte>)[0x0B, 0x77])) return MediaForm.PackedAudio;
        if (bytes[0] == 0x47 && (bytes.Length <= 188 || bytes[188] == 0x47)) return MediaForm.TransportStream;
        // A box: four letters behind its length.
        return bytes[4..8].IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0 ? MediaForm.Mp4 : MediaForm.Other;
    }

    /// <summary>How many bytes stand before the first fragment.</summary>
    private static int HeadOf(ReadOnlySpan<byte> segment)
    {
        int at = 0;
        while (at + 8 <= segment.Length)
        {
            if (segment.Slice(at + 4, 4).SequenceEqual("moof"u8)) return at;
            uint length = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(segment[at..]);
            if (length < 8 || length > segment.Length - at) return 0;
            at += (int)length;
        }

        return 0;
    }

    /// <summary>Reads a stream whole.</summary>
    /// <exception cref="MediaFormatException">There is more than is kept.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        if (stream is MemoryStream memory && memory.TryGetBuffer(out ArraySegment<byte> all)) return all.AsMemory((int)memory.Position);
        using MemoryStream whole = new(stream.CanSeek ? (int)Math.Min(stream.Length, RelayLimits.LargestCached) : 0);
        byte[] buffer = new byte[64 << 10];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            if (whole.Length + read > RelayLimits.LargestCached) throw new MediaFormatException("the segment", new FormatError($"it has more than {RelayLimits.LargestCached >> 20} MiB, which are not served as a segment", "", -1));
            whole.Write(buffer, 0, read);
        }

        return whole.GetBuffer().AsMemory(0, (int)whole.Length);
    }
}
