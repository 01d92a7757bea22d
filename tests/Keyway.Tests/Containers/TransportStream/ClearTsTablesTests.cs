using Keyway.Containers.TransportStream.Clear;
using static Keyway.Containers.TransportStream.ClearTs;

namespace Keyway.Containers.TransportStream;

/// <summary>Tables of clear transport streams: they lose what says protected, and nothing else.</summary>
public sealed class ClearTsTablesTests
{
    private const int Video = TsMaker.VideoPid, Audio = TsMaker.AudioPid;

    [Fact]
    public void Map_loses_what_says_protected_and_nothing_else()
    {
        byte[] language = [0x0A, 4, .. "deu"u8, 0], own = [0x05, 4, .. "KWAY"u8];
        byte[] input = new TsMaker().Pat((1, TsMaker.PmtPid)).Section(TsMaker.PmtPid, 2, TsMaker.PmtContent(3, [0x0E, 3, 1, 2, 3],
            (0xDB, 0x101, [.. own, .. TsMaker.Marks(0xDB)]), (0xCF, 0x102, [.. TsMaker.Marks(0xCF), .. language]), (0xC1, 0x103, TsMaker.Marks(0xC1)), (0xC2, 0x104, TsMaker.Marks(0xC2)), (0x15, 0x105, [0x0F, 4, .. "abcd"u8]))).Bytes;
        ClearTsWriter.ClearInPlace(input, "made", TestKeys.Lease());
        byte[] expected = TsMaker.MakeSection(2, TsMaker.PmtContent(3, [0x0E, 3, 1, 2, 3],
            (0x1B, 0x101, own), (0x0F, 0x102, language), (0x81, 0x103, []), (0x87, 0x104, []), (0x15, 0x105, [0x0F, 4, .. "abcd"u8])));
        input[(188 + 5)..].Should().Equal([.. expected, .. Enumerable.Repeat((byte)0xFF, 183 - expected.Length)]);
    }

    [Fact]
    public void Map_over_several_packets_is_written_over_the_same_ones()
    {
        byte[] filling = [0x0E, 200, .. new byte[200]];
        (byte, int, byte[])[] Streams(byte video, byte audio) => [(video, 0x101, [.. filling, .. TsMaker.Marks(video)]), (audio, 0x102, [.. filling, .. TsMaker.Marks(audio), .. filling])];
        byte[] input = new TsMaker().Pat((1, TsMaker.PmtPid)).Pmt(Streams(0xDB, 0xCF)).Bytes, output = [.. input];
        ClearTsWriter.ClearInPlace(output, "made", TestKeys.Lease());
        byte[] expected = TsMaker.MakeSection(2, TsMaker.PmtContent(0, [], Streams(0x1B, 0x0F)));
        AssertSamePackets(output, input);
        byte[] section = [.. output.Chunk(188).Skip(1).SelectMany(static packet => packet[4..])];
        section[1..].Should().Equal([.. expected, .. Enumerable.Repeat((byte)0xFF, section.Length - 1 - expected.Length)]);
    }

    /// <summary>A table that was changed is an error, or changes nothing else: never is anything taken for clear that is protected.</summary>
    [Fact]
    public void Every_bit_of_the_tables_turned_over_is_an_error_or_changes_nothing()
    {
        byte[] input = TsMaker.Program(0xDB, 0xCF).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(MadeFrames.Nal(0x65, 400, 1))), 900)
            .Pes(Audio, SampleAesMaker.Frame(MadeFrames.Adts(300, 2), 23), 900).Tables(0xDB, 0xCF).Pes(Audio, SampleAesMaker.Frame(MadeFrames.Adts(310, 3), 23), 1800).Bytes;
        byte[] right = [.. input];
        ClearTsWriter.ClearInPlace(right, "made", TestKeys.Lease());
        int same = 0, tables = 0;
        for (int packet = 0; packet < input.Length / 188; packet++)
        {
            if (TsUnits.PidOf(input.AsSpan(packet * 188)) is Video or Audio) continue;
            tables++;
            for (int bit = 0; bit < 188 * 8; bit++)
            {
                byte[] turned = [.. input];
                turned[(packet * 188) + (bit / 8)] ^= (byte)(0x80 >> (bit % 8));
                try
                {
                    ClearTsWriter.ClearInPlace(turned, "made", TestKeys.Lease());
                }
                catch (KeywayException)
                {
                    continue;
                }

                same++;
                foreach (int pid in (int[])[Video, Audio]) TsUnits.Payloads(turned, pid).Should().BeEquivalentTo(TsUnits.Payloads(right, pid), "bit {0} of packet {1}", bit, packet);
            }
        }

        tables.Should().Be(4);
        same.Should().BeInRange(1, 200, "little of a table says nothing");
    }
}
