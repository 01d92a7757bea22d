using System.IO.Pipelines;
using System.Security.Cryptography;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.PackedAudio;
using Keyway.Testing;

namespace Keyway.Containers.TransportStream;

/// <summary>Packed audio: frames between tags, without packets.</summary>
public sealed class ClearPackedAudioWriterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Media => Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Media", "ts");

    public static TheoryData<string> Items() => TsCorpus.Ids(static item => item.IsPacked);

    [Theory]
    [MemberData(nameof(Items))]
    public void Every_frame_of_a_clear_segment_of_the_corpus_is_as_stated(string id)
    {
        TsCorpus item = TsCorpus.Find(id);
        for (int i = 0; i < item.Segments.Count; i++)
        {
            byte[] segment = File.ReadAllBytes(item.Segments[i]);
            ClearPackedAudioWriter.ClearInPlace(segment, item.Segments[i], item.Lease(i));
            List<byte[]> frames = TsUnits.AdtsFrames(segment[(10 + (segment[8] << 7) + segment[9])..]);
            frames.Should().HaveCount(item.Expected[i].GetProperty("units").GetInt32());
            Convert.ToHexStringLower(SHA256.HashData([.. frames.SelectMany(static frame => frame)])).Should().Be(item.Expected[i].GetProperty("clear_sha256").GetString());
        }
    }

    /// <summary>Made by shaka-packager with and without a key: the clear one has the same frames behind a tag that says less.</summary>
    [Theory]
    [InlineData("aac.aac")]
    [InlineData("ac3.ac3")]
    [InlineData("eac3.ec3")]
    public async Task Protected_packaging_becomes_the_clear_packaging(string file)
    {
        byte[] protectedFile = await File.ReadAllBytesAsync(Path.Combine(Media, "protected", file), Cancel), clear = await File.ReadAllBytesAsync(Path.Combine(Media, "clear", file), Cancel);
        byte[] written = [.. protectedFile];
        TransportStreamSummary summary = ClearPackedAudioWriter.ClearInPlace(written, file, MediaKey());
        int tag = 10 + (written[8] << 7) + written[9], clearTag = 10 + (clear[8] << 7) + clear[9];
        written.AsSpan(tag).SequenceEqual(clear.AsSpan(clearTag)).Should().BeTrue();
        // Behind the frame with the time there is padding alone.
        written[10..clearTag].Should().Equal(clear[10..clearTag]);
        written[clearTag..tag].Should().OnlyContain(static b => b == 0);
        (summary.Streams.Single().IsVerified, summary.Notes.Count, summary.BytesWritten).Should().Be((!file.StartsWith("aac", StringComparison.Ordinal), 0, written.Length));
        foreach (int size in (int[])[1, 5, 100, 1000])
            (await WriteAsync(protectedFile, size, MediaKey())).AsSpan().SequenceEqual(written).Should().BeTrue("{0} bytes a read", size);

        if (!Mp4.Ffmpeg.Exists) return;
        string path = Path.Combine(Directory.CreateTempSubdirectory("keyway-packed-").FullName, file);
        await File.WriteAllBytesAsync(path, written, Cancel);
        (await Mp4.Ffmpeg.ComplaintsAsync(path, Cancel)).Should().BeEmpty();
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void Tags_may_occur_again_and_each_loses_its_description()
    {
        byte[] frame = MadeFrames.Adts(300, 1), sent = SampleAesMaker.Frame(frame, 23);
        byte[] tag = Id3Maker.Tag(("PRIV", Id3Maker.Description("zaac", [0x12, 0x10])), ("PRIV", Id3Maker.Time(900)), ("TIT2", "\0a"u8.ToArray()));
        byte[] segment = [.. tag, .. sent, .. sent, .. tag, .. tag, .. sent];
        ClearPackedAudioWriter.ClearInPlace(segment, "made", TestKeys.Lease());
        byte[] less = Id3Maker.Tag(("PRIV", Id3Maker.Time(900)), ("TIT2", "\0a"u8.ToArray()));
        byte[] clearTag = [.. tag[..10], .. less[10..], .. new byte[tag.Length - less.Length]];
        segment.Should().Equal([.. clearTag, .. frame, .. frame, .. clearTag, .. clearTag, .. frame]);
    }

    [Fact]
    public void Substreams_of_an_audio_frame_may_share_a_chain()
    {
        byte[][] frames = [MadeFrames.EAc3(200, 1), MadeFrames.EAc3(150, 2, type: 1), MadeFrames.EAc3(210, 3), MadeFrames.EAc3(152, 4, type: 1)];
        foreach (bool chained in (bool[])[false, true])
        {
            List<byte> sent = [.. Id3Maker.Tag(("PRIV", Id3Maker.Time(900)), ("PRIV", Id3Maker.Description("zec3", [0, 0])))];
            int tag = sent.Count;
            byte[] chain = TestKeys.Vector;
            for (int i = 0; i < frames.Length; i++) sent.AddRange(SampleAesMaker.Frame(frames[i], 16, chained && i % 2 == 1 ? chain : TestKeys.Vector, out chain));
            byte[] segment = [.. sent];
            ClearPackedAudioWriter.ClearInPlace(segment, "made", TestKeys.Lease());
            segment[tag..].Should().Equal(frames.SelectMany(static frame => frame));
        }
    }

    [Fact]
    public void What_says_that_it_is_protected_is_its_tag_or_its_playlist()
    {
        byte[] frame = MadeFrames.Adts(300, 1), sent = SampleAesMaker.Frame(frame, 23), tag = Id3Maker.Tag(("PRIV", Id3Maker.Time(900)));
        byte[] marked = [.. Id3Maker.Tag(("PRIV", Id3Maker.Description("zaac", [0x12, 0x10]))), .. sent];
        Failure(marked, null).Message.Should().Contain("no such key is in force");
        byte[] unmarked = [.. tag, .. sent];
        ClearPackedAudioWriter.ClearInPlace(unmarked, "made", TestKeys.Lease()).Notes.Should().ContainSingle().Which.Should().Contain("playlist");
        unmarked[tag.Length..].Should().Equal(frame);
        byte[] left = [.. tag, .. sent];
        ClearPackedAudioWriter.ClearInPlace(left, "made", TestKeys.Lease(TestKeys.Key, TestKeys.Vector, opensUnmarked: false));
        ClearPackedAudioWriter.ClearInPlace(left, "made", null);
        left[tag.Length..].Should().Equal(sent);
        // A syncframe whose check holds is clear.
        byte[] clear = MadeFrames.Ac3(8, 2);
        ClearPackedAudioWriter.ClearInPlace(clear, "made", TestKeys.Lease());
        clear.Should().Equal(MadeFrames.Ac3(8, 2));
        FluentActions.Invoking(() => ClearPackedAudioWriter.ClearInPlace(SampleAesMaker.Frame(clear, 16), "made", TestKeys.Lease("another 16 bytes"u8, TestKeys.Vector)))
            .Should().Throw<UnitDecryptionException>().Which.KeyDoesNotFit.Should().BeTrue();
    }

    [Fact]
    public void Broken_audio_is_named_with_its_place()
    {
        byte[] frame = MadeFrames.Adts(300, 1), tag = Id3Maker.Tag(("PRIV", Id3Maker.Time(900)));
        Failure([.. tag, .. frame, 1, 2, 3], null).Error.Should().Match<FormatError>(e => e.Offset == tag.Length + 300 && e.Path == "packed audio");
        Failure(frame[..^1], null).Message.Should().Contain("cut short");
        Failure(tag[..^1], null).Message.Should().Contain("cut short");
        Failure([.. frame, 0xFF], null).Message.Should().Contain("cut short");
        Failure([.. frame, (byte)'I'], null).Message.Should().Contain("cut short");
        Failure([.. frame, .. MadeFrames.Ac3(8, 1)], null).Message.Should().Contain("changes from AAC to AC-3");
        Failure([.. "ID3"u8, 4, 0, 0, 0x7F, 0x7F, 0x7F, 0x7F, 0, 0], null).Message.Should().Contain("more than");
        Failure([.. MadeFrames.EAc3(200, 1), .. MadeFrames.EAc3(150, 2, type: 1)[..100]], null).Message.Should().Contain("cut short");
        ClearPackedAudioWriter.ClearInPlace([], "made", null).BytesWritten.Should().Be(0);
    }

    private static SampleAesKey MediaKey() => TestKeys.Lease(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"), Convert.FromHexString("101112131415161718191a1b1c1d1e1f"));

    private static async Task<byte[]> WriteAsync(byte[] input, int size, SampleAesKey key)
    {
        using ClearPackedAudioWriter writer = new();
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        await writer.WriteAsync(new SlowStream(input, size), "made", key, pipe, cancellationToken: Cancel);
        await pipe.FlushAsync(Cancel);
        return output.ToArray();
    }

    private static MediaFormatException Failure(byte[] audio, SampleAesKey? key) =>
        FluentActions.Invoking(() => ClearPackedAudioWriter.ClearInPlace([.. audio], "made", key)).Should().Throw<MediaFormatException>().Which;
}
