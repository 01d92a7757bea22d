using Keyway.Containers.WebM.Reading;
using Keyway.Containers.WebM.Structure;

namespace Keyway.Containers.WebM.Packing;

/// <summary>What a file, or an initialisation segment, says before its clusters, and the same as MP4 says it.</summary>
internal sealed class WebMDescription
{
    private WebMDescription(IReadOnlyList<WebMTrack> tracks, WebMClock clock, WebMMovie movie) => (Tracks, Clock, Movie) = (tracks, clock, movie);

    /// <summary>The tracks.</summary>
    public IReadOnlyList<WebMTrack> Tracks { get; }

    /// <summary>The unit of times.</summary>
    public WebMClock Clock { get; }

    /// <summary>The tracks as MP4 says it: those that are read.</summary>
    public WebMMovie Movie { get; }

    /// <summary>How long the media is, in units; 0: not said.</summary>
    public double Duration { get; private init; }

    /// <summary>Where the content of the segment begins: positions in it count from there.</summary>
    public long SegmentStart { get; private init; }

    /// <summary>Where the segment ends; <see langword="null"/>: it does not say.</summary>
    public long? SegmentEnd { get; private init; }

    /// <summary>Where the description ends.</summary>
    public long End { get; private init; }

    /// <summary>The identifiers of the keys of the tracks that are read, as the file has them.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> KeyIds => [.. Tracks.Where((track, i) => track.IsProtected && Movie.Packed[i] is not null).Select(static track => track.KeyId)];

    /// <summary>What is in the file and is not read.</summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>Describes what a reader has read.</summary>
    /// <param name="reader">The reader, behind <c>Tracks</c>.</param>
    /// <param name="frames">The clear beginning of the first frame of each track, as far as that is known.</param>
    /// <exception cref="MediaFormatException">A track is encrypted or stored in a way that is not opened, or none can be read.</exception>
    public static WebMDescription Of(WebMReader reader, IReadOnlyList<ReadOnlyMemory<byte>>? frames = null)
    {
        List<string> notes = [];
        string? unread = null;
        if (reader.Tracks.All(track => IsUnread(track, out unread))) throw reader.Error($"no track can be read: {unread}", "Segment/Tracks", -1);
        WebMMovie movie = WebMMovie.Of(reader.Tracks, reader.Clock, reader.Name, frames, track =>
        {
            if (!IsUnread(track, out string? problem) && (track.Problem ?? track.Compression) is { } refusal) throw new MediaFormatException(reader.Name, refusal);
            if (problem is not null) notes.Add($"{reader.Name}: track {track.Number} is not read: {problem}");
            return problem is not null;
        });
        for (int i = 0; i < reader.Tracks.Count; i++)
        {
            WebMTrack track = reader.Tracks[i];
            if (movie.Packed[i] is null) continue;
            if (track.CodecId == WebMCodec.Vp9 && !VpHeader.IsSaid(track, frames is null ? default : frames[i].Span))
                notes.Add($"{reader.Name}: track {track.Number} does not say which profile of VP9 it has: {(track.BitsPerChannel is 10 or 12 ? $"2, of {track.BitsPerChannel}" : "0, of 8")} bits, is taken");
            if (reader.Blocks.Exists(block => block.Track == i && block.HasAdditions))
                notes.Add($"{reader.Name}: track {track.Number} has BlockAdditions (planes of transparency and the like), which are not in its samples");
        }

        return new WebMDescription(reader.Tracks, reader.Clock, movie)
        {
            Duration = reader.Duration,
            SegmentStart = reader.SegmentStart,
            SegmentEnd = reader.SegmentEnd,
            End = reader.DescriptionEnd,
            Notes = notes,
        };
    }

    private static bool IsUnread(WebMTrack track, out string? problem)
    {
        CodecEntries.Make(track, default, out problem);
        return problem is not null;
    }

    /// <summary>Reads an initialisation segment, or the beginning of a file.</summary>
    /// <param name="bytes">The bytes. What stands behind <c>Tracks</c> is not looked at.</param>
    /// <param name="name">Its name for messages.</param>
    /// <exception cref="MediaFormatException">It is none.</exception>
    public static WebMDescription Read(ReadOnlyMemory<byte> bytes, string name)
    {
        using PrefixedStream stream = new(bytes, Stream.Null);
        using WebMReader reader = new(stream, name);
        while (true)
        {
            ValueTask<bool> step = reader.ReadAsync(CancellationToken.None);
            // Bytes that are there are waited for by nobody.
            if (!step.IsCompleted) throw new InvalidOperationException("bytes in memory cannot be waited for");
            if (!step.GetAwaiter().GetResult()) throw reader.Error("there is no Tracks: this is no initialisation segment", "Segment", bytes.Length);
            if (reader.Kind == SlabKind.Description) return Of(reader);
        }
    }

    /// <summary>Puts a segment of clusters into MP4.</summary>
    /// <param name="bytes">The segment. Not changed.</param>
    /// <param name="name">Its name for messages.</param>
    /// <exception cref="MediaFormatException">It is malformed.</exception>
    public Memory<byte> Pack(ReadOnlyMemory<byte> bytes, string name)
    {
        WebMPacker packer = new();
        packer.Begin(Movie, Tracks, Clock);
        using PrefixedStream stream = new(bytes, Stream.Null);
        using WebMReader reader = new(stream, name, Tracks, Clock);
        bool hasBlocks = false;
        while (true)
        {
            ValueTask<bool> step = reader.ReadAsync(CancellationToken.None);
            if (!step.IsCompleted) throw new InvalidOperationException("bytes in memory cannot be waited for");
            if (!step.GetAwaiter().GetResult()) break;
            if (reader.Kind == SlabKind.Description) throw reader.Error("a segment with a description of its own, behind another", "Segment/Tracks", reader.Offset);
            hasBlocks |= reader.Blocks.Count > 0;
            packer.Add(reader);
        }

        packer.Finish();
        return hasBlocks ? packer.Output.Written : throw reader.Error("the segment has no block", "Segment", 0);
    }
}
