using CsCheck;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4;

/// <summary>Files of any shape: fragments, sizes, keys and clear samples as chance has them, encrypted by the operating system's AES and read by both writers.</summary>
public sealed class GeneratedFileTests
{
    /// <summary>One sample: its size, and the group that says what protects it.</summary>
    private static readonly Gen<(int Size, int Group)> AnySample = Gen.Select(Gen.Frequency((1, Gen.Const(0)), (6, Gen.Int[1, 80]), (1, Gen.Int[1000, 70_000])), Gen.Int[0, 2]);

    private static readonly Gen<(int Size, int Group)[][]> AnyFile = AnySample.Array[1, 9].Array[1, 4];

    [Fact]
    public Task Every_sample_comes_out_as_it_went_in() => AnyFile.SampleAsync(
        async fragments =>
        {
            List<byte[]> expected = [];
            List<byte[]> file = [Init];
            foreach ((int Size, int Group)[] samples in fragments) file.Add(Fragment(samples, expected));
            await ExpectAsync(Join([.. file]), [.. expected]);
        },
        iter: 25, threads: 1);

    /// <summary>However such a file is cut: a typed error, or what is whole before the cut.</summary>
    [Fact]
    public Task A_cut_file_is_refused_or_ends_between_fragments() => Gen.Select(AnyFile, Gen.Double[0, 1]).SampleAsync(
        async (fragments, where) =>
        {
            List<byte[]> expected = [];
            byte[] file = Join([Init, .. fragments.Select(samples => Fragment(samples, expected))]);
            byte[] cut = file[..(int)(where * file.Length)];
            try
            {
                (byte[] clear, _) = await DecryptAsync(cut);
                clear.Should().HaveCount(cut.Length);
            }
            catch (MediaFormatException)
            {
            }
        },
        iter: 80, threads: 1);

    private static byte[] Fragment((int Size, int Group)[] samples, List<byte[]> expected)
    {
        int first = expected.Count;
        List<byte[]> stored = [], vectors = [];
        foreach ((int size, int group) in samples)
        {
            int number = expected.Count;
            byte[] sample = Sample(number, size);
            expected.Add(sample);
            stored.Add(group == 2 ? sample : Encrypt(sample, Iv(number), group == 0 ? Key : OtherKey));
            if (group != 2) vectors.Add(Iv(number));
        }

        // Group 0 is the track's own, the others are the fragment's.
        uint[] runs = [.. samples.SelectMany(s => (uint[])[1, s.Group == 0 ? 0 : 0x10000u + (uint)s.Group])];
        byte[] senc = Full("senc", 0, 0, U32((uint)samples.Length), Join([.. vectors]));
        byte[] moof = Moof(length => [Box("traf", Tfhd(), Tfdt((uint)first * 10), Trun(length + 8, [.. samples.Select(s => s.Size)]), Sgpd(Seig(OtherKid), Seig(default, isProtected: false, ivSize: 0)), Sbgp(runs), senc)]);
        return Join(moof, Box("mdat", [.. stored]));
    }
}
