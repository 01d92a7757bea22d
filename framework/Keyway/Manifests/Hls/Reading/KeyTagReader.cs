using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Text;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Reads <c>EXT-X-KEY</c> and <c>EXT-X-SESSION-KEY</c>.</summary>
/// <remarks>What is wrong with a key is kept with it: others may serve, and nothing under it is taken for clear.</remarks>
internal static class KeyTagReader
{
    private const int VectorSize = 16;

    /// <summary>Reads one.</summary>
    /// <exception cref="ManifestException">It has no method, or is not a list of attributes.</exception>
    public static KeyTag Read(PlaylistText text, PlaylistLine at, ReadOnlySpan<char> value)
    {
        AttributeList attributes = AttributeList.Read(text, at, value);
        string written = attributes.Required("METHOD");
        KeyMethod method = MethodOf(written);
        KeyTag tag = new() { Line = at, Place = text.PlaceOf(at), Method = method, MethodText = Shown(written), Base = text.Origin.Location };
        if (method == KeyMethod.None)
        {
            if (attributes.Items.Count > 1) text.Note(at, "METHOD=NONE has no other attributes; it ends every key");
            return tag;
        }

        tag = tag with
        {
            UriText = attributes.Text("URI")?.Trim() ?? "",
            Format = written == KeyTag.CommonEncryption ? KeyTag.CommonEncryption : attributes.Text("KEYFORMAT") is { Length: > 0 } format ? format : SegmentKey.Identity,
            FormatVersions = attributes.Text("KEYFORMATVERSIONS") is { Length: > 0 } versions ? versions : "1",
            KeyId = attributes.Text("KEYID") is { } id ? KeyIdOf(text, at, id) : null,
        };
        if (written == KeyTag.CommonEncryption && DataUri.TryRead(tag.UriText, out byte[] named) && Keyway.KeyId.TryRead(named, out KeyId own) && named.Length == Keyway.KeyId.Size) tag = tag with { KeyId = own };
        tag = WithVector(text, at, attributes.Text("IV"), tag);
        return tag with { Problem = ProblemOf(tag) ?? tag.Problem };
    }

    private static KeyMethod MethodOf(string written) => written switch
    {
        "NONE" => KeyMethod.None,
        "AES-128" => KeyMethod.Aes128,
        "SAMPLE-AES" => KeyMethod.SampleAes,

        // The second is what an early packager called it, the third what one service does.
        "SAMPLE-AES-CTR" or "SAMPLE-AES-CENC" or KeyTag.CommonEncryption => KeyMethod.SampleAesCtr,
        "AES-256" or "AES-256-CTR" or "AES-256-GCM" or "AES-128-ECB" or "CHACHA20" => KeyMethod.OtherSegment,
        _ => KeyMethod.Unknown,
    };

    private static string? ProblemOf(KeyTag tag) => tag switch
    {
        { Method: KeyMethod.OtherSegment } => $"METHOD={tag.MethodText} is not supported",
        { Method: KeyMethod.Unknown } => $"METHOD={tag.MethodText} is not known",
        { UriText: "" } => "URI is missing",
        { UriText.Length: > ManifestLimits.Address } when !DataUri.Is(tag.UriText) => $"URI is longer than {ManifestLimits.Address} characters",
        { IsIdentity: true } when !tag.FormatVersions.Split('/').Contains("1") => $"KEYFORMATVERSIONS={Shown(tag.FormatVersions)} of identity is not known",
        { IsIdentity: true, Uri: null } when !DataUri.Is(tag.UriText) => "URI is no address",
        _ => null,
    };

    private static KeyTag WithVector(PlaylistText text, PlaylistLine at, string? written, KeyTag tag)
    {
        if (written is null) return tag;
        if (tag.Method == KeyMethod.SampleAesCtr)
        {
            text.Note(at, $"METHOD={tag.MethodText} has no IV; it is ignored");
            return tag;
        }

        if (!PlaylistValue.TryHex(written, out byte[] bytes, out bool isBare)) return tag with { Problem = "IV is not a hexadecimal number of 32 digits behind 0x" };
        if (isBare) text.Note(at, "IV has no 0x before it");
        if (bytes.Length == VectorSize) return tag with { Vector = bytes };

        // A packager writes initialisation vectors of 8 bytes so, and encrypts with zeros behind them. Of other lengths nobody knows.
        if (bytes.Length != VectorSize / 2) return tag with { Problem = $"IV has {bytes.Length} bytes instead of {VectorSize}" };
        text.Note(at, "IV has 8 bytes instead of 16; zeros are put behind them");
        Array.Resize(ref bytes, VectorSize);
        return tag with { Vector = bytes };
    }

    private static KeyId? KeyIdOf(PlaylistText text, PlaylistLine at, string written)
    {
        ReadOnlySpan<char> digits = written.AsSpan().Trim();
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)) digits = digits[2..];
        if (Keyway.KeyId.TryParse(digits.ToString(), out KeyId id)) return id;
        text.Note(at, "KEYID is not a key identifier");
        return null;
    }

    private static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "…";
}
