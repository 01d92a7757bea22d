using System.Buffers.Binary;
using System.Globalization;
using Keyway.Manifests.Smooth.Model;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;

namespace Keyway.Manifests.Smooth.Codecs;

/// <summary>AAC: an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) becomes <c>esds</c>. Where there is none it is made of sampling rate and channels.</summary>
internal static class AacSetup
{
    /// <summary>The format tag of AAC without a FourCC.</summary>
    public const int Tag = 255;

    private const int LowComplexity = 2, BandReplication = 5, Escape = 31, ExplicitRate = 15;

    private static ReadOnlySpan<int> Rates => [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

    public static CodecSetup Read(SmoothQuality quality, byte[] data)
    {
        if (data.Length == 0) data = Make(quality);
        BitReader bits = new(data);
        uint type = bits.Bits(5);
        if (type == Escape) type = 32 + bits.Bits(6);
        uint index = bits.Bits(4);
        uint rate = index == ExplicitRate ? bits.Bits(24) : index < (uint)Rates.Length ? (uint)Rates[(int)index] : 0;
        uint channels = bits.Bits(4);
        if (!bits.Ok || type == 0 || rate == 0) throw new CodecException("CodecPrivateData that is no AudioSpecificConfig");
        int said = channels switch { 0 => quality.Channels ?? 2, 7 => 8, > 7 => quality.Channels ?? 2, _ => (int)channels };
        return new CodecSetup
        {
            Handler = FourCc.Soun,
            SampleEntry = SampleEntries.Aac(said, quality.SamplingRate ?? (int)rate, data),
            Codecs = string.Create(CultureInfo.InvariantCulture, $"mp4a.40.{type}"),
        };
    }

    /// <summary>The configuration of what names none: low complexity; of AACH with spectral band replication, whose output has twice the rate.</summary>
    private static byte[] Make(SmoothQuality quality)
    {
        if (quality.SamplingRate is not (> 0 and < 1 << 23) || quality.Channels is not (>= 1 and <= 8)) throw new CodecException("neither CodecPrivateData nor a SamplingRate and up to 8 Channels");
        bool isReplicated = quality.FourCC.Equals("AACH", StringComparison.OrdinalIgnoreCase);
        UInt128 bits = 0;
        int length = 0;
        Add(5, isReplicated ? BandReplication : LowComplexity);
        AddRate(quality.SamplingRate.Value);
        Add(4, quality.Channels.Value == 8 ? 7 : quality.Channels.Value == 7 ? throw new CodecException("7 Channels and no CodecPrivateData, which would say where they are") : quality.Channels.Value);
        if (isReplicated)
        {
            AddRate(2 * quality.SamplingRate.Value);
            Add(5, LowComplexity);
        }

        // Frames of 1024 samples, that depend on no other coder, and nothing beside.
        Add(3, 0);
        Span<byte> all = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(all, bits << (128 - length));
        return all[..((length + 7) / 8)].ToArray();

        void Add(int count, int value) => (bits, length) = ((bits << count) | (uint)value, length + count);

        void AddRate(int rate)
        {
            int index = Rates.IndexOf(rate);
            Add(4, index < 0 ? ExplicitRate : index);
            if (index < 0) Add(24, rate);
        }
    }
}
