namespace Keyway.Relay;

/// <summary>What the relay holds and hands out at most.</summary>
internal static class RelayLimits
{
    /// <summary>Connections at once. A browser opens six, so this is a hundred and fifty players; what is beyond waits for nothing and is closed.</summary>
    public const int Connections = 1024;

    /// <summary>Streams of the story at once: each keeps a connection. One a page.</summary>
    public const int StoryStreams = 64;

    /// <summary>Items of the story that are kept: an hour of a live channel with a segment of picture and sound every two seconds, and its licences.</summary>
    public const int StoryItems = 10_000;

    /// <summary>Characters of a text in the story. Whatever content says is cut.</summary>
    public const int StoryText = 2_000;

    /// <summary>Clear bytes that are kept in memory for the next player that asks for the same: two minutes of 4K, and what makes a file out of segments need not fetch one twice.</summary>
    public const long CachedBytes = 64 << 20;

    /// <summary>The largest segment, or file, that is kept whole: what the engine holds of one. A larger segment is refused, a larger file passes through.</summary>
    public const long LargestCached = 64 << 20;

    /// <summary>Segments that are fetched and decrypted at once; the next waits. Each may take up to the engine's limit of memory.</summary>
    public const int Openings = 16;

    /// <summary>How far back a live presentation is served at most.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(6);

    /// <summary>How long an answer waits for a key that is on its way. Players give up after half a minute: they are told to ask again.</summary>
    public static readonly TimeSpan KeyWait = TimeSpan.FromSeconds(5);

    /// <summary>How long a manifest waits until it is known which renditions are refused; afterwards it is served with those of which that is not known.</summary>
    public static readonly TimeSpan ManifestWait = TimeSpan.FromSeconds(12);

    /// <summary>How long requests may go on when the process is told to end.</summary>
    public static readonly TimeSpan Shutdown = TimeSpan.FromMilliseconds(500);

    /// <summary>The body of a request: a few words.</summary>
    public const int RequestBytes = 4096;

    /// <summary>Segments in one answer of the page's map, or in one playlist.</summary>
    public const int Segments = 100_000;

    /// <summary>A line from the parent process: arguments, keys, a CPIX document in base64.</summary>
    public const int ParentLine = 128 << 20;
}
