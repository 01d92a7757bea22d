namespace Keyway.Timeline;

/// <summary>One version of one track in one period: a representation of DASH, a media playlist of HLS, a track of a file.</summary>
public sealed record Rendition
{
    /// <summary>Where it is: a place of the manifest, or <c>track N</c> of a file. Unlike every other of the presentation.</summary>
    public required string Path { get; init; }

    /// <summary>What it is for.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Where its segments are.</summary>
    public required SegmentList Segments { get; init; }

    /// <summary>Its identifier in the manifest, or its number in the file; empty where there is none. Content chose it: it is no part of any path.</summary>
    public string Id { get; init; } = "";

    /// <summary>The set of interchangeable renditions that it belongs to, by its identifier.</summary>
    public string? Group { get; init; }

    /// <summary>The place of that set in its period, from 0.</summary>
    public int GroupIndex { get; init; }

    /// <summary>Bits per second; 0 where that is not said.</summary>
    public long Bandwidth { get; init; }

    /// <summary>Width in pixels.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels.</summary>
    public int? Height { get; init; }

    /// <summary>Frames per second, as written: <c>25</c>, <c>30000/1001</c>.</summary>
    public string? FrameRate { get; init; }

    /// <summary>Samples per second, as written.</summary>
    public string? AudioSamplingRate { get; init; }

    /// <summary>The codecs (RFC 6381).</summary>
    public string? Codecs { get; init; }

    /// <summary>The language (RFC 5646).</summary>
    public string? Language { get; init; }

    /// <summary>Its label, for people.</summary>
    public string? Label { get; init; }

    /// <summary>What it is there for: <c>main</c>, <c>alternate</c>, <c>commentary</c>, … (<c>urn:mpeg:dash:role:2011</c>).</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Whether it is for fast forward and rewind only (trick mode).</summary>
    public bool IsTrickMode { get; init; }

    /// <summary>The container, as its manifest names it (a media type).</summary>
    public string? MimeType { get; init; }

    /// <summary>Whether its container is one that is read.</summary>
    public bool IsReadable { get; init; } = true;

    /// <summary>What its manifest demands to be understood, and is not: such a rendition is not played.</summary>
    public string? NotUnderstood { get; init; }

    /// <summary>What its manifest says about its protection, in the manifest's order.</summary>
    public IReadOnlyList<RenditionProtection> Protection { get; init; } = [];

    /// <summary>Whether its segments hold tracks of other kinds as well: those of its own kind are it.</summary>
    public bool IsMixed { get; init; }

    /// <summary>Its file as readers of samples take it: in MP4, whatever it is in.</summary>
    /// <param name="file">The file. Ownership: the result's.</param>
    /// <param name="name">Its name for messages.</param>
    internal Stream Repack(Stream file, string name) => FileRepacker.Open(file, name, MimeType);

    /// <summary>Of a track that shares its file with others: its number there.</summary>
    internal uint? TrackId { get; init; }
}
