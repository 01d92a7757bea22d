using System.IO.Pipelines;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Reading;
using Keyway.Mp4.Samples;

namespace Keyway.Mp4.Merge;

/// <summary>Writes clear samples of one track as a fragment of a merged file.</summary>
/// <remarks>
/// <code>
/// moof ─ mfhd  the next number
///      ─ traf ─ tfhd  new track number, sample entry, what all samples have in common; offsets count from the moof
///             ─ tfdt  64 bits
///             ─ what the samples' own traf said beside protection: sample groups, dependencies, subsamples
///             ─ trun  data_offset: behind the header of the mdat that follows
/// mdat ─ the samples, one after another
/// </code>
/// </remarks>
internal sealed class FragmentWriter(PipeWriter output)
{
    private const uint HasDuration = 0x100, HasSize = 0x200, HasFlags = 0x400, HasComposition = 0x800;

    private readonly BoxWriter _writer = new();
    private uint _sequence;

    /// <summary>Writes a fragment.</summary>
    /// <returns>How many bytes it has.</returns>
    public async ValueTask<long> WriteAsync(uint trackId, SourceFragment fragment, CancellationToken cancellationToken)
    {
        long payload = WriteHeader(trackId, fragment);
        await PipeOutput.WriteAsync(output, _writer.Written, cancellationToken).ConfigureAwait(false);
        await WritePayloadAsync(fragment, cancellationToken).ConfigureAwait(false);
        return _writer.Length + payload;
    }

    /// <summary>Samples that lie side by side are copied in one go.</summary>
    private async ValueTask WritePayloadAsync(SourceFragment fragment, CancellationToken cancellationToken)
    {
        SampleTable table = fragment.Table;
        for (int i = 0; i < table.Count;)
        {
            int start = table.Rows[i].Offset;
            int end = start;
            do end += table.Rows[i++].Size;
            while (i < table.Count && table.Rows[i].Offset == end);
            await PipeOutput.WriteAsync(output, fragment.Bytes[start..end], cancellationToken).ConfigureAwait(false);
        }
    }

    private long WriteHeader(uint trackId, SourceFragment fragment)
    {
        SampleTable table = fragment.Table;
        Common common = Common.Of(table.Rows);
        _writer.Truncate(0);
        int moof = _writer.Begin(FourCc.Moof);
        int mfhd = _writer.Begin(FourCc.Mfhd, 0, 0);
        _writer.U32(++_sequence);
        _writer.End(mfhd);

        int traf = _writer.Begin(FourCc.Traf);
        int tfhd = _writer.Begin(FourCc.Tfhd, 0, 0x020000 | 0x02 | (common.Duration ? 0x08u : 0) | (common.Size ? 0x10u : 0) | (common.Flags ? 0x20u : 0));
        _writer.U32(trackId);
        _writer.U32((uint)table.EntryIndex + 1);
        ref SampleRow first = ref table.Rows[0];
        if (common.Duration) _writer.U32(first.Duration);
        if (common.Size) _writer.U32((uint)first.Size);
        if (common.Flags) _writer.U32(table.Rows[^1].Flags);
        _writer.End(tfhd);

        int tfdt = _writer.Begin(FourCc.Tfdt, 1, 0);
        _writer.U64(table.DecodeTime);
        _writer.End(tfdt);
        CopyOthers(fragment);

        int trun = _writer.Begin(FourCc.Trun, (byte)(common.Signed ? 1 : 0), 0x01 | (common.Flags && common.FirstDiffers ? 0x04u : 0)
            | (common.Duration ? 0 : HasDuration) | (common.Size ? 0 : HasSize) | (common.Flags ? 0 : HasFlags) | (common.NoComposition ? 0 : HasComposition));
        _writer.U32((uint)table.Count);
        int dataOffset = _writer.Length;
        _writer.U32(0);
        if (common.Flags && common.FirstDiffers) _writer.U32(first.Flags);
        long payload = 0;
        foreach (ref SampleRow row in table.Rows)
        {
            payload += row.Size;
            if (!common.Duration) _writer.U32(row.Duration);
            if (!common.Size) _writer.U32((uint)row.Size);
            if (!common.Flags) _writer.U32(row.Flags);
            if (!common.NoComposition) _writer.U32((uint)row.CompositionOffset);
        }

        _writer.End(trun);
        _writer.End(traf);
        _writer.End(moof);
        _writer.Set(dataOffset, (uint)_writer.Length + 8);
        _writer.U32((uint)(payload + 8));       // a fragment is smaller than 2^31 bytes
        _writer.U32(FourCc.Mdat);
        return payload;
    }

    /// <summary>The samples are the same ones in the same order, so that what maps them to groups still holds. Times and offsets of the old file do not.</summary>
    private void CopyOthers(SourceFragment fragment)
    {
        // What maps samples by their numbers holds no more where some are missing.
        if (fragment.Traf is not { } traf) return;
        bool mapped = !fragment.Table.IsClipped;
        foreach (BoxRange range in traf.Others)
        {
            BoxWalker walker = new(fragment.Bytes.Span.Slice(range.Start, range.Length), range.Start, 0, BoxPath.Root);
            if (!walker.MoveNext(out Box box)) continue;
            if (box.Type == FourCc.Sgpd || (mapped && box.Type is FourCc.Sbgp or FourCc.Csgp or FourCc.Subs or FourCc.Sdtp)) _writer.Copy(box);
        }
    }

    /// <summary>What all samples have in common, and so need not say each.</summary>
    private readonly record struct Common(bool Duration, bool Size, bool Flags, bool FirstDiffers, bool NoComposition, bool Signed)
    {
        public static Common Of(ReadOnlySpan<SampleRow> rows)
        {
            bool duration = true, size = true, flags = true, none = true, signed = false;
            SampleRow first = rows[0], last = rows[^1];
            for (int i = 0; i < rows.Length; i++)
            {
                ref readonly SampleRow row = ref rows[i];
                duration &= row.Duration == first.Duration;
                size &= row.Size == first.Size;
                flags &= i == 0 || row.Flags == last.Flags;
                none &= row.CompositionOffset == 0;
                signed |= row.CompositionOffset < 0;
            }

            return new Common(duration, size, flags, first.Flags != last.Flags, none, signed);
        }
    }
}
