using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Serialization;
using Keyway.Browser.Chromium;
using Keyway.Testing;

namespace Keyway.Browser.Relay;

/// <summary>What the page makes of text: WebVTT, and WebVTT and TTML in MP4.</summary>
public sealed class PageTextTests
{
    private const string Read = """
        async (kind, text, offset, init) => {
          const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;
          const { readWebVtt } = await import('./webvtt.js'), { readTextSegment, timescaleOf } = await import('./mp4text.js');
          const cues = kind === 'vtt' ? readWebVtt(text, offset) : readTextSegment(bytes(text), timescaleOf(bytes(init)), kind, offset);
          return cues.map((cue) => ({ from: cue.startTime, until: cue.endTime, text: cue.text, align: cue.align, line: String(cue.line), vertical: cue.vertical }));
        }
        """;

    [Fact]
    public async Task Cues_are_read_with_their_times_and_places()
    {
        await using PageServer server = await ScriptsAsync();
        await using BrowserPage page = await BrowserPage.OpenAsync(server.Url);

        // W3C WebVTT, and RFC 8216 3.5: 900,000 ticks of 90 kHz are 10 s, and are 00:00:02.000 of the cues' clock.
        Cue[] cues = await page.CallAsync<Cue[]>(Read, "vtt", "WEBVTT - of a test\r\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:02.000\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n1\r\n00:02.500 --> 00:04.000 align:start line:10% nonsense:7\r\nOne\r\nand <i>two</i>\r\n\r\n01:00:00.000 --> 01:00:01.000 vertical:rl\r\nLater\r\n\r\n00:05.000 --> 00:04.000\r\nbackwards", -1.0, "");
        Cue[] none = await page.CallAsync<Cue[]>(Read, "vtt", "WEBVTTX\n\n00:00.000 --> 00:01.000\nno", 0.0, "");

        cues.Should().Equal(
            new Cue(9.5, 11, "One\nand <i>two</i>", "start", "10", ""),
            new Cue(3607, 3608, "Later", "center", "auto", "rl"));
        none.Should().BeEmpty();
    }

    [Fact]
    public async Task Text_in_MP4_is_read_sample_by_sample()
    {
        await using PageServer server = await ScriptsAsync();
        await using BrowserPage page = await BrowserPage.OpenAsync(server.Url);
        byte[] init = Box("moov", Box("trak", Box("mdia", Box("mdhd", [0, 0, 0, 0, .. new byte[8], .. Number(1000), .. new byte[8]]))));
        byte[] one = Box("vttc", [.. Box("sttg", Encoding.UTF8.GetBytes("align:end")), .. Box("payl", Encoding.UTF8.GetBytes("Grüße"))]), two = Box("vtte", []);
        const string Document = """<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25"><body><div><p begin="00:00:03.500" end="00:00:05.000">A &lt;b&gt;<br/><span>second  line</span></p><p begin="6s" dur="25f">Next</p><p begin="7s" end="7s">none</p></div></body></tt>""";

        Cue[] boxed = await page.CallAsync<Cue[]>(Read, "wvtt", Convert.ToBase64String(Segment(5000, (one, 2000), (two, 1000), (one, 500))), 0.25, Convert.ToBase64String(init));
        Cue[] timed = await page.CallAsync<Cue[]>(Read, "stpp", Convert.ToBase64String(Segment(0, (Encoding.UTF8.GetBytes(Document), 8000))), 10.0, Convert.ToBase64String(init));
        Cue[] cut = await page.CallAsync<Cue[]>(Read, "wvtt", Convert.ToBase64String(Segment(5000, (one, 2000), (one, 1000))[..^5]), 0.0, Convert.ToBase64String(init));

        boxed.Should().Equal(new Cue(5.25, 7.25, "Grüße", "end", "auto", ""), new Cue(8.25, 8.75, "Grüße", "end", "auto", ""));
        timed.Should().Equal(new Cue(13.5, 15, "A &lt;b>\nsecond line", "center", "auto", ""), new Cue(16, 17, "Next", "center", "auto", ""));
        cut.Should().HaveCountLessThanOrEqualTo(1);
        page.Complaints.Should().BeEmpty();
    }

    /// <summary>The scripts alone: no presentation is needed to read text.</summary>
    private static async Task<PageServer> ScriptsAsync()
    {
        Dictionary<string, (string, byte[])> files = new() { ["/"] = ("text/html", "<!doctype html><link rel='icon' href='data:,'>"u8.ToArray()) };
        foreach (string name in (string[])["webvtt.js", "mp4text.js"]) files[$"/{name}"] = ("text/javascript", await File.ReadAllBytesAsync(Path.Combine(Corpus.Root, "hosts", "relay", "Page", name)));
        return await PageServer.StartAsync(files);
    }

    private static byte[] Segment(uint time, params (byte[] Bytes, uint Duration)[] samples)
    {
        // Flags: data offset, durations, sizes.
        byte[] run = [0, 0, 3, 1, .. Number((uint)samples.Length), .. Number(0), .. samples.SelectMany(sample => (byte[])[.. Number(sample.Duration), .. Number((uint)sample.Bytes.Length)])];
        return [.. Box("moof", Box("traf", [.. Box("tfhd", [0, 2, 0, 0, .. Number(1)]), .. Box("tfdt", [0, 0, 0, 0, .. Number(time)]), .. Box("trun", run)])), .. Box("mdat", [.. samples.SelectMany(sample => sample.Bytes)])];
    }

    private static byte[] Box(string type, byte[] content) => [.. Number((uint)content.Length + 8), .. Encoding.ASCII.GetBytes(type), .. content];

    private static byte[] Number(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private sealed record Cue(
        [property: JsonPropertyName("from")] double From, [property: JsonPropertyName("until")] double Until, [property: JsonPropertyName("text")] string Text,
        [property: JsonPropertyName("align")] string Align, [property: JsonPropertyName("line")] string Line, [property: JsonPropertyName("vertical")] string Vertical);
}
