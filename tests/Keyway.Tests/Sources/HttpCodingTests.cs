using System.IO.Compression;
using System.Net;

namespace Keyway.Sources;

/// <summary>Content over HTTP that is compressed or too large.</summary>
public sealed class HttpCodingTests : HttpSourceBench
{
    [Fact]
    public async Task A_manifest_that_is_too_large_is_refused_by_what_it_says_and_by_what_it_is()
    {
        byte[] large = new byte[(16 << 20) + 1];
        Server.Page("https://a.example/said", large).On("https://a.example/unsaid", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Unseekable(large)) });
        foreach (string url in new[] { "https://a.example/said", "https://a.example/unsaid" })
        {
            Func<Task> read = async () => await Sources().ReadManifestAsync(new Uri(url), None);
            await read.Should().ThrowAsync<ManifestException>().WithMessage("*larger than 16 MiB*");
        }
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip, br")]
    public async Task A_content_encoding_that_nobody_knows_is_refused_by_its_name(string coding)
    {
        Server.On("https://a.example/x", _ => Coded(Content, coding));
        Func<Task> open = async () => await Sources().OpenAsync(new Uri("https://a.example/x"), None);
        (await open.Should().ThrowAsync<SourceException>()).Which.Message.Should().Contain($"'{coding}'");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("GZIP")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("deflate", true)]
    public async Task A_compressed_manifest_is_read(string coding, bool bare = false)
    {
        Server.On("https://a.example/m", _ => Coded(Pack(Content, coding, bare), coding));
        (await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None)).Content.ToArray().Should().Equal(Content);
        Server.Headers[0]["Accept-Encoding"].Should().ContainAll("gzip", "deflate", "br");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task What_is_unpacked_is_bounded(string coding)
    {
        // 64 MiB of spaces in some 64 KiB, or much less.
        byte[] bomb = Pack([.. Enumerable.Repeat((byte)' ', 64 << 20)], coding, bare: false);
        bomb.Length.Should().BeLessThan(1 << 20);
        Server.On("https://a.example/m", _ => Coded(bomb, coding));
        Func<Task> read = async () => await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None);
        await read.Should().ThrowAsync<ManifestException>().WithMessage("*larger than 16 MiB*");
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(0L, null)]
    [InlineData(500L, 599L)]
    [InlineData(99_000L, null)]
    public async Task A_segment_that_is_compressed_unasked_gives_the_bytes_that_were_wanted(long? first, long? last)
    {
        // Ranges are of what the server coded, so that a part of it says nothing.
        byte[] packed = Pack(Content, "gzip", bare: false);
        Server.On("https://a.example/x", request =>
        {
            HttpResponseMessage answer = FakeServer.Serve(request, packed, true, "tag");
            answer.Content.Headers.ContentEncoding.Add("gzip");
            return answer;
        });
        ByteRange? range = first is { } from ? new ByteRange(from, last) : null;
        byte[] expected = Content[(int)(first ?? 0)..(int)((last ?? Content.Length - 1) + 1)];
        (await Sources().ReadAsync(ContentOrigin.Of(new Uri("https://a.example/m")), new Uri("https://a.example/x"), range, 200_000, None)).ToArray().Should().Equal(expected);
        Server.Headers[0]["Accept-Encoding"].Should().Be("identity");
    }

    [Fact]
    public async Task A_compressed_answer_that_breaks_off_is_read_again()
    {
        byte[] packed = Pack(Content, "gzip", bare: false);
        int asked = 0;
        Server.On("https://a.example/m", _ =>
        {
            if (asked++ > 0) return Coded(packed, "gzip");
            HttpResponseMessage broken = new(HttpStatusCode.OK) { Content = new BrokenContent(packed, 50_000, hang: false) };
            broken.Content.Headers.ContentEncoding.Add("gzip");
            return broken;
        });
        (await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None)).Content.ToArray().Should().Equal(Content);
    }

    [Fact]
    public async Task Damage_to_what_is_compressed_is_no_content()
    {
        byte[] packed = Pack(Content, "gzip", bare: false);
        packed[5000] ^= 0xFF;
        packed[^6] ^= 0xFF;
        Server.On("https://a.example/m", _ => Coded(packed, "gzip"));
        Func<Task> read = async () => await Sources().ReadManifestAsync(new Uri("https://a.example/m"), None);
        await read.Should().ThrowAsync<SourceException>().WithMessage("*damaged*");
    }

    private sealed class Unseekable(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }

    private static HttpResponseMessage Coded(byte[] content, string coding)
    {
        HttpResponseMessage answer = new(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };
        answer.Content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        return answer;
    }

    private static byte[] Pack(byte[] content, string coding, bool bare)
    {
        using MemoryStream packed = new();
        using (Stream packer = coding.ToLowerInvariant() switch
        {
            "br" => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" when bare => new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
        })
            packer.Write(content);
        return packed.ToArray();
    }
}
