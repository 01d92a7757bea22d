using Keyway.Containers.TransportStream.Clear;
using Keyway.Containers.TransportStream.Decrypting;

namespace Keyway.Containers.TransportStream;

/// <summary>What tests of clear transport streams share: what is refused, and what never changes.</summary>
internal static class ClearTs
{
    public static MediaFormatException Failure(byte[] stream, SampleAesKey? key) =>
        FluentActions.Invoking(() => ClearTsWriter.ClearInPlace([.. stream], "made", key)).Should().Throw<MediaFormatException>().Which;

    /// <summary>Everything but payloads and stuffing is as it was.</summary>
    public static void AssertSamePackets(byte[] output, byte[] input)
    {
        output.Should().HaveCount(input.Length);
        for (int at = 0; at < output.Length; at += 188)
        {
            (output[at], output[at + 1], output[at + 2]).Should().Be((input[at], input[at + 1], input[at + 2]));
            ((byte)(output[at + 3] & 0xDF)).Should().Be((byte)(input[at + 3] & 0xDF), "scrambling, payload and counter of packet {0}", at / 188);
            int had = (input[at + 3] & 0x20) != 0 ? input[at + 4] : -1, has = (output[at + 3] & 0x20) != 0 ? output[at + 4] : -1;
            has.Should().BeGreaterThanOrEqualTo(had).And.BeLessThan((output[at + 3] & 0x10) != 0 ? 183 : 184);
            if (had > 0) output[(at + 5)..(at + 5 + had)].Should().Equal(input[(at + 5)..(at + 5 + had)]);
            if (has > had) output[(at + 5 + Math.Max(0, had))..(at + 5 + has)].Should().Equal(Enumerable.Range(Math.Max(0, had), has - Math.Max(0, had)).Select(static i => i == 0 ? (byte)0 : (byte)0xFF));
        }
    }
}
