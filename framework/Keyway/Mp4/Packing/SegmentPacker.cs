using Keyway.Decryption;
using Keyway.Mp4.Boxes;
using Keyway.Protection;

namespace Keyway.Mp4.Packing;

/// <summary>Puts samples of another container into MP4: a segment that describes itself, or its parts.</summary>
/// <remarks>
/// <code>
/// ftyp
/// moov ─ mvhd ─ trak × n ─ mvex
/// moof ─ mfhd ─ traf ─ tfhd ─ tfdt ─ trun     for each track
/// mdat
/// </code>
/// Threads: one at a time. Ownership: what is written is valid until the next is begun.
/// </remarks>
internal sealed class SegmentPacker
{
    /// <summary>What a sample says of itself with which decoding can begin, and what others say (ISO/IEC 14496-12, 8.8.3.1).</summary>
    public const uint SyncFlags = 0x02000000, NonSyncFlags = 0x01010000;

    private const uint Vmhd = 0x766D6864, Smhd = 0x736D6864, Nmhd = 0x6E6D6864, Sthd = 0x73746864, Dinf = 0x64696E66, Dref = 0x64726566, Url = 0x75726C20;

    private readonly BoxWriter _writer = new();

    /// <summary>What has been written.</summary>
    public Memory<byte> Written => _writer.Written;

    /// <summary>Begins anew.</summary>
    public void Clear() => _writer.Truncate(0);

    /// <summary>Writes boxes that were written before.</summary>
    public void Write(ReadOnlySpan<byte> boxes) => _writer.Bytes(boxes);

    /// <summary>Writes <c>ftyp</c> and <c>moov</c>.</summary>
    /// <param name="tracks">The tracks.</param>
    /// <param name="headers">Protection headers.</param>
    public void WriteMovie(IReadOnlyList<PackedTrack> tracks, IReadOnlyList<PsshBox>? headers = null)
    {
        int ftyp = _writer.Begin(FourCc.Ftyp);
        _writer.Bytes("iso6\0\0\0\0iso6cmfcmp41"u8);
        _writer.End(ftyp);
        int moov = _writer.Begin(FourCc.Moov);
        PlainBoxes.WriteMovieHeader(_writer, tracks[0].Timescale, (uint)tracks.Count + 1);
        foreach (PackedTrack track in tracks) WriteTrack(track);
        int mvex = _writer.Begin(FourCc.Mvex);
        foreach (PackedTrack track in tracks)
        {
            int trex = _writer.Begin(FourCc.Trex, 0, 0);
            foreach (uint field in (ReadOnlySpan<uint>)[track.Id, 1, 0, 0, track.DefaultFlags]) _writer.U32(field);
            _writer.End(trex);
        }

        _writer.End(mvex);
        foreach (PsshBox header in headers ?? []) _writer.Bytes(header.Box.Span);
        _writer.End(moov);
    }

