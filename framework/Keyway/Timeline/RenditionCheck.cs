using System.Buffers.Binary;
using Keyway.Containers.WebM;
using Keyway.Containers.WebM.Packing;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;

namespace Keyway.Timeline;

/// <summary>What the segments of a rendition must be: what its initialisation segment says.</summary>
/// <remarks>
/// What is looked at: boxes end where the segment ends; there is a fragment; its tracks and sample entries are those of the initialisation segment; all its samples
/// are there; it is about as long as promised. What cannot be seen from one segment alone: another rendition with the same track number. Its time,
/// and its initialisation vectors, are compared with those of its neighbours (<see cref="SegmentOrder"/>).
/// Threads: one at a time.
/// </remarks>
internal sealed class RenditionCheck
{
    private const uint NonSync = 0x00010000;

    private readonly StreamTurns _turns = new();
    private Movie? _movie;

    /// <param name="movie">What the initialisation segment says; <see langword="null"/> where segments bring it themselves.</param>
    public RenditionCheck(Movie? movie) => _movie = movie;

    /// <summary>What the rendition is for, where its segments may hold other tracks beside it; <see langword="null"/>: whatever is there.</summary>
    public MediaKind? Kind { get; init; }

    /// <summary>What stands before segments that do not begin with it themselves, in their own container: tables of a transport stream, the header of WebVTT. Empty where there is none.</summary>
    public ReadOnlyMemory<byte> Head { get; init; }

    /// <summary>The clock of a transport stream, as long as the rendition is read.</summary>
    public StreamTurns Turns => _turns;

    /// <summary>What puts its text into MP4, where that is WebVTT.</summary>
    public TextRepacker Text { get; } = new();

    /// <summary>What describes its segments, where they are WebM.</summary>
    public WebMDescription? WebM { get; private init; }

    /// <summary>The initialisation segment as readers of samples take it: in MP4.</summary>
    /// <param name="initialization">It as it is.</param>
    public ReadOnlyMemory<byte> HeadOf(ReadOnlyMemory<byte> initialization) => WebM?.Movie.Bytes ?? initialization;

    /// <summary>Reads an initialisation segment.</summary>
    /// <param name="bytes">The whole segment. Ownership: the caller's; it may be changed.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="length">How many of the bytes are boxes.</param>
    /// <param name="note">What is unusual about it but harmless.</param>
    /// <exception cref="MediaFormatException">It is none.</exception>
    public static RenditionCheck Of(Span<byte> bytes, string name, out int length, out string? note)
    {
        if (WebMDecryptor.Begins(bytes))
        {
            (length, note) = (bytes.Length, null);
            WebMDescription description = WebMDescription.Read(bytes.ToArray(), name);
            return new RenditionCheck(description.Movie.Whole) { WebM = description };
        }

        List<TopBox> boxes = [];
        if (!SegmentBoxes.TryWalk(bytes, boxes, out length, out FormatError error)) throw new MediaFormatException(name, error);
        note = Tail(bytes, length, name);
        Movie? movie = null;
        foreach (TopBox box in boxes)
        {
            if (box.Type != FourCc.Moov) continue;
            if (!Movie.TryRead(bytes.Slice((int)box.Offset, (int)box.Length).ToArray(), box.Offset, out movie, out error)) throw new MediaFormatException(name, error);
        }

        return new RenditionCheck(movie ?? throw new MediaFormatException(name, new FormatError("no moov: this is not an initialisation segment", "", 0)));
    }

    /// <summary>What the tracks of the initialisation segment are for; nothing where segments bring it themselves.</summary>
    public IReadOnlyList<MediaKind> Kinds => _movie is null ? [] : [.. _movie.Tracks.Select(static track => HandlerKind.Of(track.Facts.Handler)).Distinct()];

