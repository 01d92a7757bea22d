using Keyway.Mp4;
using Keyway.Protection;

namespace Keyway.Content;

/// <summary>Feeds the one view of protection with what boxes say.</summary>
internal static class ContentMap
{
    /// <summary>Adds what the boxes of a file or initialisation segment say.</summary>
    /// <param name="builder">Where to.</param>
    /// <param name="file">The file's name, put before box paths; empty where there is one file only.</param>
    /// <param name="boxes">The boxes.</param>
    /// <param name="track">The representation that the file belongs to; <see langword="null"/>: its tracks are the presentation's.</param>
    public static void Add(ProtectionMapBuilder builder, string file, MovieFacts boxes, string? track)
    {
        string prefix = file.Length == 0 ? "" : file + ":";
        for (int i = 0; i < boxes.Tracks.Count; i++)
        {
            Mp4Track facts = boxes.Tracks[i];
            if (!facts.IsProtected) continue;
            builder.Add(new TrackStatement
            {
                Track = track ?? TrackName(facts),
                Source = new(ProtectionOrigin.Movie, boxes.OpaqueKeyIds.Count > 0 ? $"{prefix}Segment/Tracks/TrackEntry[{i}]/…/ContentEncKeyID" : $"{prefix}moov/trak[{i}]/…/tenc"),
                Scheme = facts.Scheme,
                KeyIds = boxes.NamesNoKeys ? [] : KeyIdsOf(facts),
                OpaqueKeyIds = boxes.OpaqueKeyIds,
            });
        }

        for (int i = 0; i < boxes.Protection.Count; i++)
            builder.Add(new HeaderStatement { Box = boxes.Protection[i], Source = new(ProtectionOrigin.Movie, $"{prefix}moov/pssh[{i}]"), Track = track });
    }

    /// <summary>The keys that a track's samples are encrypted with unless a group says otherwise. A default of "not protected" names none.</summary>
    public static IReadOnlyList<KeyId> KeyIdsOf(Mp4Track track) =>
        [.. track.SampleEntries.Where(static entry => entry.Encryption is { IsProtected: true }).Select(static entry => entry.Encryption!.KeyId).Distinct()];

    /// <summary>The name of a file's track in the view.</summary>
    public static string TrackName(Mp4Track track) => $"track {track.Id}";
}

/// <summary>What <c>moov</c> says, kept after its stream is closed.</summary>
internal sealed record MovieFacts(IReadOnlyList<Mp4Track> Tracks, IReadOnlyList<PsshBox> Protection, bool IsFragmented, string Description)
{
    /// <summary>Whether its samples name no key, whatever stands there: they were in another container, whose playlist has the key.</summary>
    public bool NamesNoKeys { get; init; }

    /// <summary>The identifiers of keys as they stand in a file that gives them any length; nothing where they have 16 bytes.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> OpaqueKeyIds { get; init; } = [];

    /// <summary>What is there and is not read.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Of what is encrypted as a whole, and is not opened to be looked at.</summary>
    public static MovieFacts Hidden { get; } = new([], [], IsFragmented: true, "");
}
