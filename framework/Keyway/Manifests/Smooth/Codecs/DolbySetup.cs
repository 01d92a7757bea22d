using Keyway.Manifests.Smooth.Model;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;

namespace Keyway.Manifests.Smooth.Codecs;

/// <summary>AC-3 and E-AC-3: what stands behind the extension of a WAVEFORMATEX is the content of <c>dac3</c> or <c>dec3</c> (ETSI TS 102 366, F.4 and F.6).</summary>
/// <remarks>
/// <code>
/// [ WAVEFORMATEX:18 ] samples of a block:2 channel mask:4 subformat:16 configuration
/// </code>
/// </remarks>
internal static class DolbySetup
{
    private const int Extension = 6, Format = 18, Size = 16;

    private static readonly Guid Plain = new("e06d802c-db46-11cf-b4d1-00805f6cbbea"), Enhanced = new("a7fb87af-2d02-42fb-a4d4-05cd93843bdd");

    public static CodecSetup Read(SmoothQuality quality, ReadOnlySpan<byte> data, bool isEnhanced)
    {
        if (quality.SamplingRate is not > 0 || quality.Channels is not > 0) throw new CodecException("Dolby audio without a SamplingRate and Channels");
        ReadOnlySpan<byte> configuration = Find(data, isEnhanced ? Enhanced : Plain);
        if (configuration.IsEmpty) throw new CodecException($"CodecPrivateData without what sets up {(isEnhanced ? "E-AC-3 (dec3)" : "AC-3 (dac3)")}");
        int length = isEnhanced ? LengthOf(configuration) : 3;
        if (length < 0 || configuration.Length < length) throw new CodecException($"a malformed {(isEnhanced ? "dec3" : "dac3")} in CodecPrivateData");
        return new CodecSetup
        {
            Handler = FourCc.Soun,
            SampleEntry = SampleEntries.Audio(isEnhanced ? FourCc.Ec3 : FourCc.Ac3, Math.Min(quality.Channels.Value, byte.MaxValue), quality.SamplingRate.Value, isEnhanced ? FourCc.Dec3 : FourCc.Dac3, configuration),
            Codecs = isEnhanced ? "ec-3" : "ac-3",
        };
    }

    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> data, Guid format)
    {
        foreach (int at in (ReadOnlySpan<int>)[Extension, Format + Extension])
            if (data.Length > at + Size && new Guid(data.Slice(at, Size), bigEndian: false) == format) return data[(at + Size)..];
        return default;
    }

    /// <summary>How long <c>dec3</c> is by its own word: of each independent substream three bytes, and one more where others depend on it.</summary>
    private static int LengthOf(ReadOnlySpan<byte> configuration)
    {
        BitReader bits = new(configuration);
        bits.Skip(13);
        for (uint left = bits.Bits(3) + 1; left > 0 && bits.Ok; left--)
        {
            bits.Skip(2 + 5 + 1 + 1 + 3 + 3 + 1 + 3);
            bits.Skip(bits.Bits(4) > 0 ? 9 : 1);
        }

        return bits.Ok ? bits.Position / 8 : -1;
    }
}
