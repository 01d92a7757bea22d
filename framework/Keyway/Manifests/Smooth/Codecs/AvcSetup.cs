using Keyway.Containers.TransportStream.Codecs;
using Keyway.Manifests.Smooth.Model;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;

namespace Keyway.Manifests.Smooth.Codecs;

/// <summary>H.264: a sequence and a picture parameter set become <c>avcC</c>.</summary>
internal static class AvcSetup
{
    private const int Sequence = 7, Picture = 8;

    public static CodecSetup Read(SmoothQuality quality, ReadOnlySpan<byte> data)
    {
        ParameterSets sequences = new(), pictures = new();
        AvcSequence? first = null;
        NalSets.Split(data, (nal, plain) =>
        {
            switch (nal[0] & 31)
            {
                case Sequence:
                    AvcSequence sequence = AvcSequence.TryRead(plain) ?? throw new CodecException("a malformed sequence parameter set of H.264");
                    sequences.Note(sequence.Id, nal);
                    first ??= sequence;
                    break;
                case Picture:
                    AvcPicture picture = AvcPicture.TryRead(plain) ?? throw new CodecException("a malformed picture parameter set of H.264");
                    pictures.Note(picture.Id, nal);
                    break;
            }
        });
        if (first is null || pictures.Count == 0) throw new CodecException("CodecPrivateData without a sequence and a picture parameter set of H.264");
        if (sequences.Count > AvcConfiguration.MostSequences || pictures.Count > byte.MaxValue) throw new CodecException("more parameter sets than a sample entry can hold");
        byte[] configuration = AvcConfiguration.Write(first, sequences, pictures, NalSets.LengthSize(quality));
        return new CodecSetup
        {
            Handler = FourCc.Vide,
            SampleEntry = SampleEntries.Visual(FourCc.Avc1, first.Width, first.Height, FourCc.AvcC, configuration),
            Codecs = $"avc1.{first.Profile:x2}{first.Constraints:x2}{first.Level:x2}",
            Width = first.Width,
            Height = first.Height,
        };
    }
}
