using Keyway.Containers.TransportStream.Codecs;
using Keyway.Manifests.Smooth.Model;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;

namespace Keyway.Manifests.Smooth.Codecs;

/// <summary>H.265: video, sequence and picture parameter sets become <c>hvcC</c>.</summary>
internal static class HevcSetup
{
    public static CodecSetup Read(SmoothQuality quality, ReadOnlySpan<byte> data, uint format)
    {
        ParameterSets videos = new(), sequences = new(), pictures = new();
        HevcSequence? first = null;
        NalSets.Split(data, (nal, plain) =>
        {
            switch ((nal[0] >> 1) & 63)
            {
                case HevcConfiguration.Video:
                    videos.Note((uint)plain[2] >> 4, nal);
                    break;
                case HevcConfiguration.Sequence:
                    HevcSequence sequence = HevcSequence.TryRead(plain) ?? throw new CodecException("a malformed sequence parameter set of H.265");
                    sequences.Note(sequence.Id, nal);
                    first ??= sequence;
                    break;
                case HevcConfiguration.Picture:
                    BitReader bits = new(plain.AsSpan(2));
                    uint id = bits.Unsigned();
                    if (!bits.Ok || id > 63) throw new CodecException("a malformed picture parameter set of H.265");
                    pictures.Note(id, nal);
                    break;
            }
        });
        if (first is null || videos.Count == 0 || pictures.Count == 0) throw new CodecException("CodecPrivateData without a video, a sequence and a picture parameter set of H.265");
        byte[] configuration = HevcConfiguration.Write(first, videos, sequences, pictures, NalSets.LengthSize(quality));
        return new CodecSetup
        {
            Handler = FourCc.Vide,
            SampleEntry = SampleEntries.Visual(format, first.Width, first.Height, FourCc.HvcC, configuration),
            Codecs = FourCc.Text(format),
            Width = first.Width,
            Height = first.Height,
        };
    }
}
