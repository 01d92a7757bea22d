using System.Buffers.Binary;
using Keyway.Decryption;
using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.Samples;

/// <summary>Reads the auxiliary information of a track's samples one after the other, in a fragment or in <c>moov</c>, wherever it lies: initialisation vectors and subsample maps.</summary>
/// <remarks>
/// ISO/IEC 23001-7, 7.1.
/// <code>
/// entry: IV:0|8|16 [ subsample_count:2  ( clear:2 protected:4 ) × subsample_count ]
/// </code>
/// Where <c>saiz</c> gives a length, that length is what an entry has. A value: a copy remembers the place.
/// </remarks>
internal struct AuxiliaryReader
{
    private uint _counted;
    private int _sample;

    /// <summary>How long the entries are.</summary>
    public AuxiliaryLayout Layout { get; set; }

    /// <summary>The lengths that <c>saiz</c> gives.</summary>
    public Saiz? Sizes { get; init; }

    /// <summary>Whether the entries have subsample maps; <see langword="null"/> where <c>senc</c> is not there to say it.</summary>
    public bool? WithMaps { get; init; }

    /// <summary>How many entries <c>senc</c> counts.</summary>
    public uint Count { get; init; }

    /// <summary>Where the next entry begins in the buffer of the entries.</summary>
    public int At { get; set; }

    /// <summary>Where the entries end.</summary>
    public int End { get; init; }

    /// <summary>Whether they end exactly there: then nothing may be left.</summary>
    public bool IsExact { get; init; }

    /// <summary>The vector size that the track's protected sample entry gives.</summary>
    public int TrackVectorSize { get; init; }

    /// <summary>The vector size of the entries where it is not what the sample's group says; else 0.</summary>
    public int OtherVectorSize { get; set; }

    /// <summary>A reader for the entries of a <c>senc</c>, whose layout is yet to be chosen.</summary>
    public static AuxiliaryReader Of(in Senc senc, Saiz? sizes, int trackVectorSize) => new()
    {
        Sizes = sizes,
        WithMaps = senc.HasSubsamples,
        Count = senc.Count,
        At = senc.EntriesStart,
        End = senc.EntriesEnd,
        IsExact = true,
        TrackVectorSize = trackVectorSize,
    };

    /// <summary>Finds the entry of the next sample.</summary>
    /// <param name="entries">The buffer with the entries.</param>
    /// <param name="sizes">The buffer with <c>saiz</c>.</param>
    /// <param name="protection">What protects the sample; <see langword="null"/> where its sample entry is a clear one.</param>
    /// <param name="entry">The entry. That of a clear sample is passed over.</param>
    /// <param name="reason">What is wrong.</param>
    public bool TryRead(ReadOnlySpan<byte> entries, ReadOnlySpan<byte> sizes, TrackEncryption? protection, out AuxiliaryEntry entry, out string reason)
    {
        entry = default;
        reason = "";
        if (Layout == AuxiliaryLayout.None) return true;
        bool isProtected = protection is { IsProtected: true };
        int vector = protection?.PerSampleIvSize ?? 0;
        if (Layout == AuxiliaryLayout.Sized) return TryReadSized(entries, sizes, protection, OtherVectorSize > 0 ? OtherVectorSize : vector, ref entry, out reason);
        if (_counted >= Count) return true;
        if (!isProtected && Layout == AuxiliaryLayout.ProtectedOnly) return true;
        _counted++;
        if (!isProtected && Layout == AuxiliaryLayout.Empty) return true;
        if (!isProtected && Layout == AuxiliaryLayout.ByTrack) vector = TrackVectorSize;
        if (OtherVectorSize > 0 && (isProtected || Layout == AuxiliaryLayout.ByTrack)) vector = OtherVectorSize;
        return TryReadFields(entries[At..End], vector, WithMaps == true, ref entry, out reason);
    }

