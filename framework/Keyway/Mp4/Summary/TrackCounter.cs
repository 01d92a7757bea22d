using Keyway.Mp4.Samples;

namespace Keyway.Mp4.Summary;

/// <summary>What was read of a track so far.</summary>
internal sealed class TrackCounter(Mp4Track track)
{
    private readonly KeyCheck _keyCheck = new();

    public Mp4Track Track { get; set; } = track;

    public long Samples { get; set; }

    public long ProtectedSamples { get; set; }

    public long Bytes { get; set; }

    /// <summary>How many samples were left protected.</summary>
    public long LeftProtected { get; set; }

    /// <summary>Whether all samples are protected in a way that nothing here opens.</summary>
    public bool IsForeign { get; set; }

    /// <summary>What says of clear samples that they are protected; it counts where no sample of the track turns out to be.</summary>
    public FormatError? Doubt { get; set; }

    public List<KeyId> KeyIds { get; } = new(1);

    /// <summary>The sample entries of every description of the track.</summary>
    public List<Mp4SampleEntry> SampleEntries { get; } = [.. track.SampleEntries];

    /// <summary>Where the next fragment begins that does not say it.</summary>
    public ulong DecodeTime { get; set; }

    public void Note(SampleTable table)
    {
        table.KeyCheck = _keyCheck;
        Samples += table.Count;
        ProtectedSamples += table.ProtectedCount;
        if (IsForeign) LeftProtected += table.Count;
        foreach (ref SampleRow row in table.Rows) Bytes += row.Size;
        DecodeTime = table.DecodeTime + table.TotalDuration;
        if (table.ProtectedCount == 0) return;
        foreach (TrackEncryption protection in table.Protections)
            if (protection.IsProtected && !KeyIds.Has(protection.KeyId)) KeyIds.Add(protection.KeyId);
    }

    /// <summary>Counts what is left of a table that was noted last and then lost samples.</summary>
    /// <param name="before">What had been counted before it was noted.</param>
    /// <param name="table">What is left.</param>
    public void Recount((long Samples, long ProtectedSamples, long Bytes) before, SampleTable table)
    {
        (Samples, ProtectedSamples, Bytes) = (before.Samples + table.Count, before.ProtectedSamples + table.ProtectedCount, before.Bytes);
        foreach (ref SampleRow row in table.Rows) Bytes += row.Size;
    }

    public Mp4TrackSummary ToSummary() => new()
    {
        Track = Track,
        Samples = Samples,
        ProtectedSamples = ProtectedSamples,
        LeftProtected = LeftProtected,
        Bytes = Bytes,
        KeyIds = KeyIds.GetRange(0, KeyIds.Count),
        SampleEntries = [.. SampleEntries],
        KeyCheck = _keyCheck.ToResult(),
        CheckedKeys = _keyCheck.ToKeys(),
    };
}
