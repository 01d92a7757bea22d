using System.IO.Pipelines;
using System.Net;
using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Relay.Segments;

/// <summary>Clear segments: the bytes that the whole track written clear has, in any order, as many at once as are wanted, in any part.</summary>
public sealed class SegmentTests
{
    [Theory]
    [InlineData("cenc/manifest.mpd")]
    [InlineData("cbcs/manifest.mpd")]
    public async Task Segments_in_a_row_are_the_clear_track(string path)
    {
        await using RelayBench bench = await RelayBench.OpenAsync(path);
        foreach (JsonElement rendition in await bench.RenditionsAsync())
        {
            byte[] init = await bench.BytesAsync(rendition.GetProperty("init").GetString()!);
            string[] addresses = await bench.SegmentsAsync(rendition);
            Dictionary<string, byte[]> parts = [];
            // The last first, and all at once.
            foreach (string address in addresses.Reverse()) parts[address] = await bench.BytesAsync(address);
            byte[][] again = await Task.WhenAll(Enumerable.Range(0, 16).SelectMany(_ => addresses).Select(bench.BytesAsync));
            for (int i = 0; i < again.Length; i++) again[i].Should().Equal(parts[addresses[i % addresses.Length]]);

            byte[] track = await WriteAsync(path, rendition);
            byte[] joined = [.. init, .. addresses.SelectMany(address => parts[address])];
            SamplesOf(joined).Should().NotBeEmpty().And.Equal(SamplesOf(track), "samples are the same, whichever way they were opened");
            System.Text.Encoding.Latin1.GetString(joined).Should().NotContain("encv").And.NotContain("enca").And.NotContain("pssh").And.NotContain("tenc");
        }
    }

    [Fact]
    public async Task A_file_with_an_index_has_every_byte_in_its_place()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cbcs/manifest.mpd");
        foreach (JsonElement rendition in await bench.RenditionsAsync())
        {
            string file = rendition.GetProperty("file").GetString()!;
            byte[] whole = await bench.BytesAsync(file);
            SamplesOf(whole).Should().Equal(SamplesOf(await WriteAsync("cbcs/manifest.mpd", rendition)));
            Random random = new(7);
            for (int i = 0; i < 40; i++)
            {
                int first = random.Next(whole.Length), last = Math.Min(whole.Length - 1, first + random.Next(1 << random.Next(1, 17)));
                using HttpRequestMessage request = new(HttpMethod.Get, bench.At(file)) { Headers = { Range = new System.Net.Http.Headers.RangeHeaderValue(first, last) } };
                using HttpResponseMessage answer = await bench.Http.SendAsync(request, TestContext.Current.CancellationToken);
                answer.StatusCode.Should().Be(HttpStatusCode.PartialContent);
                answer.Content.Headers.ContentRange!.Length.Should().Be(whole.Length);
                (await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Should().Equal(whole[first..(last + 1)]);
            }

            using HttpRequestMessage behind = new(HttpMethod.Get, bench.At(file)) { Headers = { Range = new System.Net.Http.Headers.RangeHeaderValue(whole.Length, null) } };
            using HttpResponseMessage none = await bench.Http.SendAsync(behind, TestContext.Current.CancellationToken);
            none.StatusCode.Should().Be(HttpStatusCode.RequestedRangeNotSatisfiable);
        }
    }

