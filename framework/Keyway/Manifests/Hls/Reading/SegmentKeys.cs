using System.Buffers.Binary;
using Keyway.Manifests.Hls.Model;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Which key a segment needs, of those in force where it stands, and with which initialisation vector.</summary>
internal static class SegmentKeys
{
    private const int VectorSize = 16;

    /// <summary>The key of a segment.</summary>
    /// <param name="playlist">Its playlist.</param>
    /// <param name="keys">The keys in force.</param>
    /// <param name="number">The segment's number: its initialisation vector, where the key gives none.</param>
    /// <returns><see langword="null"/>: it is clear.</returns>
    /// <exception cref="ManifestException">None of the keys can open it.</exception>
    public static SegmentKey? Of(HlsPlaylist playlist, IReadOnlyList<KeyTag> keys, ulong number)
    {
        if (Choose(playlist, keys) is not { } tag) return null;
        ReadOnlyMemory<byte> vector = tag.Vector;
        // Other key formats bring the vector of samples with the key.
        if (vector.IsEmpty && (tag.Method == KeyMethod.Aes128 || tag is { Method: KeyMethod.SampleAes, IsIdentity: true }))
        {
            byte[] numbered = new byte[VectorSize];
            BinaryPrimitives.WriteUInt64BigEndian(numbered.AsSpan(VectorSize - sizeof(ulong)), number);
            vector = numbered;
        }

        return Make(playlist, tag, vector);
    }

    /// <summary>The key of an initialisation segment. Where samples are encrypted, it is clear.</summary>
    /// <returns><see langword="null"/>: it is clear.</returns>
    /// <exception cref="ManifestException">None of the keys can open it, or nobody says with which initialisation vector.</exception>
    public static SegmentKey? OfMap(HlsPlaylist playlist, MapTag map)
    {
        if (Choose(playlist, map.Keys) is not { } tag || !tag.IsOfSegments) return null;
        if (tag.Vector.IsEmpty) throw Broken(playlist, tag, $"the initialisation segment of {map.Line} is encrypted with this key, which must have an IV then and has none");
        return Make(playlist, tag, tag.Vector);
    }

    private static SegmentKey Make(HlsPlaylist playlist, KeyTag tag, ReadOnlyMemory<byte> vector) => new()
    {
        Method = tag.Method switch
        {
            KeyMethod.Aes128 => SegmentKeyMethod.Aes128,
            KeyMethod.SampleAes => SegmentKeyMethod.SampleAes,
            _ => SegmentKeyMethod.SampleAesCtr,
        },
        Uri = tag.Uri ?? throw Broken(playlist, tag, "URI is no address"),
        // Nobody understands the address of a key that is none to be fetched.
        Format = tag.IsKeyFile ? SegmentKey.Identity : tag.IsIdentity ? $"{tag.Uri.Scheme}:" : tag.Format,
        InitializationVector = vector,
        Place = tag.Place,
    };

    /// <summary>The key to take of several: one that leads to the key itself before others, the first of those. One that is written by mistake is none where there are others.</summary>
    private static KeyTag? Choose(HlsPlaylist playlist, IReadOnlyList<KeyTag> keys)
    {
        if (keys.Count == 0) return null;
        KeyTag first = keys[0];
        foreach (KeyTag other in keys)
        {
            // Alternatives for one key cannot be of two kinds; what is not known may be of any.
            if (other.IsOfSegments != first.IsOfSegments || (other.Method == KeyMethod.Unknown) != (first.Method == KeyMethod.Unknown))
                throw Broken(playlist, other, $"METHOD={other.MethodText} is in force together with METHOD={first.MethodText} of {first.Line}: a segment cannot be both");
        }

        KeyTag? chosen = null;
        foreach (KeyTag tag in keys)
            if (tag.Problem is null && !tag.IsIdentifierOf(keys) && (chosen is null || (tag.IsKeyFile && !chosen.IsKeyFile))) chosen = tag;
        return chosen ?? throw Broken(playlist, first, first.Problem!);
    }

    private static ManifestException Broken(HlsPlaylist playlist, KeyTag at, string reason) => new(playlist.Name, new FormatError(reason, at.Line.ToString(), -1));
}
