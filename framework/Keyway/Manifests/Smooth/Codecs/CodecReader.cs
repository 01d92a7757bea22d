using Keyway.Manifests.Smooth.Model;
using Keyway.Manifests.Smooth.Xml;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Codecs;

/// <summary>Makes sample entries of what quality levels say of their codec ([MS-SSTR], 2.2.2.5): the server has none.</summary>
internal static class CodecReader
{
    private static readonly byte[] TimedText = [.. "http://www.w3.org/ns/ttml"u8];

    /// <summary>Reads what a quality says.</summary>
    /// <param name="stream">Its stream.</param>
    /// <param name="quality">The quality.</param>
    /// <param name="reason">Why nothing can be made of it.</param>
    /// <returns><see langword="null"/>: it cannot be played.</returns>
    public static CodecSetup? Read(SmoothStream stream, SmoothQuality quality, out string reason)
    {
        reason = "";
        try
        {
            return (stream.Kind, quality.FourCC.ToUpperInvariant()) switch
            {
                (MediaKind.Video, "H264" or "X264" or "AVC1" or "DAVC") => AvcSetup.Read(quality, DataOf(quality)),
                (MediaKind.Video, "HVC1") => HevcSetup.Read(quality, DataOf(quality), FourCc.Hvc1),
                (MediaKind.Video, "HEV1") => HevcSetup.Read(quality, DataOf(quality), FourCc.Hev1),
                (MediaKind.Audio, "AACL" or "AACH" or "AACP" or "AAC") => AacSetup.Read(quality, DataOf(quality)),
                (MediaKind.Audio, "") when quality.AudioTag is null or AacSetup.Tag => AacSetup.Read(quality, DataOf(quality)),
                (MediaKind.Audio, "AC-3") => DolbySetup.Read(quality, DataOf(quality), isEnhanced: false),
                (MediaKind.Audio, "EC-3") => DolbySetup.Read(quality, DataOf(quality), isEnhanced: true),
                (MediaKind.Text, "TTML" or "DFXP") when !stream.IsSparse => new CodecSetup { Handler = FourCc.Subt, SampleEntry = SampleEntries.Xml(TimedText), Codecs = "stpp" },
                (_, var other) => throw new CodecException(Refusal(stream, quality, other)),
            };
        }
        catch (CodecException exception)
        {
            reason = exception.Message;
            return null;
        }
    }

    private static string Refusal(SmoothStream stream, SmoothQuality quality, string fourCC) => (stream.Kind, fourCC) switch
    {
        (MediaKind.Text, _) when stream.IsSparse => "sparse text",
        (MediaKind.Video or MediaKind.Audio or MediaKind.Text, { Length: > 0 }) => SmoothCursor.Shown(quality.FourCC),
        (MediaKind.Audio, _) => $"audio with the format tag {quality.AudioTag}",
        (MediaKind.Video or MediaKind.Text, _) => "a codec that it does not name",
        _ => "another kind of stream",
    };

    /// <summary>The bytes that the digits are.</summary>
    private static byte[] DataOf(SmoothQuality quality)
    {
        string digits = quality.CodecPrivateData;
        if (digits.Length > SmoothLimits.CodecPrivateData) throw new CodecException($"CodecPrivateData of more than {SmoothLimits.CodecPrivateData} digits");
        if (digits.Length % 2 != 0) throw new CodecException($"CodecPrivateData with an odd number of digits ({digits.Length})");
        byte[] bytes = new byte[digits.Length / 2];
        return Convert.FromHexString(digits, bytes, out _, out _) == System.Buffers.OperationStatus.Done ? bytes : throw new CodecException("CodecPrivateData that has other letters than hexadecimal digits");
    }
}
