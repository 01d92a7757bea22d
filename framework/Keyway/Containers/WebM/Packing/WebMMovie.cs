using Keyway.Containers.WebM.Structure;
using Keyway.Mp4;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;
using Keyway.Mp4.Structure;

namespace Keyway.Containers.WebM.Packing;

/// <summary>The tracks of a WebM file as MP4 describes them: what everybody knows who opens samples, checks keys and counts.</summary>
internal sealed class WebMMovie
{
    private readonly Track?[] _tracks;

    private WebMMovie(Track?[] tracks, PackedTrack?[] packed, Mp4Track[] facts, byte[] bytes, Movie whole) => (_tracks, Packed, Facts, Bytes, Whole) = (tracks, packed, facts, bytes, whole);

    /// <summary>How each track is written; <see langword="null"/> where it is not.</summary>
    public IReadOnlyList<PackedTrack?> Packed { get; }

    /// <summary>What people see of each track, by its codec of WebM where MP4 has none.</summary>
    public IReadOnlyList<Mp4Track> Facts { get; }

    /// <summary>An initialisation segment of them.</summary>
    public byte[] Bytes { get; }

    /// <summary>The same as it is read.</summary>
    public Movie Whole { get; }

    /// <summary>The tracks as readers of samples know them; <see langword="null"/> where one is left out.</summary>
    public Track? this[int index] => _tracks[index];

    /// <summary>Describes tracks.</summary>
    /// <param name="tracks">The tracks.</param>
    /// <param name="clock">The unit of times.</param>
    /// <param name="name">The file's name for messages.</param>
    /// <param name="frames">The clear beginning of the first frame of each track, as far as that is known.</param>
    /// <param name="leaveOut">Which tracks are left out.</param>
    /// <exception cref="MediaFormatException">A track cannot be described: its number is too large.</exception>
    public static WebMMovie Of(IReadOnlyList<WebMTrack> tracks, WebMClock clock, string name, IReadOnlyList<ReadOnlyMemory<byte>>? frames = null, Func<WebMTrack, bool>? leaveOut = null)
    {
        PackedTrack?[] packed = new PackedTrack?[tracks.Count];
        for (int i = 0; i < tracks.Count; i++)
        {
            WebMTrack track = tracks[i];
            if (leaveOut?.Invoke(track) == true) continue;
            if (track.Number > uint.MaxValue) throw new MediaFormatException(name, new FormatError($"a track has the number {track.Number}", "Segment/Tracks/TrackEntry", -1));
            WebMTimes times = WebMTimes.Of(track, clock);
            packed[i] = new PackedTrack
            {
                Id = (uint)track.Number,
                Handler = HandlerOf(track),
                Timescale = times.Timescale,
                SampleEntry = CodecEntries.Make(track, frames is null ? default : frames[i].Span, out _),
                Protection = track is { IsProtected: true, Problem: null } ? new PackedProtection(KeyId.FromOpaque(track.KeyId.Span), default, 0, 0) { VectorSize = FrameHead.VectorSize } : null,
                Width = track.Width,
                Height = track.Height,
                Language = track.Language,
                MediaStart = (uint)Math.Min(times.UnitsOf(track.CodecDelay), times.Timescale),
            };
        }

        PackedTrack[] written = [.. packed.OfType<PackedTrack>()];
        if (written.Length == 0) throw new MediaFormatException(name, new FormatError("it has no track that can be read", "Segment/Tracks", -1));
        SegmentPacker packer = new();
        packer.WriteMovie(written);
        byte[] bytes = packer.Written.ToArray();
        BoxHeader.TryRead(bytes, out BoxHeader ftyp);
        if (!Movie.TryRead(bytes[(int)ftyp.Length..], ftyp.Length, out Movie movie, out FormatError error)) throw new MediaFormatException(name, error);
        Track?[] read = [.. packed.Select(each => each is null ? null : movie.Find(each.Id))];
        return new WebMMovie(read, packed, [.. read.Select((each, i) => each is null ? new Mp4Track { Id = 0, Handler = "", Language = "und", Timescale = 1, SampleEntries = [] } : Named(each.Facts, tracks[i]))], bytes, movie);
    }

    private static uint HandlerOf(WebMTrack track) => track.Type switch
    {
        WebMTrack.VideoType => FourCc.Vide,
        WebMTrack.AudioType => FourCc.Soun,
        WebMTrack.SubtitleType => FourCc.Subt,
        _ => FourCc.Meta,
    };

    private static Mp4Track Named(Mp4Track facts, WebMTrack track)
    {
        CodecEntries.Make(track, default, out string? problem);
        return problem is null ? facts : facts with { SampleEntries = [.. facts.SampleEntries.Select(entry => entry with { Codec = track.CodecId })] };
    }
}
