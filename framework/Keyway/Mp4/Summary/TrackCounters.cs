using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Summary;

/// <summary>What was read of each track of a file so far, in the order of <c>moov</c>. A second <c>moov</c> goes on with the same tracks.</summary>
internal sealed class TrackCounters
{
    private readonly List<TrackCounter> _counters = [];

    public void Note(Movie movie)
    {
        foreach (Track track in movie.Tracks)
        {
            if (_counters.Find(c => c.Track.Id == track.Id) is not { } known) _counters.Add(new TrackCounter(track.Facts));
            else if (known.SampleEntries.Count < Mp4Limits.Notes) known.SampleEntries.AddRange(track.Facts.SampleEntries.Except(known.SampleEntries));
        }
    }

    public TrackCounter Of(Track track) => _counters.Find(c => c.Track.Id == track.Id)!;

    /// <summary>What is left to say at the end: samples that nothing opened, and of which it stayed in doubt whether they are clear.</summary>
    public FormatError? Doubt => _counters.Find(static c => c is { Doubt: not null, ProtectedSamples: 0 })?.Doubt;

    public IReadOnlyList<Mp4TrackSummary> ToSummaries() => _counters.ConvertAll(static c => c.ToSummary());
}
