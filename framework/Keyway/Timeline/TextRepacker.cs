using System.Text;
using Keyway.Containers.WebVtt;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;

namespace Keyway.Timeline;

/// <summary>Puts segments of WebVTT into MP4 (ISO/IEC 14496-30, 6): what is shown at a time is one sample, and so is nothing.</summary>
/// <remarks>
/// <code>
/// cues      ├── A ──┤     ├──── B ────┤
///                      ├──── C ───┤
/// samples   │ A     │∅ │C │ C B    │B  │∅     of a segment: from its beginning to its end
/// </code>
/// A cue that goes on behind the end of its segment is shown on in the next, whether that repeats it or not. Threads: one at a time, as segments come.
/// </remarks>
internal sealed class TextRepacker
{
    private const uint Scale = 90000;
    private const uint PerMillisecond = 90;
    private const uint VttC = 0x76747443, Vttc = 0x76747463, Vtte = 0x76747465, Iden = 0x6964656E, Sttg = 0x73747467, Payl = 0x7061796C, Text = 0x74657874;

    // On the clock of the media.
    private List<(long Start, long End, WebVttCue Cue)> _goingOn = [];
    private long _end = -1;
    private long? _zero;
    private bool _restarts;

    /// <summary>Repacks a segment.</summary>
    /// <param name="segment">Which.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="turns">The clock of its rendition.</param>
    /// <returns>A segment that describes itself, and what should be known of it.</returns>
    /// <exception cref="MediaFormatException">It is malformed.</exception>
    public (Memory<byte> Bytes, string? Note) Repack(TimelineSegment segment, ReadOnlySpan<byte> bytes, StreamTurns turns)
    {
        if (WebVttSegment.TryRead(bytes, out WebVttSegment? read) is { } problem) throw new MediaFormatException(segment.Name, new FormatError(problem, "", 0));
        long begin = BeginOf(segment, read!), end = begin + Math.Max(1, Units(segment.Length));
        if (segment.Length <= TimeSpan.Zero) end = read!.Cues.Count == 0 ? begin + Scale : read.Cues.Max(cue => MediaTimeOf(read, cue.End));
        List<(long Start, long End, WebVttCue Cue)> shown = [.. read!.Cues.Select(cue => (MediaTimeOf(read, cue.Start), MediaTimeOf(read, cue.End), cue))];
        // What has gone on from the segment before, unless it is said again.
        if (_end >= 0 && Math.Abs(_end - begin) <= Scale) shown.InsertRange(0, _goingOn.Where(old => old.End > begin && !shown.Exists(each => each.End == old.End && each.Cue.Text == old.Cue.Text)));
        shown = [.. shown.Where(each => each.End > begin && each.Start < end).OrderBy(static each => each.Start)];
        _goingOn = [.. shown.Where(each => each.End > end)];
        _end = end;

        SegmentPacker packer = new();
        PackedTrack track = new() { Id = 1, Handler = Text, Timescale = Scale, SampleEntry = Entry(read.Header) };
        packer.WriteMovie([track]);
        BoxWriter samples = new();
        List<PackedSample> list = [];
        long[] times = [.. shown.SelectMany(static each => (long[])[each.Start, each.End]).Where(time => time > begin && time < end).Append(begin).Append(end).Distinct().Order()];
        List<(long End, WebVttCue Cue)> active = [];
        int next = 0;
        for (int i = 0; i + 1 < times.Length; i++)
        {
            int before = samples.Length;
            active.RemoveAll(each => each.End <= times[i]);
            for (; next < shown.Count && shown[next].Start <= times[i]; next++) active.Add((shown[next].End, shown[next].Cue));
            foreach ((_, WebVttCue cue) in active) Write(samples, cue);
            if (samples.Length == before) samples.End(samples.Begin(Vtte));
            if (samples.Length > TextLimits.SampleBytes) throw new MediaFormatException(segment.Name, new FormatError($"so many of its cues are shown at a time that they take more than {TextLimits.SampleBytes} bytes", "", 0));
            list.Add(new PackedSample(samples.Length - before, (uint)(times[i + 1] - times[i]), 0, IsSync: true));
        }

        packer.WriteFragment(track, 1, turns.Continue(begin, Scale), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(list), samples.Written.Span);
        return (packer.Written, read.Dropped > 0 ? $"{segment.Name}: {read.Dropped} cues have times that make no sense, and are left out" : null);
    }

    /// <summary>
    /// When the segment begins, on the clock of the media. Cues count from the beginning of the presentation, or each segment's from its own: what they fit says which, and where there
    /// are none, whether their clock has been set anew.
    /// </summary>
    private long BeginOf(TimelineSegment segment, WebVttSegment read)
    {
        long start = (long)segment.Start.TotalMilliseconds, length = (long)segment.Length.TotalMilliseconds, zero = MediaTimeOf(read, 0);
        long ofPresentation = read.Cues.Sum(cue => Overlap(cue, start, length)), ofSegment = read.Cues.Sum(cue => Overlap(cue, 0, length));
        if (ofPresentation != ofSegment) _restarts = ofSegment > ofPresentation;
        else if (_zero is { } before && length > 0) _restarts = zero - before > length * PerMillisecond / 2;
        _zero = zero;
        return _restarts ? zero : MediaTimeOf(read, start);

        static long Overlap(WebVttCue cue, long from, long length) => Math.Max(0, Math.Min(cue.End, from + length) - Math.Max(cue.Start, from));
    }

    private static long MediaTimeOf(WebVttSegment read, long local) => (long)read.Media + ((local - read.Local) * PerMillisecond);

    private static long Units(TimeSpan length) => (long)Math.Round(Math.Min(length.TotalSeconds, uint.MaxValue / Scale) * Scale);

    private static byte[] Entry(string header)
    {
        BoxWriter writer = new();
        int entry = writer.Begin(FourCc.Wvtt);
        writer.U32(0);
        writer.U16(0);
        writer.U16(1);
        Write(writer, VttC, header);
        writer.End(entry);
        return writer.Written.ToArray();
    }

    private static void Write(BoxWriter writer, WebVttCue cue)
    {
        int box = writer.Begin(Vttc);
        if (cue.Id.Length > 0) Write(writer, Iden, cue.Id);
        if (cue.Settings.Length > 0) Write(writer, Sttg, cue.Settings);
        Write(writer, Payl, cue.Text);
        writer.End(box);
    }

    private static void Write(BoxWriter writer, uint type, string text)
    {
        int box = writer.Begin(type);
        writer.Bytes(Encoding.UTF8.GetBytes(text));
        writer.End(box);
    }
}