    /// <summary>Whether the subsamples of an entry add up to a sample.</summary>
    public static bool AddsUp(ReadOnlySpan<byte> entries, in AuxiliaryEntry entry, uint size, out string reason)
    {
        reason = "";
        if (entry.Subsamples == 0) return true;
        long total = 0;
        for (ReadOnlySpan<byte> map = entries.Slice(entry.MapAt, 6 * entry.Subsamples); map.Length > 0; map = map[6..])
            total += BinaryPrimitives.ReadUInt16BigEndian(map) + (long)BinaryPrimitives.ReadUInt32BigEndian(map[2..]);
        if (total == size) return true;
        reason = $"the subsamples of a sample of {size} bytes add up to {total}";
        return false;
    }

    /// <summary>Puts what an entry says into the row of its sample, which is a protected one.</summary>
    public static bool TryStore(ReadOnlySpan<byte> entries, in AuxiliaryEntry entry, SampleTable table, ref SampleRow row, out string reason)
    {
        if (!AddsUp(entries, entry, (uint)row.Size, out reason)) return false;
        if (entry.SaysClear)
        {
            row.Protection = table.NumberOf(TrackEncryption.Clear);
            table.ProtectedCount--;
            return true;
        }

        if (entry.VectorSize > 0)
        {
            row.Iv = table.AddVector(entries.Slice(entry.VectorAt, entry.VectorSize));
            row.IvSize = entry.VectorSize;
        }

        if (entry.Subsamples > 0) StoreMap(entries.Slice(entry.MapAt, 6 * entry.Subsamples), table, ref row);
        return true;
    }

    private bool TryReadSized(ReadOnlySpan<byte> entries, ReadOnlySpan<byte> sizes, TrackEncryption? protection, int vector, ref AuxiliaryEntry entry, out string reason)
    {
        reason = "";
        Saiz saiz = Sizes!.Value;
        int sample = _sample++;
        if ((uint)sample >= saiz.Count) return true;
        int size = saiz.SizeOf(sizes, sample);
        if (size > 0 && size > End - At)
        {
            reason = "the auxiliary information that saio points to is not within reach";
            return false;
        }

        int start = At;
        At += size;
        if (protection is not { IsProtected: true }) return true;
        entry.SaysClear = size == 0 && protection.NeedsOwnIv;
        if (size == 0) return true;
        At = start;
        if (!TryReadFields(entries.Slice(start, size), vector, WithMaps == true || size > vector, ref entry, out reason)) return false;
        if (At == start + size) return true;
        reason = $"the auxiliary information of a sample has {At - start} of {size} bytes";
        return false;
    }

    private bool TryReadFields(ReadOnlySpan<byte> data, int vector, bool withMap, ref AuxiliaryEntry entry, out string reason)
    {
        reason = "the auxiliary information of a sample is cut short";
        if (data.Length < vector) return false;
        entry.VectorAt = At;
        entry.VectorSize = vector;
        At += vector;
        if (!withMap) return true;
        if (data.Length - vector < 2) return false;
        int count = BinaryPrimitives.ReadUInt16BigEndian(data[vector..]);
        if ((data.Length - vector - 2) / 6 < count) return false;
        entry.MapAt = At + 2;
        entry.Subsamples = count;
        At += 2 + (6 * count);
        return true;
    }

    private static void StoreMap(ReadOnlySpan<byte> map, SampleTable table, ref SampleRow row)
    {
        Span<Subsample> subsamples = table.AddSubsamples(map.Length / 6, out int first);
        long hidden = 0;
        for (int i = 0; i < subsamples.Length; i++, map = map[6..])
        {
            subsamples[i] = new Subsample { ClearBytes = BinaryPrimitives.ReadUInt16BigEndian(map), ProtectedBytes = BinaryPrimitives.ReadUInt32BigEndian(map[2..]) };
            hidden += subsamples[i].ProtectedBytes;
        }

        row.Subsamples = first;
        row.SubsampleCount = subsamples.Length;
        if (hidden > 0) return;

        // Every byte is clear: no key is needed.
        table.DropSubsamples(first);
        row.SubsampleCount = -1;
    }
}
