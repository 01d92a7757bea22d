using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Relay.Story;

/// <summary>The story: in order, again from where a page left off, bounded, and without a secret in any form.</summary>
public sealed class StoryTests
{
    [Fact]
    public async Task An_exchange_is_told_from_the_manifest_to_the_first_clear_sample()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        await bench.BytesAsync("p0/r0/n1.m4s");
        string[] wanted = ["manifest", "header", "session", "needed", "challenge", "sent", "licence", "keys", "firstClear", "segment"];
        JsonElement[] items = await ItemsAsync(bench, items => wanted.All(kind => items.Any(item => Kind(item) == kind)));
        items.Select(static item => item.GetProperty("id").GetInt64()).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        items.Select(static item => item.GetProperty("ms").GetDouble()).Should().BeInAscendingOrder();
        JsonElement sent = items.Single(static item => Kind(item) == "sent").GetProperty("data");
        sent.GetProperty("host").GetString().Should().Be("license.test");
        sent.GetProperty("attempt").GetInt32().Should().Be(1);
        string session = sent.GetProperty("session").GetString()!;
        foreach (string kind in (string[])["needed", "challenge", "licence"]) items.Single(item => Kind(item) == kind).GetProperty("data").GetProperty("session").GetString().Should().Be(session);
        items.Single(static item => Kind(item) == "keys" && item.GetProperty("data").GetProperty("usable").GetInt32() == 3).GetProperty("data").GetProperty("list").GetArrayLength().Should().Be(3);
        JsonElement segment = items.Single(static item => Kind(item) == "segment").GetProperty("data");
        segment.GetProperty("keys").EnumerateArray().Single().GetString().Should().Be("c5d31c60dee014a6f849c8f291262343", "the key that this segment needed");
    }

    [Fact]
    public async Task A_page_goes_on_where_it_left_off()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        await ItemsAsync(bench, static items => items.Any(static item => Kind(item) == "keys"));
        for (int i = 0; i < 5; i++) bench.State.Story.Add("note", $"note {i}");
        JsonElement[] all = await ItemsAsync(bench, static items => items.Count(static item => Kind(item) == "note") == 5);
        long last = all[^4].GetProperty("id").GetInt64();
        using HttpRequestMessage request = new(HttpMethod.Get, bench.At("story")) { Headers = { { "Last-Event-ID", last.ToString(System.Globalization.CultureInfo.InvariantCulture) } } };
        using HttpResponseMessage answer = await bench.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        List<string> texts = [];
        while (texts.Count < 4)
        {
            string line = (await reader.ReadLineAsync(TestContext.Current.CancellationToken))!;
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            using JsonDocument item = JsonDocument.Parse(line[6..]);
            texts.Add(item.RootElement.GetProperty("text").GetString()!);
            if (texts.Count == 3) bench.State.Story.Add("note", "while it is read");
        }

        texts.Should().Equal("note 2", "note 3", "note 4", "while it is read");
    }

    [Fact]
    public void Of_very_many_the_newest_are_kept_and_what_is_lost_is_said()
    {
        StoryLog story = new(TimeProvider.System);
        for (int i = 0; i < RelayLimits.StoryItems + 100; i++) story.Add("note", "x");
        story.After(0, out long lost, out _, out _).Should().HaveCount(RelayLimits.StoryItems);
        lost.Should().Be(100);
        story.After(RelayLimits.StoryItems + 99, out lost, out _, out _).Should().ContainSingle();
        lost.Should().Be(0);
        story.After(long.MaxValue, out _, out _, out _).Should().HaveCount(RelayLimits.StoryItems, "numbers of another run are none of this");
        story.Add("note", new string('x', 100_000) + "\n\u001b[31m");
        story.After(RelayLimits.StoryItems + 100, out _, out _, out _).Single().Text.Length.Should().BeLessThan(RelayLimits.StoryText + 2);
    }

    [Fact]
    public async Task Nobody_hears_a_secret()
    {
        TestKeyway keyway = RelayBench.Sample();
        using JsonDocument keys = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(RelayBench.Root, "samples", "keys.json"), TestContext.Current.CancellationToken));
        const string ticket = "ticket-0123456789-abcdefghij", header = "header-value-zyxwvutsrqponm";
        PresentationOptions options = new() { LicenseUrl = new Uri($"https://license.test/x?token={ticket}"), LicenseHeaders = new Dictionary<string, string> { ["X-Token"] = header }, CustomData = ticket };
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd", keyway, options);
        // The fake key system takes no custom data and the service no such header: whichever way it ends, it is told.
        using (HttpResponseMessage media = await bench.Http.GetAsync(bench.At("p0/r0/n1.m4s"), TestContext.Current.CancellationToken)) media.IsSuccessStatusCode.Should().BeTrue(await media.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await bench.RefusalAsync("p0/r0/n77.m4s");
        await ItemsAsync(bench, static items => items.Any(static item => Kind(item) == "keys"));

        LeakScan scan = new();
        foreach (JsonElement key in keys.RootElement.GetProperty("keys").EnumerateArray()) scan.Plant($"content key {key.GetProperty("label").GetString()}", Convert.FromHexString(key.GetProperty("key").GetString()!));
        scan.Plant("token", Encoding.UTF8.GetBytes(ticket));
        scan.Plant("header", Encoding.UTF8.GetBytes(header));
        scan.Plant("token of the run", Encoding.UTF8.GetBytes(bench.Token.Text));
        foreach (string path in (string[])["story?format=json", "report.json", "report.html", "facts", "keys", "map", "manifest.mpd", "master.m3u8", "hls/0.m3u8", "p0/r0/segments"]) scan.Add(path, await bench.TextAsync(path));
        scan.Check();
    }

    [Fact]
    public async Task The_report_is_a_file_without_a_script()
    {
        TestKeyway keyway = RelayBench.Sample();
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd", keyway);
        bench.State.Story.Add("note", "<script>alert(1)</script>\u0000");
        using HttpResponseMessage html = await bench.Http.GetAsync(bench.At("report.html"), TestContext.Current.CancellationToken);
        html.Content.Headers.ContentDisposition!.DispositionType.Should().Be("attachment");
        string text = await html.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        text.Should().StartWith("<!doctype html>").And.NotContain("<script").And.Contain("&lt;script&gt;").And.NotContain("src=").And.NotContain("http-equiv");
        JsonElement json = await bench.JsonAsync("report.json");
        json.GetProperty("facts").GetProperty("headers").EnumerateArray().Should().NotBeEmpty().And.OnlyContain(static header => !header.EnumerateObject().Any(static member => member.Name == "data"));
        json.GetProperty("story").GetProperty("items").GetArrayLength().Should().BePositive();
    }

    [Fact]
    public async Task Streams_and_players_that_never_read_hold_nobody_up()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        List<TcpClient> idle = [];
        try
        {
            for (int i = 0; i < 1_000; i++)
            {
                TcpClient client = new();
                idle.Add(client);
                await client.ConnectAsync(IPAddress.Loopback, bench.Page.Port, TestContext.Current.CancellationToken);
                string path = i % 10 == 0 ? "story" : "p0/r2/n1.m4s";
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {bench.Page.AbsolutePath}{path} HTTP/1.1\r\nHost: 127.0.0.1:{bench.Page.Port}\r\n\r\n"), TestContext.Current.CancellationToken);
            }

            (await bench.BytesAsync("p0/r0/n1.m4s")).Should().NotBeEmpty("somebody who reads is served");
            bench.State.Served!.Cache.Bytes.Should().BeLessThanOrEqualTo(RelayLimits.CachedBytes);
            long before = TimeProvider.System.GetTimestamp();
            await bench.StopAsync();
            TimeProvider.System.GetElapsedTime(before).Should().BeLessThan(TimeSpan.FromSeconds(20), "it does not wait for them");
        }
        finally
        {
            foreach (TcpClient client in idle) client.Dispose();
        }
    }

    private static string Kind(JsonElement item) => item.GetProperty("kind").GetString()!;

    /// <summary>The story, when it has what is waited for: facts come from queues of their own.</summary>
    private static async Task<JsonElement[]> ItemsAsync(RelayBench bench, Func<JsonElement[], bool> isThere)
    {
        for (int i = 0; ; i++)
        {
            JsonElement[] items = [.. (await bench.JsonAsync("story?format=json")).GetProperty("items").EnumerateArray()];
            if (isThere(items)) return items;
            i.Should().BeLessThan(500, "it is told: {0}", string.Join(", ", items.Select(Kind)));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
