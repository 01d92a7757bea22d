using Keyway.MediaUnits;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Reading;

/// <summary>Keeps of fragments what belongs to a range of the timeline, exact to the sample.</summary>
/// <remarks>
/// <code>
/// decoding order:   I P B B P B B │ I P B B P B B P B B │ I
/// presented:                       hidden │ kept   │ h    dropped
///                                         from     until
/// </code>
/// From the last sync sample that is presented at the beginning or before: the samples from there on are hidden up to the beginning, as decoding the others needs them.
/// Up to the last sample in decoding order that is presented before the end: those before it that are presented from the end on are hidden, others may depend on them.
/// Hidden ones keep their times. Of a track of text, a sample counts as long as it lasts.
/// Threads: one.
/// </remarks>
internal sealed class RangeClip : IDisposable
{
    private readonly SampleRange _range;
    private readonly Dictionary<uint, Line> _tracks = [];

    /// <param name="range">The range.</param>
    /// <param name="tracks">The tracks that are read.</param>
    public RangeClip(SampleRange range, IReadOnlyList<uint> tracks)
    {
        _range = range;
        foreach (uint track in tracks) _tracks.TryAdd(track, new Line());
    }

    /// <summary>Whether nothing that comes can belong to it.</summary>
    public bool IsOver => _tracks.Values.All(static line => line.IsOver);

    /// <summary>Whether nothing of a track that comes can belong to it.</summary>
    public bool IsOverFor(uint track) => _tracks.TryGetValue(track, out Line? line) && line.IsOver;

    /// <summary>Goes to the sample of a progressive file that is to be read first, by its tables: no sample before it is read.</summary>
    public void Seek(ProgressiveTrack track, Movie movie, SamplePlace? place, BoxWindow window)
    {
        if (_range.From is not { } from || track.AtEnd) return;
        track.Track.Edits ??= EditList.Of(movie, track.Track);
        EditList edits = track.Track.Edits;
        MediaClock clock = place?.Clock ?? MediaClock.OfFile;
        uint scale = track.Track.Facts.Timescale;
        SampleCursor found = track.Current;
        SampleTable passed = new();
        int earliest = 0;
        while (!track.AtEnd)
        {
            ref SampleCursor at = ref track.Current;
            earliest = Math.Min(earliest, at.CompositionOffset);
            if (clock.TimeOf(Limited(at.DecodeTime) + earliest - edits.Offset, scale) > from) break;
            if (at.IsSync && clock.TimeOf(edits.Present(Limited(at.DecodeTime) + at.CompositionOffset, at.Duration, out _), scale) <= from) found = at;
            if (passed.Count is 0 or 64 || passed.EntryIndex != at.EntryIndex) passed.Start(track.Track, at.EntryIndex, 0, 1);

            // Auxiliary information has no fixed size: the only way to the next sample's is through this one's.
            if (!at.TryAdd(passed, 0, out FormatError error)) throw window.Error(error);
            track.MoveNext(window);
        }

        track.GoTo(found);
    }

    /// <summary>Takes the next fragment. Ownership: of what is returned, the caller's; what is not wanted is disposed.</summary>
    /// <returns>What can be handed on now, in order.</returns>
    public IReadOnlyList<SourceFragment> Add(SourceFragment fragment)
    {
        if (!_tracks.TryGetValue(fragment.Table.Track.Id, out Line? line)) _tracks.Add(fragment.Table.Track.Id, line = new Line());
        if (line.IsOver)
        {
            fragment.Dispose();
            return [];
        }

        List<SourceFragment> ready = [];
        if (line.HasBegun || TryBegin(line, fragment)) TakeOrHold(line, fragment, ready);
        return ready;
    }

    /// <summary>Says that nothing more comes.</summary>
    /// <returns>What was held and is wanted.</returns>
    public IReadOnlyList<SourceFragment> Finish()
    {
        List<SourceFragment> ready = [];
        foreach (Line line in _tracks.Values)
        {
            if (line.HasBegun) Close(line, ready);
            else line.Drop();
        }

        return ready;
    }

    public void Dispose()
    {
        foreach (Line line in _tracks.Values) line.Drop();
    }

    private static long Limited(ulong time) => (long)Math.Min(time, long.MaxValue / 4);

    private static bool IsText(SourceFragment fragment) => fragment.Table.Track.Facts.Handler is "subt" or "text" or "sbtl" or "clcp" or "meta";

