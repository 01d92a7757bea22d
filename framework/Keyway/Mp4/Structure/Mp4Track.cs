using Keyway.Decryption;

namespace Keyway.Mp4;

/// <summary>What <c>moov</c> says about one track.</summary>
public sealed record Mp4Track
{
    /// <summary>The track's number in its file.</summary>
    public required uint Id { get; init; }

    /// <summary>The kind of media: <c>vide</c>, <c>soun</c>, <c>subt</c> …</summary>
    public required string Handler { get; init; }

    /// <summary>The codec of the first sample entry, with profile and level where they are read.</summary>
    public string Codec => SampleEntries.Count == 0 ? "" : SampleEntries[0].Codec;

    /// <summary>The language (ISO 639-2/T), <c>und</c> where it is not said.</summary>
    public required string Language { get; init; }

    /// <summary>Units of time in a second.</summary>
    public required uint Timescale { get; init; }

    /// <summary>The duration in those units, where <c>moov</c> says it; a fragmented file says 0.</summary>
    public ulong Duration { get; init; }

    /// <summary>Width in pixels; 0 where there are none.</summary>
    public int Width { get; init; }

    /// <summary>Height in pixels; 0 where there are none.</summary>
    public int Height { get; init; }

    /// <summary>The sample descriptions, in order.</summary>
    public required IReadOnlyList<Mp4SampleEntry> SampleEntries { get; init; }

    /// <summary>Whether a sample entry announces protection. It may still be that no sample is.</summary>
    public bool IsProtected => Protected is not null;

    /// <summary>The scheme of the first protected sample entry.</summary>
    public ProtectionScheme Scheme => Protected?.Scheme ?? default;

    /// <summary>The default key identifiers (<c>tenc</c>) of all protected sample entries.</summary>
    public IEnumerable<KeyId> DefaultKeyIds => SampleEntries.Where(e => e.Encryption is not null).Select(e => e.Encryption!.KeyId).Distinct();

    private Mp4SampleEntry? Protected
    {
        get
        {
            // By hand: asked of every file, and the library's way is loaded for it.
            for (int i = 0; i < SampleEntries.Count; i++)
                if (SampleEntries[i] is { } entry && (entry.SchemeType is not null || entry.Encryption is not null)) return entry;
            return null;
        }
    }
}
