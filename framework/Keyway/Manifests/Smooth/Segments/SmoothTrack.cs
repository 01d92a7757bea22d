using Keyway.Manifests.Smooth.Codecs;
using Keyway.Manifests.Smooth.Fragments;
using Keyway.Manifests.Smooth.Model;
using Keyway.Mp4.Boxes;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Segments;

/// <summary>One quality of a stream, for as long as the presentation lasts, however often its manifest is read again.</summary>
internal sealed class SmoothTrack
{
    private readonly TrackFacts _facts;

    /// <param name="sources">What opens fragments.</param>
    /// <param name="origin">Where the manifest came from, as it is now.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="quality">The quality.</param>
    /// <param name="headers">The protection headers of the manifest.</param>
    /// <param name="feed">The fragments of the stream.</param>
    /// <param name="setup">What sets the decoder up; <see langword="null"/>: nothing does.</param>
    public SmoothTrack(MediaSources sources, Func<ContentOrigin> origin, SmoothStream stream, SmoothQuality quality, IReadOnlyList<SmoothHeader> headers, ChunkFeed feed, CodecSetup? setup)
    {
        (Stream, Quality, Feed, Setup) = (stream, quality, feed, setup);
        Template = AddressTemplate.Read(origin().Location, stream, quality, out FormatError error);
        Problem = Template is null ? error : stream.Problem;
        _facts = new TrackFacts { IsVideo = stream.Kind == MediaKind.Video, IsProtected = headers.Count > 0, Told = feed.Take };
        if (setup is null) return;
        // It is made, and has no address. Its name is that of the first fragment.
        Initialization = new TimelineSegment
        {
            Address = Template?.AddressOf(feed.Current.Start) ?? origin().Location,
            Timescale = stream.Timescale,
            Opening = new InitializationOpening(sources, setup, stream, headers, _facts, () => (origin(), Candidates())),
        };
    }

    public SmoothStream Stream { get; }

    public SmoothQuality Quality { get; }

    /// <summary>The fragments of its stream.</summary>
    public ChunkFeed Feed { get; }

    /// <summary>What sets its decoder up; <see langword="null"/>: nothing does.</summary>
    public CodecSetup? Setup { get; }

    /// <summary>Where its fragments are; <see langword="null"/>: <see cref="Problem"/> says why nobody knows.</summary>
    public AddressTemplate? Template { get; }

    /// <summary>What is wrong with its fragments.</summary>
    public FormatError? Problem { get; }

    /// <summary>Its initialisation segment; <see langword="null"/>: nothing sets its decoder up.</summary>
    public TimelineSegment? Initialization { get; }

    /// <summary>A fragment as a segment.</summary>
    public TimelineSegment Segment(Chunk chunk) => new()
    {
        Address = Template!.AddressOf(chunk.Time),
        Number = chunk.Number,
        Time = chunk.Time,
        Duration = chunk.Duration,
        Timescale = Stream.Timescale,
        // What nothing is known of comes as it is.
        Opening = Setup is null ? null : new FragmentOpening(_facts, new FragmentTime(chunk.Time, chunk.Duration)),
    };

    /// <summary>Where the fragments are that tell what describes all: the first; of a live stream the newest, as the oldest are about to go, and those that are said to follow may not be there yet.</summary>
    private IEnumerable<Uri> Candidates()
    {
        if (Template is not { } template) yield break;
        ChunkRuns chunks = Feed.Current;
        if (!Feed.IsLive)
        {
            foreach (Chunk chunk in chunks.From(0)) yield return template.AddressOf(chunk.Time);
            yield break;
        }

        for (ulong left = chunks.Count; left > 0; left--) yield return template.AddressOf(chunks.At(left - 1).Time);
    }
}