    /// <summary>When the samples of a segment begin to be decoded, by its first bytes.</summary>
    /// <returns><see langword="null"/>: it does not say, or not in these.</returns>
    public MediaBase? TimeOf(ReadOnlySpan<byte> beginning)
    {
        if (_movie is null && SegmentRepacker.TimeOf(beginning, Kind) is { } said) return said;
        Movie? movie = _movie;
        for (int at = 0; SegmentBoxes.TryReadHeader(beginning[at..], out TopBox box) && box.Length > 0 && box.Length <= beginning.Length - at; at += (int)box.Length)
        {
            ReadOnlySpan<byte> bytes = beginning.Slice(at, (int)box.Length);
            if (box.Type == FourCc.Moov && Movie.TryRead(bytes.ToArray(), 0, out Movie own, out _)) movie = own;
            if (box.Type != FourCc.Moof) continue;
            BoxWalker walker = new(bytes, 0, 0, BoxPath.Root);
            if (!walker.MoveNext(out Box whole) || !Moof.TryRead(whole, out Moof moof, out _)) return null;
            foreach (Traf traf in moof.Trafs)
                if (traf.BaseTime is { } time && movie?.Find(traf.Header.TrackId) is { } track) return new MediaBase(time, Math.Max(1, track.Facts.Timescale));
            return null;
        }

        return null;
    }

    /// <summary>Looks at a whole segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="bytes">Its bytes, which the result keeps; or those that were read, where <paramref name="rest"/> follows.</param>
    /// <param name="rest">What follows where it was too large to be read whole.</param>
    /// <param name="pooled">The shared array that the bytes are in, which the result keeps, too.</param>
    /// <param name="original">It as it was, where it was put into another container to be read.</param>
    /// <param name="note">What is unusual about that.</param>
    /// <exception cref="MediaFormatException">It is not what it should be.</exception>
    public CheckedSegment Examine(TimelineSegment segment, Memory<byte> bytes, Stream? rest = null, byte[]? pooled = null, ReadOnlyMemory<byte> original = default, string? note = null)
    {
        string name = segment.Name;
        List<TopBox> boxes = [];
        Span<byte> all = bytes.Span;
        int end = all.Length;
        FormatError error;
        if (rest is null)
        {
            if (!SegmentBoxes.TryWalk(all, boxes, out end, out error)) throw new MediaFormatException(name, error);
        }
        else if (!SegmentBoxes.TryReadHeader(all, out _)) throw new MediaFormatException(name, new FormatError(SegmentBoxes.Describe(all), "", 0));

        // Offsets from the beginning of a file count from the beginning of the file that the segment is a part of.
        long origin = segment.Range?.First ?? 0;
        Found found = new();
        foreach (TopBox box in boxes)
            if (box.Type == FourCc.Mdat) found.Media.Add((origin + box.Offset + box.HeaderSize, origin + box.Offset + box.Length));
        foreach (TopBox box in boxes)
        {
            if (box.Type == FourCc.Moov)
            {
                if (!Movie.TryRead(all.Slice((int)box.Offset, (int)box.Length).ToArray(), origin + box.Offset, out Movie own, out error)) throw new MediaFormatException(name, error);
                _movie = own;
            }
            else if (box.Type == FourCc.Moof)
            {
                if (_movie is null) throw new MediaFormatException(name, new FormatError("a fragment without a moov before it: the initialisation segment is missing", "moof", box.Offset));
                if (!TryTake(_movie, all, box, origin, found, out error)) throw new MediaFormatException(name, error with { Offset = error.Offset < 0 ? -1 : error.Offset - origin });
            }
        }

        if (rest is null && found.Fragments == 0 && _movie is not { IsProgressive: true })
            throw new MediaFormatException(name, new FormatError("the segment has no fragment (moof)", "", 0));
        TimeSpan length = found.Scale > 0 ? Span(found.Duration, found.Scale) : TimeSpan.Zero;
        if (segment.Length > TimeSpan.Zero && length > segment.Length * 1.5 + TimelineLimits.Overlength)
            throw new MediaFormatException(name, new FormatError($"its samples last {length.TotalSeconds:0.###} s, and the manifest promises {segment.Length.TotalSeconds:0.###} s: this is not a segment of this rendition", "moof/traf", -1));
        return new CheckedSegment
        {
            Segment = segment,
            Bytes = bytes[..end],
            Rest = rest,
            Pooled = pooled,
            Time = found.Time is { } time ? Span(time, found.Scale) : null,
            FirstSync = found is { Time: { } begin, BeforeSync: { } before } ? Span(begin + before, found.Scale) : null,
            Length = length,
            Vectors = found.Vectors,
            Original = original,
            Note = note ?? (rest is null ? Tail(all, end, name) : null),
        };
    }

    private static string? Tail(ReadOnlySpan<byte> bytes, int end, string name) =>
        end < bytes.Length ? $"{name}: {bytes.Length - end} bytes behind the last box are no box, and are left out" : null;