    /// <summary>Writes a fragment of one track.</summary>
    /// <param name="track">The track.</param>
    /// <param name="sequence">The fragment's number.</param>
    /// <param name="decodeTime">When its first sample is decoded, in units of the track.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="data">Their bytes, one after the other.</param>
    /// <param name="maps">Of a protected track: the entries of their maps, one after the other.</param>
    /// <param name="vectors">Of a track whose samples have vectors of their own: those of the samples that are not clear, one after the other.</param>
    /// <exception cref="ArgumentException">The samples have other sizes together.</exception>
    public void WriteFragment(
        PackedTrack track, uint sequence, ulong decodeTime, ReadOnlySpan<PackedSample> samples, ReadOnlySpan<byte> data, ReadOnlySpan<Subsample> maps = default, ReadOnlySpan<byte> vectors = default)
    {
        int moof = _writer.Begin(FourCc.Moof);
        int mfhd = _writer.Begin(FourCc.Mfhd, 0, 0);
        _writer.U32(sequence);
        _writer.End(mfhd);
        int traf = _writer.Begin(FourCc.Traf);
        int tfhd = _writer.Begin(FourCc.Tfhd, 0, 0x020000);
        _writer.U32(track.Id);
        _writer.End(tfhd);
        int tfdt = _writer.Begin(FourCc.Tfdt, 1, 0);
        _writer.U64(decodeTime);
        _writer.End(tfdt);
        int trun = _writer.Begin(FourCc.Trun, 1, 0x01 | 0x100 | 0x200 | 0x400 | 0x800);
        _writer.U32((uint)samples.Length);
        int offset = _writer.Length;
        _writer.U32(0);
        long bytes = 0;
        foreach (ref readonly PackedSample sample in samples)
        {
            bytes += sample.Size;
            _writer.U32(sample.Duration);
            _writer.U32((uint)sample.Size);
            _writer.U32(sample.IsSync ? SyncFlags : NonSyncFlags);
            _writer.U32((uint)sample.CompositionOffset);
        }

        if (bytes != data.Length) throw new ArgumentException($"samples of {bytes} bytes together, and {data.Length} bytes", nameof(data));
        _writer.End(trun);
        if (track.Protection is { VectorSize: > 0 and var vector }) WriteVectors(samples, maps, vectors, vector);
        else if (track.Protection is not null) WriteMaps(samples, maps);
        _writer.End(traf);
        _writer.End(moof);
        _writer.Set(offset, (uint)(_writer.Length - moof + 8));
        int mdat = _writer.Begin(FourCc.Mdat);
        _writer.Bytes(data);
        _writer.End(mdat);
    }

    /// <summary>The sample encryption box (ISO/IEC 23001-7, 7.2): maps, and no vectors.</summary>
    private void WriteMaps(ReadOnlySpan<PackedSample> samples, ReadOnlySpan<Subsample> maps)
    {
        int senc = _writer.Begin(FourCc.Senc, 0, 2);
        _writer.U32((uint)samples.Length);
        foreach (ref readonly PackedSample sample in samples)
        {
            _writer.U16((ushort)sample.Subsamples);
            foreach (ref readonly Subsample entry in maps[..sample.Subsamples])
            {
                _writer.U16((ushort)entry.ClearBytes);
                _writer.U32(entry.ProtectedBytes);
            }

            maps = maps[sample.Subsamples..];
        }

        _writer.End(senc);
    }

    /// <summary>
    /// Which samples are clear (<c>seig</c>, ISO/IEC 23001-7, 6), and vectors and maps of the others. Where there are maps, a clear sample has an empty one.
    /// </summary>
    private void WriteVectors(ReadOnlySpan<PackedSample> samples, ReadOnlySpan<Subsample> maps, ReadOnlySpan<byte> vectors, int size)
    {
        int clear = 0;
        foreach (ref readonly PackedSample sample in samples)
            if (sample.IsClear) clear++;
        if (clear > 0) WriteGroups(samples);
        if (clear == samples.Length) return;
        bool hasMaps = !maps.IsEmpty;
        int senc = _writer.Begin(FourCc.Senc, 0, hasMaps ? 2u : 0);
        _writer.U32((uint)samples.Length);
        foreach (ref readonly PackedSample sample in samples)
        {
            if (!sample.IsClear)
            {
                _writer.Bytes(vectors[..size]);
                vectors = vectors[size..];
            }

            if (!hasMaps) continue;
            int count = _writer.Length, entries = 0;
            _writer.U16(0);
            foreach (ref readonly Subsample entry in maps[..sample.Subsamples])
            {
                uint left = entry.ClearBytes;
                // The field has 16 bits.
                for (; left > ushort.MaxValue; left -= ushort.MaxValue, entries++)
                {
                    _writer.U16(ushort.MaxValue);
                    _writer.U32(0);
                }

                _writer.U16((ushort)left);
                _writer.U32(entry.ProtectedBytes);
                entries++;
            }

            maps = maps[sample.Subsamples..];
            _writer.Set(count, (ushort)entries);
        }

        _writer.End(senc);
    }