    [Fact]
    public async Task Licences_are_asked_for_once_whoever_asks_for_media()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        JsonElement[] renditions = await bench.RenditionsAsync();
        string[] addresses = [.. (await Task.WhenAll(renditions.Select(bench.SegmentsAsync))).SelectMany(static each => each)];
        await Task.WhenAll(Enumerable.Range(0, 16).SelectMany(_ => addresses.Select(bench.BytesAsync)));
        bench.Keyway.Server.Received.Should().ContainSingle("one header names all keys");
        bench.State.Served!.Cache.Bytes.Should().BeLessThanOrEqualTo(RelayLimits.CachedBytes);
    }

    [Theory]
    [InlineData("p0/r0/n99.m4s")]
    [InlineData("p0/r0/t1.m4s")]
    [InlineData("p0/r9/n1.m4s")]
    [InlineData("p7/r0/n1.m4s")]
    [InlineData("p0/r0/n01.m4s")]
    [InlineData("p0/r0/n1.mp4")]
    [InlineData("p0/r0/n-1.m4s")]
    [InlineData("p0/r0/n18446744073709551615.m4s")]
    [InlineData("p0/r0/n18446744073709551616.m4s")]
    [InlineData("p0/r0/t18446744073709551615.m4s")]
    [InlineData("p0/r0/t0.ts")]
    [InlineData("p00/r0/n1.m4s")]
    [InlineData("p0/r0/../r1/n1.m4s/x")]
    [InlineData("p0/r0/file.mp4")]
    [InlineData("hls/99.m3u8")]
    [InlineData("hls/-1.m3u8")]
    [InlineData("samples/keys.json")]
    public async Task What_is_not_there_is_not_found(string path)
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        if (path.EndsWith("t0.ts", StringComparison.Ordinal))
        {
            // Another ending for the same bytes is no fault.
            (await bench.BytesAsync(path)).Should().NotBeEmpty();
            return;
        }

        (await bench.RefusalAsync(path)).Status.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_key_that_the_licence_lacks_leaves_its_rendition_out()
    {
        TestKeyway keyway = RelayBench.Sample();
        KeyId.TryParse("d2aca19319b8ca2fa0315b7842893e3a", out KeyId high).Should().BeTrue();
        keyway.Server.Keys.TryRemove(high, out _).Should().BeTrue();
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd", keyway);
        string manifest = await bench.TextAsync("manifest.mpd"), master = await bench.TextAsync("master.m3u8");
        manifest.Should().NotContain("640").And.Contain("320");
        master.Should().NotContain("640x360").And.Contain("320x180");
        JsonElement refused = (await bench.RenditionsAsync()).Single(static rendition => !rendition.GetProperty("served").GetBoolean());
        refused.GetProperty("height").GetInt32().Should().Be(360);
        refused.GetProperty("refused").GetProperty("page").GetString().Should().StartWith("docs/errors/");
        (HttpStatusCode status, JsonElement problem) = await bench.RefusalAsync($"{refused.GetProperty("id").GetString()}/n1.m4s");
        status.Should().Be(HttpStatusCode.Forbidden);
        File.Exists(Path.Combine(RelayBench.Root, problem.GetProperty("type").GetString()!)).Should().BeTrue("the page that is named is there");
        (await bench.JsonAsync("story?format=json")).GetProperty("items").EnumerateArray().Should().Contain(static item => item.GetProperty("kind").GetString() == "refused");
    }

    [Fact]
    public async Task A_licence_that_allows_no_export_serves_nothing_and_says_why()
    {
        TestKeyway keyway = RelayBench.Sample();
        keyway.KeySystem.Policy = new Licensing.KeyPolicy { Output = new Licensing.OutputRequirement { ClearExport = false } };
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd", keyway);
        foreach (string path in (string[])["manifest.mpd", "master.m3u8", "p0/r0/n1.m4s", "p0/r1/n1.m4s", "p0/r2/n1.m4s"])
        {
            (HttpStatusCode status, JsonElement problem) = await bench.RefusalAsync(path);
            status.Should().Be(HttpStatusCode.Forbidden, path);
            problem.GetProperty("type").GetString().Should().Be("docs/errors/policy.md");
        }

        JsonElement map = await bench.JsonAsync("map");
        map.GetProperty("state").GetString().Should().Be("failed");
        map.GetProperty("failure").GetProperty("page").GetString().Should().Be("docs/errors/policy.md");
        (await bench.TextAsync("")).Should().StartWith("<!doctype html>", "the page is served all the same");
    }

    private static async Task<byte[]> WriteAsync(string path, JsonElement rendition)
    {
        await using TestKeyway keyway = RelayBench.Sample();
        string wanted = rendition.TryGetProperty("height", out JsonElement height) ? height.GetInt32().ToString(System.Globalization.CultureInfo.InvariantCulture) : "none";
        await using Presentation presentation = await keyway.OpenAsync(new Uri(TestKeyway.Root, path), new PresentationOptions { Video = new Timeline.TrackQuery(wanted) });
        PresentationTrack track = presentation.Tracks.Single(each => each.Kind.ToString().Equals(rendition.GetProperty("kind").GetString(), StringComparison.OrdinalIgnoreCase));
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await presentation.WriteAsync(track, pipe, TestContext.Current.CancellationToken);
        await pipe.CompleteAsync();
        return output.ToArray();
    }

    /// <summary>What is in the <c>mdat</c> boxes.</summary>
    private static byte[] SamplesOf(byte[] file)
    {
        using MemoryStream samples = new();
        for (int at = 0; at + 8 <= file.Length;)
        {
            int length = (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (file.AsSpan(at + 4, 4).SequenceEqual("mdat"u8)) samples.Write(file, at + 8, length - 8);
            at += Math.Max(8, length);
        }

        return samples.ToArray();
    }
}
