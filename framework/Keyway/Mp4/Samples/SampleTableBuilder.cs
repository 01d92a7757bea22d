using Keyway.Mp4.Boxes;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Samples;

/// <summary>Fills a <see cref="SampleTable"/> from a <c>traf</c> whose data is in the buffer.</summary>
internal static class SampleTableBuilder
{
    /// <summary>Of a sample entry that announces protection and does not say how.</summary>
    private static readonly TrackEncryption Unsaid = new() { IsProtected = true, PerSampleIvSize = 0, KeyId = default };

    public static bool TryBuild(Moof moof, Traf traf, in FragmentData data, SampleTable table, out FormatError error)
    {
        if (!TryAddRows(traf, data, table, out error)) return false;
        SampleEntry entry = traf.Track.Entries[traf.EntryIndex];
        if (entry.LacksProtection) return Fail(traf, $"the sample entry '{entry.Facts.Format}' has no sinf", out error);
        if (!entry.IsProtected) return true;
        if (!TryAssign(traf, entry, table, out error)) return false;
        return table.ProtectedCount == 0 || entry.Scheme == default || TryReadAuxiliary(moof, traf, data, table, out error);
    }

    /// <summary>How many samples of a fragment are protected, and with which keys, without looking at its data.</summary>
    public static bool TryCount(Traf traf, List<KeyId> keys, out long count, out FormatError error)
    {
        count = 0;
        error = default;
        SampleEntry entry = traf.Track.Entries[traf.EntryIndex];
        if (!entry.IsProtected) return true;
        TrackEncryption defaults = DefaultsOf(entry, traf.Encryption);
        long left = traf.SampleCount;
        foreach (GroupRun run in traf.Encryption?.Override is null ? traf.Groups.Runs : [])
        {
            if (!traf.Groups.TryFind(run.Index, traf.Track.Groups, defaults, out TrackEncryption protection)) return NoGroup(traf, run.Index, out error);
            count += Noted(protection, Math.Min(left, run.Count));
            left -= Math.Min(left, run.Count);
        }

        if (left == 0) return true;
        if (!traf.Groups.TryFind(null, traf.Track.Groups, defaults, out TrackEncryption rest)) return NoGroup(traf, 0, out error);
        count += Noted(rest, left);
        return true;

        long Noted(TrackEncryption protection, long samples)
        {
            if (!protection.IsProtected || samples == 0) return 0;
            Note(keys, protection);
            return samples;
        }
    }

    /// <summary>Adds the key of protected samples to those of a track, once. What nothing is known of has none.</summary>
    public static void Note(List<KeyId> keys, TrackEncryption protection)
    {
        if (keys.Count < Mp4Limits.KeyIds && !ReferenceEquals(protection, Unsaid) && !keys.Has(protection.KeyId)) keys.Add(protection.KeyId);
    }

    public static TrackEncryption DefaultsOf(SampleEntry entry, Senc? senc) => senc?.Override ?? entry.Protection?.Encryption ?? Unsaid;

    private static bool TryAddRows(Traf traf, in FragmentData data, SampleTable table, out FormatError error)
    {
        uint empty = 0;
        for (int r = 0; r < traf.Runs.Count; r++)
        {
            Trun run = traf.Runs[r];
            (long start, long end) = traf.Extents[r];
            if (table.Count + (long)run.Count > Mp4Limits.FragmentSamples)
                return Fail(run, $"more than {Mp4Limits.FragmentSamples} samples in a fragment", out error);
            if (start == end && run.EntrySize == 0 && (empty += run.Count) > Mp4Limits.EmptySamples)
                return Fail(run, $"more than {Mp4Limits.EmptySamples} samples of no bytes", out error);
            if (start < end && !data.IsMedia(start, end))
                return Fail(run, $"samples from {start} to {end} do not lie in the media data of their fragment", out error);
            int at = start < end ? (int)(start - data.Offset) : 0;
            for (uint i = 0; i < run.Count; i++)
            {
                Trun.Entry sample = run.EntryAt(data.Bytes, i, traf.Header, traf.Track.Defaults);
                table.Add(at, (int)sample.Size, sample.Duration, sample.Flags, sample.CompositionOffset);
                at += (int)sample.Size;
            }
        }

        error = default;
        return true;
    }

