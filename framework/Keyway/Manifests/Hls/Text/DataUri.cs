using System.Text;

namespace Keyway.Manifests.Hls.Text;

/// <summary>A <c>data:</c> URI (RFC 2397): what it holds, without a request.</summary>
internal static class DataUri
{
    private const string Scheme = "data:";

    /// <summary>Whether a text is one.</summary>
    public static bool Is(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads one. Its bytes are base64, also percent-encoded and with white space in it; or percent-encoded text.</summary>
    /// <returns><see langword="false"/>: it is none, or its content is malformed.</returns>
    public static bool TryRead(string text, out byte[] bytes)
    {
        bytes = [];
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        if (!Is(text) || comma < 0) return false;
        string content = Uri.UnescapeDataString(text[(comma + 1)..]);
        if (text.AsSpan(0, comma).TrimEnd().EndsWith(";base64", StringComparison.OrdinalIgnoreCase)) return LenientBase64.TryRead(content, out bytes);
        bytes = Encoding.UTF8.GetBytes(content);
        return true;
    }
}
