using System.Text;

namespace Keyway.Mp4.Reading;

/// <summary>Names what is given as MP4 and is something else, by its first bytes.</summary>
internal static class ForeignFormat
{
    /// <summary>How many bytes are looked at.</summary>
    public const int Bytes = 1024;

    private const int TransportPacket = 188;

    /// <summary>Names a format.</summary>
    /// <param name="beginning">The first bytes of a file, as far as it has them.</param>
    /// <returns>Its name with an article; <see langword="null"/> for one that is not known here.</returns>
    public static string? NameOf(ReadOnlySpan<byte> beginning)
    {
        if (!beginning.ContainsAnyExcept((byte)0)) return beginning.Length > 0 ? "zeros" : null;
        return NameOfBinary(beginning) ?? NameOfText(beginning);
    }

    private static string? NameOfBinary(ReadOnlySpan<byte> b)
    {
        if (b.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3])) return b.IndexOf("webm"u8) is >= 0 and < 64 ? "WebM" : "Matroska or WebM";
        if (IsTransportStream(b)) return "an MPEG transport stream";
        if (b.StartsWith((ReadOnlySpan<byte>)[0, 0, 1, 0xBA])) return "an MPEG program stream";
        if (b.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B])) return "gzip-compressed data";
        if (b.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])) return "Zstandard-compressed data";
        if (b.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'])) return "xz-compressed data";
        if (b.StartsWith((ReadOnlySpan<byte>)[(byte)'7', (byte)'z', 0xBC, 0xAF])) return "a 7-Zip archive";
        if (b.StartsWith("BZh"u8)) return "bzip2-compressed data";
        if (b.StartsWith("PK\u0003\u0004"u8)) return "a ZIP archive";
        if (b.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return "a JPEG picture";
        if (b.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G'])) return "a PNG picture";
        if (b.StartsWith("GIF8"u8)) return "a GIF picture";
        if (b.StartsWith("%PDF-"u8)) return "a PDF document";
        if (b.StartsWith("fLaC"u8)) return "FLAC audio";
        if (b.StartsWith("OggS"u8)) return "Ogg";
        if (b.StartsWith("FLV"u8)) return "Flash video";
        if (b.StartsWith("caff"u8)) return "Core Audio";
        if (b.StartsWith("FORM"u8)) return "AIFF audio";
        if (b.StartsWith((ReadOnlySpan<byte>)[0x30, 0x26, 0xB2, 0x75])) return "Windows Media (ASF)";
        if (b.StartsWith("DKIF"u8)) return "IVF video";
        if (b.StartsWith("RIFF"u8) && b.Length >= 12) return b.Slice(8, 4) switch { [(byte)'W', (byte)'E', (byte)'B', (byte)'P'] => "a WebP picture", [(byte)'A', (byte)'V', (byte)'I', _] => "AVI", _ => "a RIFF file (WAVE or the like)" };
        if (b.StartsWith("ID3"u8)) return "audio behind an ID3 tag (MP3 or packed AAC)";
        if (b is [0xFF, 0xF0 or 0xF1 or 0xF8 or 0xF9, ..]) return "AAC audio in ADTS frames";
        if (b is [0xFF, 0xFB or 0xFA or 0xF3 or 0xF2 or 0xE3, ..]) return "MP3 audio";
        if (b is [0x0B, 0x77, ..]) return "AC-3 audio";
        if (b.StartsWith("\u007FELF"u8)) return "a program";
        return b.StartsWith((ReadOnlySpan<byte>)[0, 0, 0, 1]) && b.Length > 4 && (b[4] & 0x9F) is 7 or 9 || b.StartsWith((ReadOnlySpan<byte>)[0, 0, 1]) ? "a raw video stream (Annex B or MPEG)" : null;
    }

    private static bool IsTransportStream(ReadOnlySpan<byte> b)
    {
        // With or without the four bytes of time that Blu-ray puts before each packet.
        foreach ((int first, int step) in (ReadOnlySpan<(int, int)>)[(0, TransportPacket), (4, TransportPacket + 4)])
        {
            int packets = 0;
            for (int at = first; at < b.Length && b[at] == 0x47; at += step) packets++;
            if (packets > 0 && first + (packets * step) >= b.Length && (packets > 1 || first == 0)) return true;
        }

        return false;
    }

    private static string? NameOfText(ReadOnlySpan<byte> b)
    {
        string text;
        if (b.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE])) text = Encoding.Unicode.GetString(b[2..]);
        else if (b.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])) text = Encoding.BigEndianUnicode.GetString(b[2..]);
        else if (b.IndexOfAnyInRange((byte)0, (byte)8) >= 0) return null;
        else text = Encoding.UTF8.GetString(b.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? b[3..] : b);

        ReadOnlySpan<char> words = text.AsSpan().TrimStart();
        if (words.IsEmpty) return "white space";
        if (words.StartsWith("#EXTM3U")) return "an HLS playlist (M3U8)";
        if (words.StartsWith("WEBVTT")) return "WebVTT subtitles";
        if (words[0] == '<')
        {
            if (words.Contains("<MPD", StringComparison.Ordinal)) return "a DASH manifest";
            if (words.Contains("<SmoothStreamingMedia", StringComparison.Ordinal)) return "a Smooth Streaming manifest";
            if (words.StartsWith("<!DOCTYPE html", StringComparison.OrdinalIgnoreCase) || words.Contains("<html", StringComparison.OrdinalIgnoreCase)) return "HTML, a web page";
            return words.StartsWith("<?xml") || words.StartsWith("<!--") || (words.Length > 1 && char.IsAsciiLetter(words[1])) ? "XML" : "text";
        }

        if (words[0] is '{' or '[') return "JSON";
        return words.ContainsAnyInRange('\u007F', '\u009F') || words.Contains('\uFFFD') ? null : "text";
    }
}
