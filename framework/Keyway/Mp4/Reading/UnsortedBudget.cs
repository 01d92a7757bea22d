namespace Keyway.Mp4.Reading;

/// <summary>What tracks may cost, all together, whose chunks do not lie in order.</summary>
internal struct UnsortedBudget
{
    private long _samples;
    private long _chunks;

    /// <summary>Counts a track.</summary>
    /// <exception cref="MediaFormatException">It is too much.</exception>
    public void Take(ProgressiveTrack track, BoxWindow window)
    {
        _samples += track.Track.Tables.Count;
        _chunks += track.Track.Tables.Offsets.Count;
        if (_samples > Mp4Limits.UnsortedSamples) throw Error($"{_samples} samples whose chunks do not lie in order; {Mp4Limits.UnsortedSamples} are accepted");
        if (_chunks > Mp4Limits.UnsortedChunks) throw Error($"{_chunks} chunks that do not lie in order; {Mp4Limits.UnsortedChunks} are accepted");

        MediaFormatException Error(string reason) => window.Error(reason, $"moov/trak[{track.Track.Id}]/mdia/minf/stbl", -1);
    }
}
