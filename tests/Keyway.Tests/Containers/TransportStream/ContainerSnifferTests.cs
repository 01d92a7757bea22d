using Keyway.Containers.TransportStream.Packets;
using Keyway.Testing;

namespace Keyway.Containers.TransportStream;

/// <summary>What a beginning is, and what it says.</summary>
public sealed class ContainerSnifferTests
{
    private static readonly byte[] Stream = TsMaker.Program(0xDB, 0x0F).Pes(TsMaker.VideoPid, new byte[500], 900).Pes(TsMaker.AudioPid, new byte[500], 1800).Bytes;

    [Fact]
    public void Packets_of_three_lengths_are_told_apart()
    {
        ContainerSniffer.Recognize(Stream).Should().Be(ContainerKind.TransportStream);
        ContainerSniffer.Recognize(Stream.AsSpan(..188)).Should().Be(ContainerKind.TransportStream);
        ContainerSniffer.Recognize(Stream.AsSpan(..189)).Should().Be(ContainerKind.TransportStream);
        byte[] timed = [.. Stream.Chunk(188).SelectMany(static packet => (byte[])[0x47, 1, 2, 3, .. packet])];
        ContainerSniffer.Recognize(timed).Should().Be(ContainerKind.TimestampedTransportStream);
        byte[] corrected = [.. Stream.Chunk(188).SelectMany(static packet => (byte[])[.. packet, .. new byte[16]])];
        ContainerSniffer.Recognize(corrected).Should().Be(ContainerKind.CorrectedTransportStream);
        foreach (byte[] other in (byte[][])[timed, corrected])
        {
            FluentActions.Invoking(() => Clear.ClearTsWriter.ClearInPlace([.. other], "made", null)).Should().Throw<MediaFormatException>().WithMessage("*packets of*bytes*");
            FluentActions.Invoking(() => TransportStreamInspector.Inspect(other, "made")).Should().Throw<MediaFormatException>().WithMessage("*packets of*bytes*");
        }

        ContainerSniffer.Recognize(Stream.AsSpan(..100)).Should().Be(ContainerKind.None);
        ContainerSniffer.Recognize("GG"u8).Should().Be(ContainerKind.None);
        ContainerSniffer.Recognize([]).Should().Be(ContainerKind.None);
    }

    [Fact]
    public void Packed_audio_is_told_by_its_frames_behind_any_number_of_tags()
    {
        byte[] tag = Id3Maker.Tag(("PRIV", Id3Maker.Time(900)));
        foreach ((byte[] frame, ContainerKind kind) in (List<(byte[], ContainerKind)>)[(MadeFrames.Adts(200, 1), ContainerKind.PackedAac), (MadeFrames.Ac3(8, 1), ContainerKind.PackedAc3), (MadeFrames.EAc3(200, 1), ContainerKind.PackedEAc3)])
        {
            ContainerSniffer.Recognize(frame).Should().Be(kind);
            ContainerSniffer.Recognize([.. frame, .. frame]).Should().Be(kind);
            ContainerSniffer.Recognize([.. tag, .. frame]).Should().Be(kind);
            ContainerSniffer.Recognize([.. tag, .. tag, .. frame, .. tag]).Should().Be(kind);
            ContainerSniffer.Recognize([.. frame, .. new byte[50]]).Should().Be(ContainerKind.None);
        }

        ContainerSniffer.Recognize(tag).Should().Be(ContainerKind.Tagged);
        ContainerSniffer.Recognize([.. tag, .. "WEBVTT"u8]).Should().Be(ContainerKind.Tagged);
        // MPEG audio of the other layers has the same sync word; two frames of it are told: 128 kbit/s of 44.1 kHz (MP3), 192 kbit/s of 48 kHz (MP2), 64 kbit/s of 22.05 kHz.
        foreach ((byte[] head, int length) in (List<(byte[], int)>)[([0xFF, 0xFB, 0x90, 0x64], 417), ([0xFF, 0xFD, 0xA4, 0x00], 576), ([0xFF, 0xF3, 0x80, 0x00], 208)])
        {
            byte[] frames = [.. head, .. new byte[length - 4], .. head, .. new byte[length - 4]];
            ContainerSniffer.Recognize(frames).Should().Be(ContainerKind.PackedMpegAudio);
            ContainerSniffer.Recognize([.. tag, .. frames]).Should().Be(ContainerKind.PackedMpegAudio);
            ContainerSniffer.Problem(ContainerKind.PackedMpegAudio).Should().Contain("MP3");
        }

        ContainerSniffer.Recognize([0xFF, 0xFB, 0x90, 0x64, .. new byte[500]]).Should().Be(ContainerKind.None);
        ContainerSniffer.Recognize([0, 0, 0, 24, .. "ftypiso6"u8, .. new byte[500]]).Should().Be(ContainerKind.None);
    }

