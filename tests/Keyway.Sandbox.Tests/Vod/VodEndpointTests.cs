using System.Net;
using System.Net.Http.Headers;
using System.Xml.Linq;
using Keyway.Testing;

namespace Keyway.Sandbox.Vod;

/// <summary>The bundled sample over HTTP, against the files in the checkout.</summary>
public sealed class VodEndpointTests(SharedSandbox sandbox) : IClassFixture<SharedSandbox>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_file_is_there_byte_for_byte()
    {
        string samples = Path.Combine(Corpus.Root, "samples");
        string[] files = [.. ((string[])["cenc", "cbcs", "hls"]).SelectMany(scheme => Directory.GetFiles(Path.Combine(samples, scheme), "*", SearchOption.AllDirectories))];
        files.Should().HaveCountGreaterThan(20);
        foreach (string file in files)
        {
            string path = Path.GetRelativePath(samples, file).Replace('\\', '/');
            (await sandbox.Http.GetByteArrayAsync("/vod/" + path, Token)).Should().Equal(await File.ReadAllBytesAsync(file, Token), path);
        }
    }

    [Fact]
    public async Task Ranges_are_cut_as_asked_for()
    {
        byte[] whole = await File.ReadAllBytesAsync(Path.Combine(Corpus.Root, "samples", "cbcs", "audio.mp4"), Token);
        using HttpRequestMessage request = new(HttpMethod.Get, "/vod/browser/cbcs/audio.mp4") { Headers = { Range = new RangeHeaderValue(1584, 1675) } };
        using HttpResponseMessage answer = await sandbox.Http.SendAsync(request, Token);
        answer.StatusCode.Should().Be(HttpStatusCode.PartialContent);
        answer.Content.Headers.ContentRange!.ToString().Should().Be($"bytes 1584-1675/{whole.Length}");
        (await answer.Content.ReadAsByteArrayAsync(Token)).Should().Equal(whole[1584..1676]);
    }

    [Theory]
    [InlineData("/vod/browser/cenc/manifest.mpd")]
    [InlineData("/vod/browser/cbcs/manifest.mpd")]
    public async Task Manifest_for_browsers_has_the_same_and_beside_each_header_of_w3c_that_of_dash_if_with_the_service(string path)
    {
        XDocument plain = XDocument.Parse(await sandbox.Http.GetStringAsync(path.Replace("browser/", "", StringComparison.Ordinal), Token));
        XDocument manifest = XDocument.Parse(await sandbox.Http.GetStringAsync(path, Token));

        XElement[] added = [.. manifest.Descendants().Where(element => (string?)element.Attribute("schemeIdUri") == "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e")];
        added.Should().HaveCount(3).And.OnlyContain(element => (string?)element.ElementsAfterSelf().First().Attribute("schemeIdUri") == "urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b");
        added.Should().OnlyContain(element => element.Element(XName.Get("Laurl", "https://dashif.org/CPS"))!.Value == new Uri(sandbox.Http.BaseAddress!, "clearkey").AbsoluteUri);
        foreach (XElement element in added) element.Remove();
        XNode.DeepEquals(manifest.Root, plain.Root).Should().BeTrue("nothing else is changed");
    }

    [Theory]
    [InlineData("/vod/")]
    [InlineData("/vod/content-keys.json")]
    [InlineData("/vod/browser/content-keys.json")]
    [InlineData("/vod/cenc/../content-keys.json")]
    [InlineData("/vod/cenc/video-360/6.m4s")]
    [InlineData("/vod/browser/hls/master.m3u8")]
    [InlineData("/vod/hls/OTHER.key")]
    public async Task What_is_not_of_the_sample_is_not_there(string path)
    {
        using HttpResponseMessage answer = await sandbox.Http.GetAsync(path, Token);
        answer.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }
}
