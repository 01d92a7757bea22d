using Keyway.MediaUnits;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Samples;

/// <summary>Drops the samples of a fragment that are presented outside their period (ISO/IEC 23009-1, 7.2.1).</summary>
/// <remarks>
/// <code>
/// decoding order:   I P P P P P │ P P P P │ I P P
///                   dropped, or │  kept   │ dropped
///                   hidden      start     end
/// </code>
/// Where the first picture of the period is no sync sample, the ones that it is decoded from stay, from the sync sample on: each is presented for one unit
/// of the timescale right before the period, so that decoders have them and nobody sees them. What comes after the first sample past the end may need
/// that sample, and goes with it, as Media Source Extensions have it.
/// </remarks>
internal static class SampleClip
{
    /// <summary>Drops what does not belong to the place.</summary>
    /// <param name="table">The samples.</param>
    /// <param name="place">Where they are played.</param>
    /// <param name="editOffset">How much earlier than composed they are presented (<see cref="EditList"/>).</param>
    /// <param name="keepsHidden">
    /// Whether what lies before the period because of the edit list alone stays: where the file begins with the samples' movie, as decoders begin with it; and
    /// where the samples go on to the unit after those of the period before, which has none of them. There the manifest counts without the edit list.
    /// </param>
    /// <param name="reached">Up to which decode time the same media is there already; <see langword="null"/>: it is not.</param>
    /// <returns>Whether any sample is left.</returns>
    public static bool Apply(SampleTable table, SamplePlace place, long editOffset, bool keepsHidden, ulong? reached)
    {
        Clip clip = new(table, place, editOffset, keepsHidden);
        int end = clip.FindEnd();
        int first = clip.FindFirst(end);
        if (first == end) return clip.Keep(0, 0);

        // Periods that go on with the media of the one before: what the samples depend on went right before them.
        if (clip.TimeOf(first) == reached) return first == 0 && end == table.Count || clip.Keep(first, end, all: true);
        if (first == 0 && !clip.AnyBefore(0, end)) return end == table.Count || clip.Keep(0, end);
        if (table.Rows[first].IsSync) return clip.Keep(first, end);
        int sync = first;
        while (sync > 0 && !table.Rows[sync].IsSync) sync--;
        if (table.Rows[sync].IsSync) return clip.Hide(sync, first, end);

        // What leads to the first picture went before: nothing can be decoded until the next sync sample.
        if (first == 0) return clip.Keep(0, end);
        while (first < end && !table.Rows[first].IsSync) first++;
        return clip.Keep(first, end);
    }

    /// <summary>Drops the first samples, where what is left can be decoded without them.</summary>
    /// <returns>Whether that is so.</returns>
    public static bool TryDropFirst(SampleTable table, int count)
    {
        if (count < table.Count && !table.Rows[count].IsSync) return false;
        Take(table, count, table.Count);
        return true;
    }

    /// <summary>Leaves some samples, as they are.</summary>
    /// <param name="table">The samples.</param>
    /// <param name="first">The first of those that stay.</param>
    /// <param name="end">Where they end.</param>
    public static void Take(SampleTable table, int first, int end)
    {
        if (first == 0 && end == table.Count) return;
        ulong time = table.DecodeTime;
        foreach (ref SampleRow row in table.Rows[..first]) time += row.Duration;
        table.Rows[first..end].CopyTo(table.Rows);
        table.Shrink(end - first, time);
    }