    [Fact]
    public void Inspection_says_what_the_tables_say()
    {
        TransportStreamInspection inspection = TransportStreamInspector.Inspect(Stream, "made");
        inspection.Streams.Should().Equal(
            new InspectedStream(TsMaker.VideoPid, 0xDB, StreamCodec.Avc, true, null, 900),
            new InspectedStream(TsMaker.AudioPid, 0x0F, StreamCodec.Aac, false, null, 1800));
        inspection.OtherProtection.Should().BeNull();

        byte[] scrambled = [.. Stream];
        scrambled[(2 * 188) + 3] |= 0xC0;
        TransportStreamInspector.Inspect(scrambled, "made").OtherProtection.Should().Contain("transport_scrambling_control");
        byte[] common = new TsMaker().Pat((1, TsMaker.PmtPid)).Section(TsMaker.PmtPid, 2, TsMaker.PmtContent(0, [9, 4, 0x63, 0x65, 0xE1, 0x50], (0x1B, TsMaker.VideoPid, [0x0A, 4, .. "eng"u8, 0]))).Bytes;
        TransportStreamInspection other = TransportStreamInspector.Inspect(common, "made");
        other.OtherProtection.Should().Contain("23001-9");
        other.AccessSystems.Should().Equal(0x6365);
        other.Streams.Single().Language.Should().Be("eng");
    }

    [Fact]
    public void Inspection_of_packed_audio_says_when_it_begins_and_whether_it_is_protected()
    {
        byte[] tag = Id3Maker.Tag(("PRIV", Id3Maker.Time((1L << 33) - 1)), ("PRIV", Id3Maker.Description("zaac", [0x12, 0x10])));
        TransportStreamInspector.Inspect([.. tag, .. MadeFrames.Adts(200, 1)], "made").Streams.Should().Equal(new InspectedStream(0, 0, StreamCodec.Aac, true, null, (1L << 33) - 1));
        // The third version of tags has lengths of 32 bits where the fourth has 28.
        tag[3] = 3;
        TransportStreamInspector.Inspect([.. tag, .. MadeFrames.Adts(200, 1)], "made").Streams.Should().Equal(new InspectedStream(0, 0, StreamCodec.Aac, true, null, (1L << 33) - 1));
        TransportStreamInspector.Inspect(MadeFrames.Adts(200, 1), "made").Streams.Should().Equal(new InspectedStream(0, 0, StreamCodec.Aac, false, null, -1));
    }

    [Fact]
    public void Corpus_is_recognised()
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        foreach (TsCorpus item in TsCorpus.All.Where(static item => item.Scheme == "SAMPLE-AES"))
        {
            for (int i = 0; i < item.Segments.Count; i++)
            {
                TransportStreamInspection inspection = TransportStreamInspector.Inspect(File.ReadAllBytes(item.Segments[i]), item.Id);
                inspection.Kind.Should().Be(item.IsPacked ? ContainerKind.PackedAac : ContainerKind.TransportStream);
                inspection.Streams.Should().ContainSingle().Which.Should().Match<InspectedStream>(s => s.IsProtected == (item.KeyOf(i) != null) && s.Begins >= 0);
            }
        }
    }
}
