using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Testing;

namespace Keyway.Cli;

/// <summary><c>keyway serve</c> as a process with its relay and its sandbox: from the command to clear media, many players on one live channel, faults, and its end.</summary>
public sealed class ServeTests
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(60) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("clearkey")]
    [InlineData("widevine")]
    [InlineData("playready")]
    public async Task Bundled_sample_is_served_clear_with_a_licence_of_its_own(string keySystem)
    {
        await using ProgramRun run = ProgramRun.Start("serve", "--json", "--key-system", keySystem);
        Uri page = await PageAsync(run);
        (await Http.GetStringAsync(page, Cancel)).Should().StartWith("<!doctype html>");
        (await Http.GetStringAsync(new Uri(page, "manifest.mpd"), Cancel)).Should().NotContain("ContentProtection").And.Contain("640");
        byte[] init = await Http.GetByteArrayAsync(new Uri(page, "p0/r2/init.mp4"), Cancel), media = await Http.GetByteArrayAsync(new Uri(page, "p0/r2/n1.m4s"), Cancel);
        using MemoryStream clear = new([.. init, .. media]);
        using Mp4.Mp4Reader reader = await Mp4.Mp4Reader.OpenAsync(clear, "clear", cancellationToken: Cancel);
        reader.Tracks.Single().SampleEntries.Single().Encryption.Should().BeNull();
        JsonElement session = (await JsonAsync(page, "keys")).GetProperty("sessions").EnumerateArray().First();
        session.GetProperty("keySystem").GetString().Should().Be(keySystem);
        session.GetProperty("state").GetString().Should().Be("usable");

        // One session, whatever asks: a page's stream of the story is open while it ends.
        using HttpResponseMessage story = await Http.GetAsync(new Uri(page, "story"), HttpCompletionOption.ResponseHeadersRead, Cancel);
        if (run.IgnoresInterrupts) run.Signal("TERM");
        else run.Signal("INT");
        long begun = Stopwatch.GetTimestamp();
        (await run.EndAsync()).Should().Be(ExitCode.Interrupted);
        Stopwatch.GetElapsedTime(begun).Should().BeLessThan(TimeSpan.FromSeconds(10), "two seconds on a machine that does nothing else");
        (await run.Error).Should().BeEmpty();
        await FluentActions.Awaiting(() => Http.GetStringAsync(page, Cancel)).Should().ThrowAsync<HttpRequestException>("its relay has ended with it");
    }

    [Fact]
    public async Task Sixteen_players_on_one_live_channel_ask_for_each_licence_once()
    {
        await using ProgramRun run = ProgramRun.Start("serve", "--json", "--live");
        Uri page = await PageAsync(run);
        JsonElement map = await JsonAsync(page, "map");
        map.GetProperty("live").GetBoolean().Should().BeTrue();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            // Everything in the window, the newest first, as someone does who seeks back.
            foreach (JsonElement period in map.GetProperty("periods").EnumerateArray().Reverse())
                foreach (JsonElement rendition in period.GetProperty("renditions").EnumerateArray())
                    foreach (JsonElement segment in (await JsonAsync(page, rendition.GetProperty("segments").GetString()!)).GetProperty("segments").EnumerateArray().Reverse())
                    {
                        using HttpResponseMessage answer = await Http.GetAsync(new Uri(page, segment.GetProperty("u").GetString()), Cancel);
                        // The oldest may leave the window while it is read.
                        answer.StatusCode.Should().BeOneOf(HttpStatusCode.OK, HttpStatusCode.NotFound);
                    }
        }, Cancel)));

        JsonElement[] items = [.. (await JsonAsync(page, "story?format=json")).GetProperty("items").EnumerateArray()];
        JsonElement[] keys = [.. items.Where(static item => item.GetProperty("kind").GetString() == "keys").SelectMany(static item => item.GetProperty("data").GetProperty("list").EnumerateArray())];
        string[] sent = [.. items.Where(static item => item.GetProperty("kind").GetString() == "sent").Select(static item => item.GetProperty("data").GetProperty("session").GetString()!)];
        sent.Should().NotBeEmpty().And.OnlyHaveUniqueItems("each session asks once");
        // Every period has three keys of its own, which one licence brings.
        sent.Length.Should().BeLessThanOrEqualTo(keys.Select(static key => key.GetProperty("id").GetString()).Distinct().Count());
        items.Where(static item => item.GetProperty("kind").GetString() == "segment").Select(static item => item.GetProperty("data")).Count(static data => data.TryGetProperty("cached", out JsonElement cached) && cached.GetBoolean())
            .Should().BePositive("one fetches for all");

        // Again from the oldest on, after everybody has been at the newest: no licence is asked for again.
        string last = map.GetProperty("periods").EnumerateArray().Last().GetProperty("renditions").EnumerateArray().Last().GetProperty("segments").GetString()!;
        foreach (JsonElement segment in (await JsonAsync(page, last)).GetProperty("segments").EnumerateArray()) using (await Http.GetAsync(new Uri(page, segment.GetProperty("u").GetString()), Cancel)) { }
        (await JsonAsync(page, "story?format=json")).GetProperty("items").EnumerateArray().Where(static item => item.GetProperty("kind").GetString() == "sent")
            .Select(static item => item.GetProperty("data").GetProperty("session").GetString()).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Faults_show_what_a_player_would_see()
    {
        await using ProgramRun run = ProgramRun.Start("serve", "--json", "--faults", "--key-system", "widevine");
        Uri page = await PageAsync(run);
        JsonElement choices = await JsonAsync(page, "faults");
        string[] names = [.. choices.GetProperty("choices").EnumerateArray().Select(static choice => choice.GetProperty("name").GetString()!)];
        names.Should().Contain(["none", "slow", "error", "refuse", "cut", "garbage", "expire"]);

        await PostAsync(page, "faults", """{"name":"refuse"}""", HttpStatusCode.OK);
        await PostAsync(page, "renew", "{}", HttpStatusCode.Accepted);
        JsonElement failed = await MapAsync(page, "failed");
        failed.GetProperty("failure").GetProperty("page").GetString().Should().StartWith("docs/errors/");
        using (HttpResponseMessage refused = await Http.GetAsync(new Uri(page, "p0/r0/n1.m4s"), Cancel)) refused.StatusCode.Should().Be(HttpStatusCode.Forbidden);

        await PostAsync(page, "faults", """{"name":"expire"}""", HttpStatusCode.OK);
        await PostAsync(page, "renew", "{}", HttpStatusCode.Accepted);
        await MapAsync(page, "ready");
        JsonElement key = (await JsonAsync(page, "keys")).GetProperty("sessions").EnumerateArray().First().GetProperty("keys").EnumerateArray().First();
        key.GetProperty("expiresAt").GetDouble().Should().BeGreaterThan(0, "the licence ends");

        await PostAsync(page, "faults", """{"name":"none"}""", HttpStatusCode.OK);
        await PostAsync(page, "renew", "{}", HttpStatusCode.Accepted);
        await MapAsync(page, "ready");
        (await Http.GetByteArrayAsync(new Uri(page, "p0/r0/n1.m4s"), Cancel)).Should().NotBeEmpty();
        await PostAsync(page, "faults", """{"name":"flood"}""", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Keys_go_to_the_relay_through_a_pipe_and_are_in_no_argument()
    {
        await using ProgramRun run = ProgramRun.Start("serve", Sample.Manifest, "--json", "--key-file", "-");
        foreach (string label in (string[])["HD", "SD", "AUDIO"]) await run.In.WriteLineAsync($"{Sample.Kid(label)}:{Sample.Key(label)}");
        run.In.Close();
        JsonElement ready = await ReadyAsync(run);
        Uri page = new(ready.GetProperty("url").GetString()!);
        (await Http.GetByteArrayAsync(new Uri(page, "p0/r2/n1.m4s"), Cancel)).Should().NotBeEmpty();
        (await JsonAsync(page, "keys")).GetProperty("sessions").GetArrayLength().Should().Be(0, "no licence was needed");
        LeakScan scan = new();
        foreach (string label in (string[])["HD", "SD", "AUDIO"]) scan.Plant($"content key {label}", Convert.FromHexString(Sample.Key(label)));
        if (OperatingSystem.IsLinux()) scan.Add("arguments", await File.ReadAllTextAsync($"/proc/{ready.GetProperty("pid").GetInt32()}/cmdline", Cancel));
        foreach (string path in (string[])["story?format=json", "report.json", "report.html", "facts", "map"]) scan.Add(path, await Http.GetStringAsync(new Uri(page, path), Cancel));
        scan.Check();
    }

    [Theory]
    [InlineData(ExitCode.Unreachable, "/nowhere/manifest.mpd")]
    [InlineData(ExitCode.Usage, "--port", "99999")]
    [InlineData(ExitCode.Usage, "movie.mpd", "--live")]
    [InlineData(ExitCode.Usage, "--page-origin", "nonsense")]
    [InlineData(ExitCode.Usage, "--no-such-option")]
    [InlineData(ExitCode.Usage, "--key-system", "nonesuch")]
    public async Task What_cannot_be_served_ends_like_play(int code, params string[] arguments)
    {
        await using ProgramRun run = ProgramRun.Start(["serve", .. arguments]);
        (await run.EndAsync()).Should().Be(code, await run.Error);
        (await run.Error).Should().StartWith("keyway: ").And.NotContain("   at ");
        (await run.Out.ReadToEndAsync(Cancel)).Should().BeEmpty();

        if (code != ExitCode.Unreachable) return;
        await using ProgramRun json = ProgramRun.Start(["serve", "--json", .. arguments]);
        (await json.EndAsync()).Should().Be(code);
        using JsonDocument error = JsonDocument.Parse(await json.Out.ReadToEndAsync(Cancel));
        error.RootElement.GetProperty("error").GetProperty("code").GetInt32().Should().Be(code);
    }

    [Fact]
    public async Task A_licence_under_a_root_that_is_not_for_development_serves_nothing()
    {
        await using ProgramRun run = ProgramRun.Start("serve", "--json", "--key-system", "widevine", "--set", "Keyway:KeySystems:widevine:Settings:Roots:demo:Development=false");
        Uri page = await PageAsync(run);
        JsonElement map = await MapAsync(page, "failed");
        map.GetProperty("failure").GetProperty("page").GetString().Should().Be("docs/errors/policy.md");
        string[] paths =
        [
            "manifest.mpd", "master.m3u8", "hls/0.m3u8",
            .. map.GetProperty("periods")[0].GetProperty("renditions").EnumerateArray().Select(static rendition => rendition.GetProperty("id").GetString()!)
                .SelectMany(static id => (string[])[$"{id}/init.mp4", $"{id}/init.bin", $"{id}/file.mp4", $"{id}/segments", .. Enumerable.Range(1, 5).Select(number => $"{id}/n{number}.m4s")]),
        ];
        paths.Should().HaveCount(3 + (3 * 9));
        foreach (string path in paths)
        {
            using HttpResponseMessage answer = await Http.GetAsync(new Uri(page, path), Cancel);
            answer.StatusCode.Should().Be(HttpStatusCode.Forbidden, path);
            answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json", path);
            string body = await answer.Content.ReadAsStringAsync(Cancel);
            body.Length.Should().BeLessThan(1000, "no media is in it");
            JsonDocument.Parse(body).RootElement.GetProperty("type").GetString().Should().Be("docs/errors/policy.md");
        }

        (await Http.GetStringAsync(new Uri(page, "docs/errors/policy.md"), Cancel)).Should().NotBeEmpty("the page that is named is served");
    }

    [Fact]
    public async Task Content_that_nothing_opens_is_a_page_that_says_why()
    {
        await using ProgramRun run = ProgramRun.Start("serve", Sample.Manifest, "--json", "--license-url", "http://127.0.0.1:9/");
        Uri page = await PageAsync(run);
        JsonElement map = await MapAsync(page, "failed");
        map.GetProperty("failure").GetProperty("page").GetString().Should().Be("docs/errors/network.md");
        (await JsonAsync(page, "facts")).GetProperty("headers").GetArrayLength().Should().BePositive("what protects it is shown all the same");
        using HttpResponseMessage refused = await Http.GetAsync(new Uri(page, "manifest.mpd"), Cancel);
        refused.StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    private static async Task<JsonElement> ReadyAsync(ProgramRun run)
    {
        StringBuilder text = new();
        while (await run.Out.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel) is { } line)
        {
            text.AppendLine(line);
            if (line == "}") break;
        }

        text.Length.Should().BePositive(run.HasEnded ? await run.Error : "it says where it listens");
        using JsonDocument ready = JsonDocument.Parse(text.ToString());
        return ready.RootElement.Clone();
    }

    private static async Task<Uri> PageAsync(ProgramRun run) => new((await ReadyAsync(run)).GetProperty("url").GetString()!);

    private static async Task<JsonElement> JsonAsync(Uri page, string path)
    {
        using JsonDocument document = JsonDocument.Parse(await Http.GetByteArrayAsync(new Uri(page, path), Cancel));
        return document.RootElement.Clone();
    }

    /// <summary>The map, when it is in a state.</summary>
    private static async Task<JsonElement> MapAsync(Uri page, string state)
    {
        for (int i = 0; ; i++)
        {
            JsonElement map = await JsonAsync(page, "map");
            if (map.GetProperty("state").GetString() == state) return map;
            i.Should().BeLessThan(600, "it will be {0}: {1}", state, map);
            await Task.Delay(100, Cancel);
        }
    }

    private static async Task PostAsync(Uri page, string path, string body, HttpStatusCode expected)
    {
        using HttpResponseMessage answer = await Http.PostAsync(new Uri(page, path), new StringContent(body, Encoding.UTF8, "application/json"), Cancel);
        answer.StatusCode.Should().Be(expected, await answer.Content.ReadAsStringAsync(Cancel));
        // What was opened before may still be there for a moment.
        if (path == "renew") await Task.Delay(300, Cancel);
    }
}