    private void WriteGroups(ReadOnlySpan<PackedSample> samples)
    {
        const uint own = 0x10001;
        int sgpd = _writer.Begin(FourCc.Sgpd, 1, 0);
        _writer.U32(FourCc.Seig);
        _writer.U32(20);
        _writer.U32(1);
        _writer.Bytes(stackalloc byte[20]);   // not protected, and no key
        _writer.End(sgpd);
        int sbgp = _writer.Begin(FourCc.Sbgp, 0, 0);
        _writer.U32(FourCc.Seig);
        int count = _writer.Length;
        uint runs = 0;
        _writer.U32(0);
        for (int i = 0; i < samples.Length; runs++)
        {
            int first = i;
            while (i < samples.Length && samples[i].IsClear == samples[first].IsClear) i++;
            _writer.U32((uint)(i - first));
            _writer.U32(samples[first].IsClear ? own : 0);
        }

        _writer.Set(count, runs);
        _writer.End(sbgp);
    }

    private void WriteTrack(PackedTrack track)
    {
        bool isVideo = track.Handler == FourCc.Vide, isAudio = track.Handler == FourCc.Soun;
        int trak = _writer.Begin(FourCc.Trak);
        int tkhd = _writer.Begin(FourCc.Tkhd, 0, 3);   // enabled, in the movie
        foreach (uint field in (ReadOnlySpan<uint>)[0, 0, track.Id, 0, 0, 0, 0, 0, isAudio ? 0x01000000u : 0, 0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000, (uint)track.Width << 16, (uint)track.Height << 16]) _writer.U32(field);
        _writer.End(tkhd);
        if (track.MediaStart > 0)
        {
            int edts = _writer.Begin(FourCc.Edts);
            int elst = _writer.Begin(FourCc.Elst, 0, 0);
            foreach (uint field in (ReadOnlySpan<uint>)[1, 0, track.MediaStart, 0x00010000]) _writer.U32(field);
            _writer.End(elst);
            _writer.End(edts);
        }

        int mdia = _writer.Begin(FourCc.Mdia);
        int mdhd = _writer.Begin(FourCc.Mdhd, 0, 0);
        foreach (uint field in (ReadOnlySpan<uint>)[0, 0, track.Timescale, 0]) _writer.U32(field);
        _writer.U16(Language(track.Language));
        _writer.U16(0);
        _writer.End(mdhd);
        int hdlr = _writer.Begin(FourCc.Hdlr, 0, 0);
        foreach (uint field in (ReadOnlySpan<uint>)[0, track.Handler, 0, 0, 0]) _writer.U32(field);
        _writer.U8(0);
        _writer.End(hdlr);
        int minf = _writer.Begin(FourCc.Minf);
        int header = _writer.Begin(isVideo ? Vmhd : isAudio ? Smhd : track.Handler == FourCc.Subt ? Sthd : Nmhd, 0, isVideo ? 1u : 0);
        if (isVideo || isAudio) _writer.U32(0);
        if (isVideo) _writer.U32(0);
        _writer.End(header);
        int dinf = _writer.Begin(Dinf);
        int dref = _writer.Begin(Dref, 0, 0);
        _writer.U32(1);
        int url = _writer.Begin(Url, 0, 1);            // in this file
        _writer.End(url);
        _writer.End(dref);
        _writer.End(dinf);
        int stbl = _writer.Begin(FourCc.Stbl);
        int stsd = _writer.Begin(FourCc.Stsd, 0, 0);
        _writer.U32(1);
        _writer.Bytes(track.Protection is { } protection ? SampleEntries.Protected(track.SampleEntry.Span, isVideo ? FourCc.Encv : isAudio ? FourCc.Enca : FourCc.Encs, protection) : track.SampleEntry.Span);
        _writer.End(stsd);
        PlainBoxes.WriteEmptyTables(_writer);
        _writer.End(stbl);
        _writer.End(minf);
        _writer.End(mdia);
        _writer.End(trak);
    }

    /// <summary>Three letters in five bits each (ISO/IEC 14496-12, 8.4.2.3).</summary>
    private static ushort Language(string language)
    {
        ReadOnlySpan<char> letters = language.Length == 3 && !language.AsSpan().ContainsAnyExceptInRange('a', 'z') ? language : "und";
        return (ushort)(((letters[0] - 0x60) << 10) | ((letters[1] - 0x60) << 5) | (letters[2] - 0x60));
    }
}
