namespace Keyway.Fleet.Configuration;

/// <summary>What the fleet takes at most, and why.</summary>
internal static class FleetLimits
{
    /// <summary>Shards of the roster: a list of 10,000 names is 160 a shard, and one storage row stays below 100 KB.</summary>
    public const int RosterShards = 64;

    /// <summary>Shards of alerts: an origin is in one of them.</summary>
    public const int AlertShards = 16;

    /// <summary>Streams in all: each costs some 20 KB of memory and a request each period; more than this is another cluster.</summary>
    public const int Streams = 100_000;

    /// <summary>Streams of one shard, a little more than its share of all, as names are spread by chance.</summary>
    public const int StreamsOfShard = 2 * Streams / RosterShards;

    /// <summary>Characters of an address: what servers take of a request line.</summary>
    public const int Address = 4_096;

    /// <summary>Headers of a stream.</summary>
    public const int Headers = 16;

    /// <summary>Bytes of one request of the interface: a thousand streams in a list.</summary>
    public const long RequestBytes = 4 << 20;

    /// <summary>Bytes of the file of streams: all of them, at 500 bytes.</summary>
    public const long StreamFileBytes = 64 << 20;

    /// <summary>Entries of a stream's story: some minutes of a bad day, and 3 KB.</summary>
    public const int Story = 32;

    /// <summary>Characters of one text that is kept, or sent to another silo: manifests name things as they like.</summary>
    public const int Text = 300;

    /// <summary>Key sets of one stream that are looked after at once: those of now, and of what is announced.</summary>
    public const int KeySets = 16;

    /// <summary>Keys of one set: a manifest may name thousands, and a licence brings a handful.</summary>
    public const int KeysOfSet = 64;

    /// <summary>Renditions that a tick looks at: all of what services offer, a part of what only breaks them.</summary>
    public const int Renditions = 256;

    /// <summary>Segments that are looked at for gaps, of one rendition, in a tick.</summary>
    public const int SegmentsLookedAt = 12;

    /// <summary>Bytes of a segment that is fetched to see how fast it comes.</summary>
    public const long ProbeBytes = 16 << 20;

    /// <summary>Names of origins and providers that labels of measurements may have; what comes after is <c>other</c>.</summary>
    public const int Labels = 200;

    /// <summary>Alerts that one shard keeps.</summary>
    public const int AlertsOfShard = 20_000;

    /// <summary>Alerts that one message to a webhook has; the rest comes with the next.</summary>
    public const int AlertsOfMessage = 500;
}