    private static bool TryAssign(Traf traf, SampleEntry entry, SampleTable table, out FormatError error)
    {
        error = default;
        TrackEncryption defaults = DefaultsOf(entry, traf.Encryption);
        if (traf.Encryption is { Override: not null } senc) table.Scheme = Sinf.FromPiff(senc.Algorithm);
        int at = 0;
        if (traf.Encryption?.Override is null)
        {
            foreach (GroupRun run in traf.Groups.Runs)
            {
                if (!traf.Groups.TryFind(run.Index, traf.Track.Groups, defaults, out TrackEncryption protection)) return NoGroup(traf, run.Index, out error);
                int count = (int)Math.Min(run.Count, (uint)(table.Count - at));
                if (!TryMark(table, ref at, count, protection)) return TooManyKeys(traf, out error);
            }
        }

        if (at == table.Count) return true;
        if (!traf.Groups.TryFind(null, traf.Track.Groups, defaults, out TrackEncryption rest)) return NoGroup(traf, 0, out error);
        return TryMark(table, ref at, table.Count - at, rest) || TooManyKeys(traf, out error);
    }

    private static bool TryMark(SampleTable table, ref int at, int count, TrackEncryption protection)
    {
        if (count == 0) return true;
        int number = table.NumberOf(protection);
        if (number >= Mp4Limits.KeyIds) return false;
        foreach (ref SampleRow row in table.Rows.Slice(at, count)) row.Protection = number;
        at += count;
        if (protection.IsProtected) table.ProtectedCount += count;
        return true;
    }

    /// <summary>
    /// The standard lets auxiliary information lie anywhere and <c>saio</c> point to it; packagers put it into <c>senc</c>. Where both are there
    /// they are the same bytes, or <c>saio</c> is what went wrong. Its base is the one of the samples; some packagers count from the <c>moof</c>
    /// nevertheless, and a place is believed when every entry fits there.
    /// </summary>
    private static bool TryReadAuxiliary(Moof moof, Traf traf, in FragmentData data, SampleTable table, out FormatError error)
    {
        string? reason = null;
        int vector = DefaultsOf(table.Entry, traf.Encryption).PerSampleIvSize;
        if (traf.Encryption is { Count: > 0 } senc)
        {
            if (senc.Version != 0) return Fail(traf, $"senc version {senc.Version} is not known", out error);
            AuxiliaryReader reader = AuxiliaryReader.Of(senc, traf.AuxiliarySizes, vector);
            if (AuxiliaryChoice.TryChoose(ref reader, new Walk(table, traf, null), data.Bytes, data.Bytes, table.Count, table.ProtectedCount, out reason))
                return TryFill(traf, reader, new Walk(table, traf, null), data, table, out error);
        }

        if (traf.AuxiliarySizes is { Count: > 0 } sizes && traf.AuxiliaryOffsets is { Count: > 0 } offsets)
        {
            if (offsets.Count != 1 && offsets.Count != (uint)traf.Runs.Count) return Fail(traf, "saio has neither one offset nor one for each run", out error);
            string? first = null;
            long[] starts = new long[offsets.Count];
            AuxiliaryReader reader = new() { Sizes = sizes, End = data.Bytes.Length, TrackVectorSize = vector };
            foreach (bool other in (ReadOnlySpan<bool>)[false, true])
            {
                foreach (long origin in (ReadOnlySpan<long>)[traf.BaseOffset, moof.Offset, 0])
                {
                    // Vectors alone fit anywhere: never among the samples, and where nothing but chance is evidence for a place, with maps only.
                    for (int i = 0; i < starts.Length; i++) starts[i] = origin + offsets.OffsetAt(data.Bytes, i) - data.Offset;
                    string why = "the auxiliary information that saio points to lies among the samples";
                    if (!LiesAmongSamples(traf, starts, sizes, data)
                        && (other ? AuxiliaryChoice.TryChooseOtherSize(ref reader, new Walk(table, traf, starts), data.Bytes, data.Bytes)
                        : AuxiliaryChoice.TryChooseSized(ref reader, new Walk(table, traf, starts), data.Bytes, data.Bytes, out why, onlyVerified: origin == 0 && origin != traf.BaseOffset)))
                        return TryFill(traf, reader, new Walk(table, traf, starts), data, table, out error);
                    if (why == AuxiliaryChoice.TwoSizes) return Fail(traf, why, out error);
                    first ??= why;
                }
            }

            reason ??= first;
        }

        if (reason is not null) return Fail(traf, reason, out error);
        return AllHaveVectors(traf, table, out error);
    }

