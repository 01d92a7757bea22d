using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream;

/// <summary>Tells transport streams and packed audio by their first bytes.</summary>
internal static class ContainerSniffer
{
    /// <summary>Bytes that are enough for all but tags with pictures in them.</summary>
    public const int Enough = 4096;

    private const int Looks = 5;

    /// <summary>Says what bytes are the beginning of.</summary>
    /// <param name="beginning">The first bytes; more tell more surely.</param>
    public static ContainerKind Recognize(ReadOnlySpan<byte> beginning)
    {
        if (HasSync(beginning, 0, TsPacket.Size)) return ContainerKind.TransportStream;
        if (HasSync(beginning, 4, 192)) return ContainerKind.TimestampedTransportStream;
        if (HasSync(beginning, 0, 204)) return ContainerKind.CorrectedTransportStream;
        bool isTagged = false;
        while (Id3Tag.IsTag(beginning))
        {
            isTagged = true;
            int length = Id3Tag.LengthOf(beginning);
            if (length >= beginning.Length) return ContainerKind.Tagged;
            beginning = beginning[length..];
        }

        ContainerKind audio = RecognizeAudio(beginning);
        return audio != ContainerKind.None ? audio : isTagged ? ContainerKind.Tagged : ContainerKind.None;
    }

    /// <summary>What is wrong with reading a kind here; <see langword="null"/>: nothing.</summary>
    public static string? Problem(ContainerKind kind) => kind switch
    {
        ContainerKind.TimestampedTransportStream => "the transport stream has packets of 192 bytes, each with a time stamp before it (BDAV, M2TS): HLS has none of them, and they are not read",
        ContainerKind.CorrectedTransportStream => "the transport stream has packets of 204 bytes, each with error correction behind it: HLS has none of them, and they are not read",
        ContainerKind.PackedMpegAudio => "it is MPEG audio (MP3, MP2), which is not read",
        ContainerKind.Tagged => "what follows the ID3 tag is neither AAC in ADTS frames nor AC-3 nor E-AC-3",
        _ => null,
    };

    private static bool HasSync(ReadOnlySpan<byte> bytes, int first, int distance)
    {
        int seen = 0;
        for (int at = first; at < bytes.Length && seen < Looks; at += distance, seen++)
            if (bytes[at] != TsPacket.Sync) return false;
        // One byte alone says little; a whole packet that nothing follows is one.
        return seen > 1 || (seen == 1 && bytes.Length - first == distance - (distance == 192 ? 4 : 0));
    }

    private static ContainerKind RecognizeAudio(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= AdtsHeader.Least && AdtsHeader.TryRead(bytes, out AdtsHeader adts) is null)
            return bytes.Length < adts.Length + 2 || AdtsHeader.IsSync(bytes[adts.Length..]) || Id3Tag.IsTag(bytes[adts.Length..]) ? ContainerKind.PackedAac : ContainerKind.None;
        if (MpegAudioLength(bytes) is > 0 and var frame && bytes.Length >= frame + 4 && MpegAudioLength(bytes[frame..]) > 0) return ContainerKind.PackedMpegAudio;
        if (bytes.Length < DolbyHeader.Least || DolbyHeader.TryRead(bytes, out DolbyHeader dolby) is not null) return ContainerKind.None;
        if (bytes.Length >= dolby.Length + 2 && !DolbyHeader.IsSync(bytes[dolby.Length..]) && !Id3Tag.IsTag(bytes[dolby.Length..])) return ContainerKind.None;
        return dolby.IsEnhanced ? ContainerKind.PackedEAc3 : ContainerKind.PackedAc3;
    }

    /// <summary>How long a frame of MPEG audio is (ISO/IEC 11172-3, 2.4.2.3; 13818-3, 2.4.2.3); 0: none begins.</summary>
    private static int MpegAudioLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4 || bytes[0] != 0xFF || (bytes[1] & 0xE0) != 0xE0) return 0;
        int version = (bytes[1] >> 3) & 3, layer = 4 - ((bytes[1] >> 1) & 3), rate = bytes[2] >> 4, frequency = (bytes[2] >> 2) & 3, padding = (bytes[2] >> 1) & 1;
        if (version == 1 || layer is 1 or 4 || rate is 0 or 15 || frequency == 3) return 0;
        ReadOnlySpan<short> rates = (version, layer) switch
        {
            (3, 2) => [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
            (3, _) => [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            _ => [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        };
        int perSecond = (frequency switch { 0 => 44100, 1 => 48000, _ => 32000 }) >> (version == 3 ? 0 : version == 2 ? 1 : 2);
        // Of the halved sampling rates, a frame of layer III has half the samples.
        int coefficient = version != 3 && layer == 3 ? 72000 : 144000;
        return (coefficient * rates[rate] / perSecond) + padding;
    }
}