    private static bool TryTake(Movie movie, ReadOnlySpan<byte> bytes, TopBox box, long origin, Found found, out FormatError error)
    {
        int start = (int)box.Offset;
        BoxWalker walker = new(bytes.Slice(start, (int)box.Length), start, origin, BoxPath.Root);
        if (!walker.MoveNext(out Box whole)) return walker.Finish(out error);
        if (!Moof.TryRead(whole, out Moof moof, out error) || !moof.TryPlace(movie, bytes, origin, part: null, 0, out error)) return false;
        found.Fragments++;
        FragmentData data = new() { Bytes = bytes, Offset = origin, Media = found.Media };
        foreach (Traf traf in moof.Trafs)
        {
            foreach ((long from, long to) in traf.Extents)
            {
                if (from == to || data.IsMedia(from, to)) continue;
                error = new FormatError($"the segment is cut short: samples lie from byte {from - origin} to {to - origin}, where it has no media data", "moof/traf/trun", traf.Offset);
                return false;
            }

            found.Track ??= traf.Track.Id;
            if (traf.Track.Id != found.Track) continue;
            found.Scale = Math.Max(1, traf.Track.Facts.Timescale);
            if (found.Fragments == 1 || found.Duration == 0) found.Time ??= traf.BaseTime;
            foreach (Trun run in traf.Runs)
            {
                for (uint i = 0; i < run.Count; i++)
                {
                    Trun.Entry row = run.EntryAt(bytes, i, traf.Header, traf.Track.Defaults);
                    if ((row.Flags & NonSync) == 0) found.BeforeSync ??= found.Duration;
                    found.Duration += row.Duration;
                }
            }

            NoteVectors(bytes, traf, found);
        }

        error = default;
        return true;
    }

    /// <summary>Where the initialisation vectors of all samples go up as those of a counter do (ISO/IEC 23001-7, 9.2 and 9.3), from where to where.</summary>
    private static void NoteVectors(ReadOnlySpan<byte> bytes, Traf traf, Found found)
    {
        if (found.AreVectorsOdd) return;
        found.AreVectorsOdd = true;
        if (traf.Encryption is not { Count: > 1 } senc || traf.Groups.Runs.Count > 0) return;
        int size = SampleTableBuilder.DefaultsOf(traf.Track.Entries[traf.EntryIndex], senc).PerSampleIvSize;
        if (size is not (8 or 16)) return;
        int at = senc.EntriesStart;
        UInt128? first = found.Vectors?.First, last = found.Vectors?.Last;
        for (uint i = 0; i < senc.Count; i++)
        {
            if (at + size > senc.EntriesEnd) return;
            UInt128 vector = size == 8 ? BinaryPrimitives.ReadUInt64BigEndian(bytes[at..]) : BinaryPrimitives.ReadUInt128BigEndian(bytes[at..]);
            at += size;
            if (senc.HasSubsamples)
            {
                if (at + 2 > senc.EntriesEnd) return;
                at += 2 + (6 * BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]));
            }

            if (last is { } before && !Follows(before, vector, TimelineLimits.VectorStep)) return;
            first ??= vector;
            last = vector;
        }

        found.Vectors = (first!.Value, last!.Value);
        found.AreVectorsOdd = false;
    }

    /// <summary>Whether a counter that had one value may have the other soon after.</summary>
    public static bool Follows(UInt128 before, UInt128 after, ulong most) => after > before && (after - before <= most || (after - before) >> 64 is var high && high > 0 && high <= most && (ulong)(after - before) == 0);

    private static TimeSpan Span(ulong units, uint scale) => TimeSpan.FromTicks((long)UInt128.Min((UInt128)units * TimeSpan.TicksPerSecond / scale, (UInt128)(TimeSpan.MaxValue.Ticks / 4)));

    private sealed class Found
    {
        public List<(long Start, long End)> Media { get; } = [];

        public int Fragments { get; set; }

        public uint? Track { get; set; }

        public uint Scale { get; set; }

        public ulong? Time { get; set; }

        public ulong Duration { get; set; }

        /// <summary>How long the samples before the first sync sample are.</summary>
        public ulong? BeforeSync { get; set; }

        public (UInt128 First, UInt128 Last)? Vectors { get; set; }

        public bool AreVectorsOdd { get; set; }
    }
}