    private static bool LiesAmongSamples(Traf traf, long[] starts, in Saiz sizes, in FragmentData data)
    {
        int sample = 0;
        long at = 0;
        for (int run = 0; run < traf.Runs.Count; run++)
        {
            if (run < starts.Length) at = starts[run];
            long start = at;
            for (uint i = 0; i < traf.Runs[run].Count && sample < sizes.Count; i++) at += sizes.SizeOf(data.Bytes, sample++);
            foreach ((long first, long end) in traf.Extents)
                if (start + data.Offset < end && at + data.Offset > first) return true;
        }

        return false;
    }

    private static bool TryFill(Traf traf, AuxiliaryReader reader, Walk samples, in FragmentData data, SampleTable table, out FormatError error)
    {
        foreach (ref SampleRow row in table.Rows)
        {
            samples.MoveNext();
            if (samples.Place is { } place) reader.At = place;
            TrackEncryption? protection = samples.Protection;
            if (!reader.TryRead(data.Bytes, data.Bytes, protection, out AuxiliaryEntry entry, out string reason)) return Fail(traf, reason, out error);
            if (protection is { IsProtected: true } && !AuxiliaryReader.TryStore(data.Bytes, entry, table, ref row, out reason)) return Fail(traf, reason, out error);
        }

        return AllHaveVectors(traf, table, out error);
    }

    private static bool AllHaveVectors(Traf traf, SampleTable table, out FormatError error)
    {
        int number = 0;
        foreach (ref SampleRow row in table.Rows)
        {
            number++;
            if (table.LacksIv(row)) return Fail(traf, $"sample {number} of {table.Count} is protected and has no initialisation vector", out error);
        }

        error = default;
        return true;
    }

    private static bool NoGroup(Traf traf, uint index, out FormatError error) => Fail(traf, $"there is no seig group {index}", out error);

    private static bool TooManyKeys(Traf traf, out FormatError error) => Fail(traf, $"more than {Mp4Limits.KeyIds} keys in a fragment", out error);

    private static bool Fail(Traf traf, string reason, out FormatError error)
    {
        error = new FormatError(reason, "moof/traf", traf.Offset);
        return false;
    }

    private static bool Fail(in Trun run, string reason, out FormatError error)
    {
        error = new FormatError(reason, "moof/traf/trun", run.Offset);
        return false;
    }

    /// <summary>The rows of a table, run by run.</summary>
    private struct Walk(SampleTable table, Traf traf, long[]? starts) : ISampleWalk
    {
        private int _row = -1;
        private int _run = -1;
        private uint _left;

        public readonly TrackEncryption? Protection => table.Protections[table.Rows[_row].Protection];

        public readonly uint Size => (uint)table.Rows[_row].Size;

        public int? Place { get; private set; }

        public bool MoveNext()
        {
            Place = null;
            if (++_row >= table.Count) return false;
            while (_left == 0)
            {
                _left = traf.Runs[++_run].Count;

                // A place outside of what is at hand has no bytes.
                if (starts is not null && _run < starts.Length) Place = starts[_run] is >= 0 and <= int.MaxValue ? (int)starts[_run] : int.MaxValue;
            }

            _left--;
            return true;
        }
    }
}
