using System.IO.Compression;
using System.Text;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Reading;

/// <summary>What is given as MP4 and is none is named for what it is; what never ends is given up.</summary>
public sealed class ForeignFormatTests
{
    public static TheoryData<string, byte[]> Files => new()
    {
        { "HTML", "<!DOCTYPE html>\n<html><body>Not found</body></html>"u8.ToArray() },
        { "HTML", "\r\n\r\n<HTML>"u8.ToArray() },
        { "HTML", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("<html></html>")] },
        { "JSON", "{\"error\":\"no\"}"u8.ToArray() },
        { "JSON", "[ ]"u8.ToArray() },
        { "HLS", "#EXTM3U\n#EXT-X-VERSION:7\n"u8.ToArray() },
        { "HLS", [.. Encoding.UTF8.GetPreamble(), .. "#EXTM3U\r\n"u8] },
        { "DASH manifest", "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"/>"u8.ToArray() },
        { "Smooth", "<SmoothStreamingMedia MajorVersion=\"2\"/>"u8.ToArray() },
        { "XML", "<?xml version=\"1.0\"?><a/>"u8.ToArray() },
        { "WebVTT", "WEBVTT\n\n"u8.ToArray() },
        { "text", "Forbidden\n"u8.ToArray() },
        { "text", "no"u8.ToArray() },
        { "WebM", Join(Hex("1a45dfa3 9f4286810142f7810142f2810442f3810842828477"), "ebm"u8.ToArray(), Zeros(40)) },
        { "transport stream", [.. Enumerable.Range(0, 5).SelectMany(_ => (byte[])[0x47, 0x40, 0, 0x10, .. new byte[184]])] },
        { "transport stream", [.. Enumerable.Range(0, 5).SelectMany(_ => (byte[])[1, 2, 3, 4, 0x47, 0x40, 0, 0x10, .. new byte[184]])] },
        { "gzip", Gzip("anything at all"u8.ToArray()) },
        { "JPEG", Hex("ffd8ffe000104a464946000101") },
        { "PNG", Hex("89504e470d0a1a0a0000000d49484452") },
        { "ID3", Join("ID3"u8.ToArray(), Hex("04000000000000"), Zeros(30)) },
        { "ADTS", Hex("fff15080021ffc210a5a5a5a") },
        { "MP3", Hex("fffb9064000000000000") },
        { "Ogg", Join("OggS"u8.ToArray(), Zeros(30)) },
        { "zeros", Zeros(4000) },
    };

    private static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        return packed.ToArray();
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task It_is_named(string name, byte[] file)
    {
        foreach (bool seek in (bool[])[true, false])
            (await RefusedAsync<MediaFormatException>(file, seek)).Message.Should().StartWith("made.mp4: this is no MP4 file, but ").And.Contain(name);
        Func<Task> inspect = () => Mp4Inspector.InspectAsync(new MemoryStream(file), "x", false, TestContext.Current.CancellationToken).AsTask();
        (await inspect.Should().ThrowAsync<MediaFormatException>()).Which.Message.Should().Contain(name);
    }

    [Theory]
    [InlineData("odkm", "OMA")]
    [InlineData("iAEC", "ISMACryp")]
    [InlineData("ACBC", "Marlin")]
    [InlineData("ACGK", "Marlin")]
    [InlineData("adkm", "Adobe")]
    [InlineData("itun", "iTunes")]
    public async Task A_scheme_of_another_system_is_named(string scheme, string name)
    {
        byte[] file = Join(Moov(Trak(1, Stsd(Enca(Box("sinf", Box("frma", Code("mp4a")), Full("schm", 0, 0, Code(scheme), U32(0x200)), Box("schi", Box("abcd"))))))), Fragment(1, 40));
        SampleDecryptionException refusal = await RefusedAsync<SampleDecryptionException>(file);
        refusal.Message.Should().Contain($"'{scheme}'").And.Contain(name).And.NotContain("00000000");
        refusal.Status.Should().Be(Decryption.DecryptStatus.SchemeNotSupported);
    }

    /// <summary>FairPlay of iTunes has sample entries of its own names.</summary>
    [Fact]
    public async Task Songs_of_iTunes_are_named()
    {
        byte[] drms = Box("drms", Zeros(6), U16(1), Zeros(20), Box("sinf", Box("frma", Code("mp4a")), Full("schm", 0, 0, Code("itun"), U32(0)), Box("schi", Box("user", Zeros(4)))));
        (await RefusedAsync<SampleDecryptionException>(Join(Moov(Trak(1, Stsd(drms))), Fragment(1, 40)))).Message.Should().Contain("iTunes");
    }

    public static TheoryData<string, byte[]> Endless => new()
    {
        { "boxes without number", Box("free") },
        { "a box without end", Join(U32(1), Code("abcd"), U64(long.MaxValue / 2)) },
        { "a box to the end", Join(U32(0), Code("abcd")) },
        { "zeros", Zeros(8) },
        { "text", "yes yes "u8.ToArray() },
    };

    [Theory]
    [MemberData(nameof(Endless))]
    public async Task What_never_comes_to_a_movie_is_given_up(string what, byte[] pattern)
    {
        foreach (byte[] head in (byte[][])[[], Box("ftyp", Code("isom"), U32(0))])
        {
            await using EndlessStream stream = new(head, pattern);
            using MemoryStream output = new();
            System.IO.Pipelines.PipeWriter pipe = System.IO.Pipelines.PipeWriter.Create(output, new System.IO.Pipelines.StreamPipeWriterOptions(leaveOpen: true));
            Func<Task> decrypt = () => Mp4Decryptor.DecryptAsync(stream, "made.mp4", Keys, pipe, null, TestContext.Current.CancellationToken).AsTask();
            await decrypt.Should().ThrowAsync<MediaFormatException>(what);
            stream.Given.Should().BeLessThan(Mp4Limits.BytesBeforeMovie + (8 << 20));
            output.Length.Should().BeLessThan(Mp4Limits.BytesBeforeMovie + (8 << 20));
        }
    }

    /// <summary>Bytes over and over.</summary>
    private sealed class EndlessStream(byte[] head, byte[] pattern) : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => Given; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            for (int i = 0; i < count; i++, Given++) buffer[offset + i] = Given < head.Length ? head[Given] : pattern[(Given - head.Length) % pattern.Length];
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
