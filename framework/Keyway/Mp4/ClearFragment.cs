namespace Keyway.Mp4;

/// <summary>Clear samples of one track that follow one another. Ownership: the reader's; valid until the next fragment is asked for.</summary>
public sealed class ClearFragment
{
    private readonly SourceFragment _fragment;

    internal ClearFragment(SourceFragment fragment)
    {
        _fragment = fragment;
        Track = fragment.Table.Track.Facts;
        SampleEntry = fragment.Table.Entry.Facts;
        DecodeTime = fragment.Table.DecodeTime;
        Duration = fragment.Table.TotalDuration;
        Count = fragment.Table.Count;
        ProtectedCount = fragment.Table.ProtectedCount;
    }

    /// <summary>The track.</summary>
    public Mp4Track Track { get; }

    /// <summary>What the samples are.</summary>
    public Mp4SampleEntry SampleEntry { get; }

    /// <summary>When the first is decoded, in the track's timescale.</summary>
    public ulong DecodeTime { get; }

    /// <summary>How long all last together, in the track's timescale.</summary>
    public ulong Duration { get; }

    /// <summary>How many samples there are.</summary>
    public int Count { get; }

    /// <summary>How many of them were protected.</summary>
    public int ProtectedCount { get; }

    /// <summary>Walks the samples in decoding order.</summary>
    public IEnumerable<ClearSample> Samples
    {
        get
        {
            ulong time = DecodeTime;
            for (int i = 0; i < Count; i++)
            {
                ClearSample sample = Read(i, time);
                time += sample.Duration;
                yield return sample;
            }
        }
    }

    private ClearSample Read(int index, ulong time)
    {
        SampleTable table = _fragment.Table;
        ref SampleRow row = ref table.Rows[index];
        return new ClearSample
        {
            Data = _fragment.Bytes.Slice(row.Offset, row.Size),
            DecodeTime = time,
            Duration = row.Duration,
            CompositionOffset = row.CompositionOffset,
            IsSync = (row.Flags & 0x00010000) == 0,
            WasProtected = table.ProtectedCount > 0 && table.Protections[row.Protection].IsProtected,
        };
    }
}
