using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>Content over HTTP, and where its headers go.</summary>
public sealed class ContentHttpTests(SharedSandbox sandbox)
{
    private const string Secret = "content-header-s3cret";

    [Theory]
    [InlineData("cenc", true)]
    [InlineData("cenc", false)]
    [InlineData("cbcs", true)]
    [InlineData("cbcs", false)]
    public async Task A_presentation_plays_from_a_server_with_and_without_ranges(string sample, bool ranges)
    {
        using LoopbackServer content = LoopbackServer.Files(Sample.File(""), ranges);
        CommandRun run = (await CommandRun.OfAsync("play", $"{content.Url}{sample}/manifest.mpd?token={Secret}", "--license-url", sandbox.ClearKey(), "--to", "-"))
            .ShouldEndWith(ExitCode.Done).ShouldNotShow(Secret);
        await using MemoryStream media = new(run.Media);
        await Sample.ShouldHoldAsync(media, "video-360", "audio");
        content.Requests[0].Path.Should().Contain(Secret, "the server is asked what the user typed");
    }

    [Fact]
    public async Task Decrypt_keeps_no_cookie_of_a_server()
    {
        using TemporaryFolder folder = new();
        byte[] media = await File.ReadAllBytesAsync(Sample.File("cbcs/video-180.mp4"), TestContext.Current.CancellationToken);
        using LoopbackServer content = LoopbackServer.Answering(context =>
        {
            context.Response.Headers["Set-Cookie"] = $"sid={Secret}; Path=/";
            context.Response.OutputStream.Write(context.Request.Url!.LocalPath.EndsWith("1.mp4", StringComparison.Ordinal) ? media : []);
        });
        await CommandRun.OfAsync("decrypt", $"{content.Url}1.mp4", $"{content.Url}2.mp4", "--key", Sample.Held("SD"), "--to", folder.File("out.mp4"));
        content.Requests.Count.Should().BeGreaterThanOrEqualTo(2);
        content.Requests.Should().NotContain(static request => request.Headers.ContainsKey("Cookie"));
    }

    [Fact]
    public async Task Content_headers_go_to_the_manifest_s_origin_and_to_no_other()
    {
        using TemporaryFolder folder = new();
        using LoopbackServer elsewhere = LoopbackServer.Files(Sample.File("cenc"), ranges: true);
        string manifest = Path.Combine(folder.Copy("cenc"), "manifest.mpd");
        string text = await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(manifest, text.Replace("media=\"video-360/", $"media=\"{elsewhere.Url}video-360/", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        using LoopbackServer home = LoopbackServer.Files(folder.Path, ranges: true);
        using LoopbackServer license = LoopbackServer.Answering(ClearKeyService.Answer);

        CommandRun run = (await CommandRun.OfAsync(
            "play", $"{home.Url}cenc/manifest.mpd", "--header", $"X-Content: {Secret}", "--license-url", license.Url.AbsoluteUri, "--to", "-")).ShouldEndWith(ExitCode.Done).ShouldNotShow(Secret);

        await using MemoryStream media = new(run.Media);
        await Sample.ShouldHoldAsync(media, "video-360", "audio");
        home.Requests.Should().NotBeEmpty().And.OnlyContain(static request => request.Headers["X-Content"] == Secret);
        elsewhere.Requests.Should().HaveCount(5).And.OnlyContain(static request => !request.Headers.ContainsKey("X-Content"));
        license.Requests.Should().ContainSingle().Which.Headers.Should().NotContainKey("X-Content");
    }

    [Theory]
    [InlineData(404)]
    [InlineData(403)]
    public async Task A_server_that_refuses_content_ends_with_5(int status)
    {
        using LoopbackServer content = LoopbackServer.Answering(context => context.Response.StatusCode = status);
        CommandRun run = await CommandRun.OfAsync("play", $"{content.Url}film.mpd", "--header", $"X-Content: {Secret}", "--license-url", sandbox.ClearKey(), "--to", "-", "--json");
        run.ShouldEndWith(ExitCode.Usage);   // --json and --to - do not go together, and nothing is asked before that is said
        content.Requests.Should().BeEmpty();
        run = await CommandRun.OfAsync("inspect", $"{content.Url}film.mpd", "--header", $"X-Content: {Secret}", "--json");
        run.ShouldFailInJson(ExitCode.Unreachable, "source").ShouldNotShow(Secret).Out.Should().Contain(status.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Headers_for_another_origin_go_there_and_only_there()
    {
        using TemporaryFolder folder = new();
        using LoopbackServer elsewhere = LoopbackServer.Files(Sample.File("cenc"), ranges: true);
        string manifest = await NamingAsync(folder, elsewhere);
        using LoopbackServer home = LoopbackServer.Files(folder.Path, ranges: true);
        string origin = elsewhere.Url.GetLeftPart(UriPartial.Authority);
        (await CommandRun.OfAsync("play", $"{home.Url}cenc/{manifest}", "--header-for", $"{origin} X-Content: {Secret}", "--license-url", sandbox.ClearKey(), "--to", "-"))
            .ShouldEndWith(ExitCode.Done).ShouldNotShow(Secret);
        home.Requests.Should().NotBeEmpty().And.OnlyContain(static request => !request.Headers.ContainsKey("X-Content"));
        elsewhere.Requests.Should().HaveCount(5).And.OnlyContain(static request => request.Headers["X-Content"] == Secret);
    }

    [Theory]
    [InlineData("X-Content: s3cret")]
    [InlineData("https://cdn.example/path X-Content: s3cret")]
    [InlineData("ftp://cdn.example X-Content: s3cret")]
    [InlineData("https://cdn.example s3cret")]
    public async Task An_origin_and_a_header_are_what_they_say(string text) =>
        (await CommandRun.OfAsync("inspect", Sample.File("cenc/manifest.mpd"), "--header-for", text)).ShouldEndWith(ExitCode.Usage).ShouldNotShow("s3cret");

    [Fact]
    public async Task A_file_may_name_another_address_of_this_machine_only_where_the_caller_allows_it()
    {
        using TemporaryFolder folder = new();
        using LoopbackServer elsewhere = LoopbackServer.Files(Sample.File("cenc"), ranges: true);
        string manifest = Path.Combine(folder.Path, "cenc", await NamingAsync(folder, elsewhere));
        (await CommandRun.OfAsync("play", manifest, "--license-url", sandbox.ClearKey(), "--to", "-")).ShouldEndWith(ExitCode.Unreachable)
            .Error.Should().Contain("only content names it");
        elsewhere.Requests.Should().BeEmpty();
        (await CommandRun.OfAsync("play", manifest, "--allow-origin", elsewhere.Url.GetLeftPart(UriPartial.Authority), "--license-url", sandbox.ClearKey(), "--to", "-")).ShouldEndWith(ExitCode.Done);
        elsewhere.Requests.Should().HaveCount(5);
    }

    // The sample, with its video on another server.
    private static async Task<string> NamingAsync(TemporaryFolder folder, LoopbackServer elsewhere)
    {
        string manifest = Path.Combine(folder.Copy("cenc"), "manifest.mpd");
        string text = await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(manifest, text.Replace("media=\"video-360/", $"media=\"{elsewhere.Url}video-360/", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        return "manifest.mpd";
    }
}
