using System.IO.Pipelines;
using Keyway.Containers.TransportStream.Clear;
using Keyway.Containers.TransportStream.Decrypting;
using static Keyway.Containers.TransportStream.ClearTs;

namespace Keyway.Containers.TransportStream;

/// <summary>Packets of clear transport streams: which stay, which are filled up, and what of them is refused.</summary>
public sealed class ClearTsPacketsTests
{
    private const int Video = TsMaker.VideoPid, Audio = TsMaker.AudioPid;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Same_input_gives_the_same_output_however_it_is_cut()
    {
        byte[] input = Mixed();
        byte[] whole = [.. input];
        ClearTsWriter.ClearInPlace(whole, "made", TestKeys.Lease());
        foreach (int size in (int[])[1, 7, 187, 188, 189, 500, 4096, input.Length])
            (await WriteAsync(input, size)).AsSpan().SequenceEqual(whole).Should().BeTrue("{0} bytes a read", size);
    }

    /// <summary>A PES packet that is larger than what is read at a time, and enough behind it that what is held moves.</summary>
    [Fact]
    public async Task What_is_held_grows_and_moves_with_what_is_read()
    {
        byte[] nal = MadeFrames.Nal(0x65, 5 << 20, 1, escapes: 2000), small = MadeFrames.Nal(0x41, 200_000, 2, escapes: 50);
        byte[] large = SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), sent = SampleAesMaker.AnnexB(SampleAesMaker.Nal(small));
        TsMaker maker = TsMaker.Program(0xDB).Pes(Video, sent, 900).Pes(Video, large, 1800);
        for (int i = 0; i < 30; i++) maker.Pes(Video, sent, 2700 + (i * 900));
        byte[] input = maker.Bytes, whole = [.. input];
        ClearTsWriter.ClearInPlace(whole, "made", TestKeys.Lease());
        TsUnits.Payloads(whole, Video).SelectMany(TsUnits.Nals).Should().SatisfyRespectively([each => Same(each, small), each => Same(each, nal), .. Enumerable.Repeat<Action<byte[]>>(each => Same(each, small), 30)]);
        foreach (int size in (int[])[100_003, input.Length]) (await WriteAsync(input, size)).AsSpan().SequenceEqual(whole).Should().BeTrue("{0} bytes a read", size);

