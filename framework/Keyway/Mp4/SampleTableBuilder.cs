namespace Keyway.Mp4;

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
            count += Note(protection, Math.Min(left, run.Count));
            left -= Math.Min(left, run.Count);
        }

        if (left == 0) return true;
        if (!traf.Groups.TryFind(null, traf.Track.Groups, defaults, out TrackEncryption rest)) return NoGroup(traf, 0, out error);
        count += Note(rest, left);
        return true;

        long Note(TrackEncryption protection, long samples)
        {
            if (!protection.IsProtected || samples == 0) return 0;
            if (keys.Count < Mp4Limits.KeyIds && !keys.Contains(protection.KeyId)) keys.Add(protection.KeyId);
            return samples;
        }
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
        if (traf.Encryption is { Count: > 0 } senc)
        {
            if (senc.Version != 0) return Fail(traf, $"senc version {senc.Version} is not known", out error);
            if (TryReadSenc(traf, senc, data, table, out reason)) return AllHaveVectors(traf, table, out error);
        }

        if (traf.AuxiliarySizes is { Count: > 0 } sizes && traf.AuxiliaryOffsets is { Count: > 0 } offsets)
        {
            string? first = null;
            if (offsets.Count != 1 && offsets.Count != (uint)traf.Runs.Count) return Fail(traf, "saio has neither one offset nor one for each run", out error);
            long[] starts = new long[offsets.Count];
            foreach (long origin in (ReadOnlySpan<long>)[traf.BaseOffset, moof.Offset, 0])
            {
                table.ForgetAuxiliary();
                for (int i = 0; i < starts.Length; i++) starts[i] = origin + offsets.OffsetAt(data.Bytes, i) - data.Offset;
                if (TryReadSized(starts, sizes, traf, data, table, out string why))
                    return AllHaveVectors(traf, table, out error);
                first ??= why;
            }

            reason ??= first;
        }

        if (reason is not null) return Fail(traf, reason, out error);
        return AllHaveVectors(traf, table, out error);
    }

    /// <summary>
    /// How long an entry is follows from the sample's group. <c>saiz</c> says it too, and is asked when that does not come out even:
    /// packagers do not agree on what a clear sample of a protected track has.
    /// </summary>
    private static bool TryReadSenc(Traf traf, in Senc senc, in FragmentData data, SampleTable table, out string? reason)
    {
        if (TryReadInOrder(senc, data, table, out int left, out reason) && left == 0) return true;
        string? first = reason;
        if (traf.AuxiliarySizes is { } sizes && sizes.TotalBytes(data.Bytes) == senc.EntriesEnd - senc.EntriesStart)
        {
            table.ForgetAuxiliary();
            if (TryReadSized([senc.EntriesStart], sizes, traf, data, table, out _)) return true;
        }

        // Bytes behind the last entry are tolerated, as every reader does.
        table.ForgetAuxiliary();
        if (TryReadInOrder(senc, data, table, out _, out reason)) return true;
        reason = first ?? reason;
        return false;
    }

    private static bool TryReadInOrder(in Senc senc, in FragmentData data, SampleTable table, out int left, out string? reason)
    {
        ReadOnlySpan<byte> entries = data.Bytes[senc.EntriesStart..senc.EntriesEnd];
        Span<SampleRow> rows = table.Rows;
        bool protectedOnly = senc.Count < (uint)rows.Length && senc.Count == (uint)table.ProtectedCount;
        uint count = senc.Count;
        reason = null;
        left = 0;
        for (int i = 0; i < rows.Length && count > 0; i++)
        {
            if (protectedOnly && !table.Protections[rows[i].Protection].IsProtected) continue;
            if (!AuxiliaryReader.TryRead(entries, senc.HasSubsamples, table, ref rows[i], out int length, out reason)) return false;
            entries = entries[length..];
            count--;
        }

        left = entries.Length;
        return true;
    }

    /// <summary>Reads entries whose sizes are said, from one place for all or one for each run.</summary>
    private static bool TryReadSized(scoped ReadOnlySpan<long> starts, in Saiz sizes, Traf traf, in FragmentData data, SampleTable table, out string reason)
    {
        reason = "";
        Span<SampleRow> rows = table.Rows;
        long at = 0;
        int sample = 0;
        for (int r = 0; r < traf.Runs.Count; r++)
        {
            if (r < starts.Length) at = starts[r];
            for (uint i = 0; i < traf.Runs[r].Count; i++, sample++)
            {
                int size = sizes.SizeOf(data.Bytes, sample);
                if (size == 0) continue;
                reason = "the auxiliary information that saio points to is not within reach";
                if (at < 0 || at + size > data.Bytes.Length) return false;
                ReadOnlySpan<byte> entry = data.Bytes.Slice((int)at, size);
                int vector = table.Protections[rows[sample].Protection].PerSampleIvSize;
                if (!AuxiliaryReader.TryRead(entry, size > vector, table, ref rows[sample], out int length, out reason)) return false;
                reason = $"the auxiliary information of a sample has {length} of {size} bytes";
                if (length != size) return false;
                at += size;
            }
        }

        return true;
    }

    private static bool AllHaveVectors(Traf traf, SampleTable table, out FormatError error)
    {
        int number = -1;
        foreach (ref SampleRow row in table.Rows)
        {
            number++;
            if (!table.NeedsKey(row)) continue;
            TrackEncryption protection = table.Protections[row.Protection];
            if (row.Iv < 0 && (protection.PerSampleIvSize > 0 || protection.ConstantIv.IsEmpty))
                return Fail(traf, $"sample {number + 1} of {table.Count} is protected and has no initialisation vector", out error);
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
}