    private readonly ref struct Clip
    {
        private readonly SampleTable _table;
        private readonly Span<SampleRow> _rows;
        private readonly Int128 _start;
        private readonly Int128 _end;
        private readonly Int128 _endSlack;
        private readonly Int128 _edit;
        private readonly Int128 _rounding;
        private readonly bool _keepsHidden;

        public Clip(SampleTable table, SamplePlace place, long editOffset, bool keepsHidden)
        {
            _table = table;
            _rows = table.Rows;
            _edit = editOffset;
            _keepsHidden = keepsHidden;
            _start = place.Start is { } start ? Units(start, place.Shift) : Int128.MinValue / 4;
            _end = place.End is { } end ? Units(end, place.Shift) : Int128.MaxValue / 4;
            _endSlack = Units(place.EndSlack, TimeSpan.Zero);
            _rounding = Units(Mp4Limits.PeriodRounding, TimeSpan.Zero);
        }

        /// <summary>The first sample that is presented from the end on, or the count.</summary>
        public int FindEnd()
        {
            int found = _rows.Length;
            Int128 time = _table.DecodeTime, last = Int128.MinValue;
            for (int i = 0; i < _rows.Length; i++)
            {
                Int128 presented = Presented(time, i);
                if (found == _rows.Length && presented >= _end - Rounding(i)) found = i;
                if (presented > last) last = presented;
                time += _rows[i].Duration;
            }

            return last < _end + _endSlack ? _rows.Length : found;
        }

        /// <summary>The first sample in decoding order that is not presented before the start.</summary>
        public int FindFirst(int end)
        {
            Int128 time = _table.DecodeTime;
            for (int i = 0; i < end; i++)
            {
                if (!IsBefore(time, i)) return i;
                time += _rows[i].Duration;
            }

            return end;
        }

        public bool AnyBefore(int first, int end)
        {
            Int128 time = TimeOf(first);
            for (int i = first; i < end; i++)
            {
                if (IsBefore(time, i)) return true;
                time += _rows[i].Duration;
            }

            return false;
        }

        /// <summary>Keeps the samples from one to another, without those among them that are presented before the start: they depend on what is gone.</summary>
        public bool Keep(int first, int end, bool all = false)
        {
            Int128 begin = TimeOf(first), time = begin;
            int kept = 0;
            for (int i = first; i < end; i++)
            {
                SampleRow row = _rows[i];
                bool before = !all && kept > 0 && IsBefore(time, i);
                time += row.Duration;
                if (before) _rows[kept - 1].Duration += row.Duration;
                else _rows[kept++] = row;
            }

            _table.Shrink(kept, (ulong)begin);
            CutLast();
            return kept > 0;
        }

        /// <summary>Keeps the samples from the sync sample on; those that are presented before the start are hidden.</summary>
        /// <remarks>
        /// Decoding begins when it would if the sync sample were the first of the period, one unit a hidden sample, and catches up with the samples' own times.
        /// </remarks>
        public bool Hide(int sync, int first, int end)
        {
            int before = first - sync, hidden = before;
            Int128 own = TimeOf(first), time = own;
            for (int i = first; i < end; time += _rows[i++].Duration)
                if (IsBefore(time, i)) hidden++;

            // The hidden ones are presented in the units right before the period, in decoding order.
            Int128 shown = _start + _edit - hidden;
            Int128 begin = Int128.Max(0, Int128.Max(own, _start + _edit - _rows[sync].CompositionOffset));
            Int128 now = Int128.Max(own, begin + before);
            for (int i = sync; i < first; i++)
            {
                _rows[i].IsHidden = true;
                _rows[i].CompositionOffset = Offset(shown++ - (begin + (i - sync)));
                _rows[i].Duration = i + 1 < first ? 1 : (uint)(now - (begin + before - 1));
            }

            for (int i = first; i < end; i++)
            {
                _rows[i].IsHidden = IsBefore(own, i);
                Int128 composed = _rows[i].IsHidden ? shown++ : own + _rows[i].CompositionOffset;
                own += _rows[i].Duration;
                Int128 next = Int128.Max(own, now + 1);
                _rows[i].CompositionOffset = Offset(composed - now);
                _rows[i].Duration = (uint)(next - now);
                now = next;
            }

            _rows[sync..end].CopyTo(_rows);
            _table.Shrink(end - sync, (ulong)begin);
            CutLast();
            return true;
        }

        /// <summary>The last sample ends with the period.</summary>
        private void CutLast()
        {
            if (_table.Count == 0 || _endSlack > 0) return;
            Span<SampleRow> rows = _table.Rows;
            Int128 time = _table.DecodeTime + _table.TotalDuration - rows[^1].Duration;
            Int128 presented = time + rows[^1].CompositionOffset - _edit;
            if (presented >= _end || presented + rows[^1].Duration <= _end) return;
            rows[^1].Duration = (uint)(_end - presented);
            _table.Shrink(rows.Length, _table.DecodeTime);
        }

        public Int128 TimeOf(int index)
        {
            Int128 time = _table.DecodeTime;
            for (int i = 0; i < index; i++) time += _rows[i].Duration;
            return time;
        }

        private Int128 Presented(Int128 time, int index) => time + _rows[index].CompositionOffset - _edit;

        private bool IsBefore(Int128 time, int index)
        {
            Int128 start = _start - Rounding(index);
            return Presented(time, index) < start && !(_keepsHidden && time >= start);
        }

        private Int128 Rounding(int index) => Int128.Min(_rounding, _rows[index].Duration / 2);

        private static int Offset(Int128 value) => (int)Int128.Clamp(value, int.MinValue, int.MaxValue);

        private Int128 Units(TimeSpan time, TimeSpan shift) =>
            ((Int128)time.Ticks - shift.Ticks) * Math.Max(1, _table.Track.Facts.Timescale) / TimeSpan.TicksPerSecond;
    }
}