        static void Same(byte[] each, byte[] expected) => each.AsSpan().SequenceEqual(expected).Should().BeTrue();
    }

    [Fact]
    public void Packets_keep_their_number_their_counters_and_clocks()
    {
        byte[] input = Mixed(), output = [.. input];
        ClearTsWriter.ClearInPlace(output, "made", TestKeys.Lease());
        AssertSamePackets(output, input);
    }

    /// <summary>What emulation prevention took becomes stuffing, whatever adaptation field the last packets have, and in several of them where one is not enough.</summary>
    [Fact]
    public void What_becomes_shorter_is_filled_up_in_the_last_packets()
    {
        for (int length = 300; length < 700; length++)
        {
            // Zeros alone: escaped once they are a half longer, and once more again.
            byte[] nal = new byte[length];
            (nal[0], nal[^1]) = (0x65, 0x80);
            nal = TsUnits.Escape(nal);
            byte[] second = MadeFrames.Nal(0x41, 64, length);
            TsMaker maker = TsMaker.Program(0xDB).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), 900, isBounded: length % 2 == 0, adaptation: length % 3 == 0 ? [0x10, 1, 2, 3, 4, 5, 6] : null);
            byte[] input = maker.Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(second)), 1800).Bytes, output = [.. input];
            ClearTsWriter.ClearInPlace(output, "made", TestKeys.Lease());
            AssertSamePackets(output, input);
            List<byte[]> payloads = TsUnits.Payloads(output, Video);
            payloads.Select(TsUnits.Nals).Select(static nals => nals.Single()).Should().BeEquivalentTo([nal, second], static options => options.WithStrictOrdering(), "{0} bytes", length);
            if (length % 2 == 0) PesLengths(output, Video)[0].Should().Be(payloads[0].Length + 8);
        }
    }

    [Fact]
    public void Units_that_go_on_in_the_next_PES_packet_are_read_with_it()
    {
        byte[] nal = MadeFrames.Nal(0x65, 2000, 1, escapes: 40), next = MadeFrames.Nal(0x41, 500, 2);
        byte[] sent = SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal));
        byte[][] frames = [MadeFrames.Adts(400, 3), MadeFrames.Adts(401, 4)];
        byte[] audio = [.. frames.SelectMany(static frame => SampleAesMaker.Frame(frame, 23))];
        byte[] input = TsMaker.Program(0xDB, 0xCF).Pes(Video, sent[..700], 900, isBounded: true).Pes(Audio, audio[..500], 900, isBounded: true).Pes(Video, sent[700..1500], isBounded: true).Pes(Audio, audio[500..], isBounded: true)
            .Pes(Video, sent[1500..], isBounded: true).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(next)), 1800, isBounded: true).Bytes, output = [.. input];
        ClearTsWriter.ClearInPlace(output, "made", TestKeys.Lease());
        AssertSamePackets(output, input);
        List<byte[]> payloads = TsUnits.Payloads(output, Video);
        payloads.Should().HaveCount(4);
        TsUnits.Nals([.. payloads.SelectMany(static payload => payload)]).Should().BeEquivalentTo([nal, next], static options => options.WithStrictOrdering());
        PesLengths(output, Video).Should().Equal(payloads.Select(static (payload, i) => payload.Length + (i is 0 or 3 ? 8 : 3)));
        TsUnits.Payloads(output, Audio).SelectMany(static payload => payload).Should().Equal(frames.SelectMany(static frame => frame));
    }

    [Fact]
    public async Task PES_packet_that_ends_in_the_next_segment_is_opened_with_the_key_that_it_began_under()
    {
        byte[] nal = MadeFrames.Nal(0x65, 2000, 1, escapes: 20);
        byte[] input = TsMaker.Program(0xDB).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), 900).Bytes;
        using ClearTsWriter writer = new();
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        await writer.WriteAsync(new MemoryStream(input[..(5 * 188)]), "one", TestKeys.Lease(), pipe, cancellationToken: Cancel);
        await writer.WriteAsync(new MemoryStream(input[(5 * 188)..]), "two", TestKeys.Lease("another 16 bytes"u8, TestKeys.Vector), pipe, cancellationToken: Cancel);
        await writer.FinishAsync(pipe, Cancel);
        await pipe.FlushAsync(Cancel);
        TsUnits.Payloads(output.ToArray(), Video).SelectMany(TsUnits.Nals).Single().Should().Equal(nal);
    }

    [Fact]
    public void Repeated_packets_stay_repeated()
    {
        byte[] nal = MadeFrames.Nal(0x65, 900, 1, escapes: 30);
        byte[] sent = TsMaker.MakePes(SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), 900, -1, isBounded: false, 0xE0);
        TsMaker maker = TsMaker.Program(0xDB);
        for (int at = 0; at < sent.Length; at += 184) maker.Packet(Video, at == 0, sent[at..Math.Min(sent.Length, at + 184)]).Repeat();
        byte[] output = maker.Bytes;
        ClearTsWriter.ClearInPlace(output, "made", TestKeys.Lease());
        byte[][] packets = [.. output.Chunk(188).Skip(2)];
        for (int i = 0; i < packets.Length; i += 2) packets[i].Should().Equal(packets[i + 1]);
        TsUnits.Payloads([.. packets.Where(static (_, i) => i % 2 == 0).SelectMany(static packet => packet)], Video).SelectMany(TsUnits.Nals).Single().Should().Equal(nal);
    }

    [Fact]
    public void Packets_allocate_nothing_once_the_buffers_have_grown()
    {
        byte[] input = Mixed();
        // Tables are the same, PIDs are known, and PES packets are no larger than those before. Now and then a collection empties the pool of buffers: that is far less than an object for
        // each of five thousand PES packets would be.
        long few = Enumerable.Range(0, 3).Select(_ => Allocated(input, 1)).Min(), many = Enumerable.Range(0, 3).Select(_ => Allocated(input, 200)).Min();
        (many - few).Should().BeLessThan(64 << 10);

        static long Allocated(byte[] input, int times)
        {
            byte[] packets = input[(2 * 188)..];
            byte[] stream = [.. input, .. Enumerable.Range(0, times).SelectMany(_ => packets)];
            Dictionary<int, int> counters = [];
            for (int at = 0; at < stream.Length; at += 188)
            {
                int pid = TsUnits.PidOf(stream.AsSpan(at));
                if ((stream[at + 3] & 0x10) == 0) continue;
                counters[pid] = (counters.GetValueOrDefault(pid, -1) + 1) & 15;
                stream[at + 3] = (byte)((stream[at + 3] & 0xF0) | counters[pid]);
            }

            SampleAesKey key = TestKeys.Lease();
            byte[] warm = [.. stream];
            ClearTsWriter.ClearInPlace(warm, "warm", TestKeys.Lease());
            long before = GC.GetAllocatedBytesForCurrentThread();
            ClearTsWriter.ClearInPlace(stream, "made", key);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Packets_before_the_tables_are_an_error_where_they_are_protected()
    {
        byte[] stream = TsMaker.Program(0xDB).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(MadeFrames.Nal(0x65, 400, 1))), 900).Bytes;
        Failure([.. stream[(2 * 188)..], .. stream[..(2 * 188)]], TestKeys.Lease()).Message.Should().Contain("stand before the PMT");
        Failure([.. stream[..(2 * 188)], .. stream[(3 * 188)..]], TestKeys.Lease()).Message.Should().Contain("beginning is missing");
    }

    [Fact]
    public void Marks_that_come_after_streams_were_taken_for_protected_without_any_are_an_error()
    {
        TsMaker maker = TsMaker.Program(0x1B).Pes(Video, SampleAesMaker.AnnexB(MadeFrames.Nal(0x65, 400, 1)), 900);
        byte[] stream = maker.Section(TsMaker.PmtPid, 2, TsMaker.PmtContent(1, [], (0xDB, Video, TsMaker.Marks(0xDB)))).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(MadeFrames.Nal(0x65, 400, 2))), 1800).Bytes;
        Failure(stream, TestKeys.Lease()).Message.Should().Contain("without such a mark");
        // Where the types alone decide, the clear lead stays as it is.
        ClearTsWriter.ClearInPlace(stream, "made", TestKeys.Lease(TestKeys.Key, TestKeys.Vector, opensUnmarked: false));
        TsUnits.Payloads(stream, Video).SelectMany(TsUnits.Nals).Should().BeEquivalentTo([MadeFrames.Nal(0x65, 400, 1), MadeFrames.Nal(0x65, 400, 2)], static options => options.WithStrictOrdering());
    }

    [Fact]
    public void Lost_packet_is_named()
    {
        TsMaker maker = TsMaker.Program(0x1B).Pes(Video, new byte[400], 900);
        byte[] lost = maker.Skip(Video).Pes(Video, new byte[400], 1800).Bytes;
        Failure(lost, null).Error.Should().Match<FormatError>(static error => error.Path == "packet 6, PID 0x101" && error.Offset == 5 * 188 && error.Reason.Contains("missing", StringComparison.Ordinal));

        // The stream may say that it counts anew.
        byte[] announced = TsMaker.Program(0x1B).Pes(Video, new byte[400], 900).Skip(Video).Pes(Video, new byte[400], 1800, adaptation: [0x80]).Bytes;
        ClearTsWriter.ClearInPlace(announced, "made", null);
    }

    [Fact]
    public void Broken_packets_are_named()
    {
        byte[] stream = TsMaker.Program(0xDB).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(MadeFrames.Nal(0x65, 900, 1))), 900, isBounded: true).Bytes;
        Broken(stream, static s => s[4 * 188] = 0x48).Should().Contain("0x47").And.Contain("packet 5");
        Broken(stream, static s => s[(4 * 188) + 1] |= 0x80).Should().Contain("transport_error_indicator");
        Broken(stream, static s => s[(4 * 188) + 3] &= 0xCF).Should().Contain("adaptation_field_control");
        Broken(stream, static s => (s[(4 * 188) + 3], s[(4 * 188) + 4]) = ((byte)(s[(4 * 188) + 3] | 0x20), 183)).Should().Contain("adaptation field");
        Broken(stream, static s => s[(2 * 188) + 6] = 7).Should().Contain("start code");
        Broken(stream, static s => s[(2 * 188) + 8] = 1).Should().Contain("PES packet");
        Failure(stream[..^188], TestKeys.Lease()).Message.Should().Contain("ends after");
        Failure(stream[..^1], TestKeys.Lease()).Message.Should().Contain("cut short");
        Failure([], null).Message.Should().Contain("no packet");
        Failure(stream[188..], TestKeys.Lease()).Message.Should().Contain("no PAT");
        Failure([.. stream[..188], .. stream[(2 * 188)..]], TestKeys.Lease()).Message.Should().Contain("no PMT");
    }

    private static byte[] Mixed()
    {
        TsMaker maker = TsMaker.Program(0xDB, 0xCF, 0x15);
        for (int i = 0; i < 12; i++)
        {
            byte[][] nals = [[9, 0xF0], MadeFrames.Nal((byte)(i % 4 == 0 ? 0x65 : 0x41), 200 + (i * 333), i, escapes: i * 3), MadeFrames.Nal(0x41, 100 + (i * 77), i + 50, escapes: i)];
            maker.Pes(Video, SampleAesMaker.AnnexB(nals.Select(SampleAesMaker.Nal)), 9000 + (i * 3600), 9000 + (i * 3600), isBounded: i % 5 == 1, adaptation: [0x10, 1, 2, 3, 4, 5, (byte)i]);
            if (i % 3 == 0) maker.Null();
            maker.Pes(Audio, [.. Enumerable.Range(0, 4).SelectMany(j => SampleAesMaker.Frame(MadeFrames.Adts(300 + (7 * j) + i, (10 * i) + j), 23))], 9000 + (i * 3600), isBounded: true);
            if (i == 5) maker.Tables(0xDB, 0xCF, 0x15).Packet(Video, false, [], [0x10, 9, 9, 9, 9, 9, 9]).Packet(Audio + 1, true, [0, 0, 1, 0xBD, .. new byte[180]]);
        }

        return maker.Bytes;
    }

    private static async Task<byte[]> WriteAsync(byte[] input, int size)
    {
        using ClearTsWriter writer = new();
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        await writer.WriteAsync(new SlowStream(input, size), "made", TestKeys.Lease(), pipe, cancellationToken: Cancel);
        await writer.FinishAsync(pipe, Cancel);
        await pipe.FlushAsync(Cancel);
        return output.ToArray();
    }

    private static string Broken(byte[] stream, Action<byte[]> breaking)
    {
        byte[] broken = [.. stream];
        breaking(broken);
        return Failure(broken, TestKeys.Lease()).Message;
    }

    private static List<int> PesLengths(byte[] stream, int pid) =>
        [.. stream.Chunk(188).Where(packet => TsUnits.PidOf(packet) == pid && (packet[1] & 0x40) != 0).Select(static packet => packet[(4 + ((packet[3] & 0x20) != 0 ? 1 + packet[4] : 0))..]).Select(static payload => (payload[4] << 8) | payload[5])];
}