    /// <summary>Looks for the beginning. What comes before it is held from the last sync sample on.</summary>
    /// <returns>Whether the beginning has come: then it is the fragment, behind what is held.</returns>
    private bool TryBegin(Line line, SourceFragment fragment)
    {
        if (_range.From is not { } from)
        {
            line.HasBegun = true;
            return true;
        }

        int sync = -1, wanted = -1;
        Walk walk = new(fragment);
        while (walk.MoveNext())
        {
            if (walk.IsSync && walk.Time <= from) sync = walk.Index;
            if (wanted < 0 && (walk.Time >= from || (IsText(fragment) && walk.End > from))) wanted = walk.Index;
        }

        // Decoding text needs nothing but what is shown.
        if (IsText(fragment) && wanted >= 0) sync = wanted;
        if (sync >= 0)
        {
            line.Drop();
            SampleClip.Take(fragment.Table, sync, fragment.Table.Count);
        }

        // Nothing that was read can be decoded before the next sync sample.
        if (sync < 0 && line.Held.Count == 0)
        {
            walk = new Walk(fragment);
            while (wanted >= 0 && walk.MoveNext())
                if (walk.IsSync && sync < 0) sync = walk.Index;
            if (sync < 0)
            {
                fragment.Dispose();
                return false;
            }

            SampleClip.Take(fragment.Table, sync, fragment.Table.Count);
        }

        line.HasBegun = wanted >= 0;
        if (line.HasBegun) return true;
        line.Hold(fragment);
        return false;
    }

    private void TakeOrHold(Line line, SourceFragment fragment, List<SourceFragment> ready)
    {
        // What was held before the beginning goes first.
        if (line.Last is null)
        {
            foreach (SourceFragment before in line.Held) Hide(before);
            ready.AddRange(line.Held);
            line.Held.Clear();
        }

        int last = Hide(fragment);
        if (last == fragment.Table.Count - 1)
        {
            ready.AddRange(line.Held);
            line.Held.Clear();
            line.Last = -1;
            ready.Add(fragment);
        }
        else
        {
            if (last >= 0)
            {
                ready.AddRange(line.Held);
                line.Held.Clear();
                line.Last = last;
            }

            line.Last ??= -1;
            line.Hold(fragment);
        }

        if (_range.Until is not { } until) return;
        SampleTable table = fragment.Table;
        foreach (ref SampleRow row in table.Rows) line.Earliest = Math.Min(line.Earliest, row.CompositionOffset);
        if (fragment.Clock.TimeOf(Limited(table.DecodeTime + table.TotalDuration) + line.Earliest - fragment.Edits.Offset, table.Track.Facts.Timescale) >= until) Close(line, ready);
    }

    /// <summary>Ends a track: of the first fragment that is held what lies before the end, and nothing of the others.</summary>
    private static void Close(Line line, List<SourceFragment> ready)
    {
        line.IsOver = true;
        if (line.Held.Count > 0 && line.Last is >= 0 and { } last)
        {
            SourceFragment first = line.Held[0];
            line.Held.RemoveAt(0);
            SampleClip.Take(first.Table, 0, last + 1);
            ready.Add(first);
        }

        line.Drop();
    }

    /// <summary>Hides the samples that are not part of the range.</summary>
    /// <returns>The last in decoding order that is presented before the end; -1: none is.</returns>
    private int Hide(SourceFragment fragment)
    {
        int last = -1;
        Walk walk = new(fragment);
        while (walk.MoveNext())
        {
            bool before = _range.From is { } from && walk.Time < from && !(IsText(fragment) && walk.End > from);
            bool after = _range.Until is { } until && walk.Time >= until;
            if (!after) last = walk.Index;
            if (before || after) fragment.Table.Rows[walk.Index].IsHidden = true;
        }

        return last;
    }

    /// <summary>The samples of a fragment, and when each is presented.</summary>
    private struct Walk(SourceFragment fragment)
    {
        private ulong _next = fragment.Table.DecodeTime;

        public int Index { get; private set; } = -1;

        public TimeSpan Time { get; private set; }

        public TimeSpan End { get; private set; }

        public readonly bool IsSync => fragment.Table.Rows[Index].IsSync;

        public bool MoveNext()
        {
            if (++Index >= fragment.Table.Count) return false;
            ref SampleRow row = ref fragment.Table.Rows[Index];
            long units = fragment.Present(row, _next, out _);
            uint scale = fragment.Table.Track.Facts.Timescale;
            Time = fragment.Clock.TimeOf(units, scale);
            End = fragment.Clock.TimeOf(units + row.Duration, scale);
            _next += row.Duration;
            return true;
        }
    }

    /// <summary>How far a track is.</summary>
    private sealed class Line
    {
        /// <summary>What is not decided on: before the beginning, and at the end.</summary>
        public List<SourceFragment> Held { get; } = [];

        public bool HasBegun { get; set; }

        public bool IsOver { get; set; }

        /// <summary>The last sample of the first that is held at the end that lies before the end; -1: none does. <see langword="null"/>: nothing has been taken yet.</summary>
        public int? Last { get; set; }

        /// <summary>How much earlier than decoded samples are composed.</summary>
        public int Earliest { get; set; }

        public void Hold(SourceFragment fragment) => Held.Add(fragment);

        public void Drop()
        {
            foreach (SourceFragment held in Held) held.Dispose();
            Held.Clear();
        }
    }
}
