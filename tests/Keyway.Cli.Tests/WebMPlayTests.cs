using Keyway.Cli.Run;
using Keyway.Cli.Sandbox;
using Keyway.Containers.WebM;
using static Keyway.Containers.WebM.WebMMaker;

namespace Keyway.Cli;

/// <summary><c>keyway play</c> and <c>inspect</c> of WebM, with the licences of the sandbox.</summary>
public sealed class WebMPlayTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("31323334353637383930313233343536")]
    [InlineData("0102030405")]
    public async Task Licences_are_asked_for_by_the_identifier_that_the_file_has(string kid)
    {
        _folder.Write("film.webm", WebMFilm.Make(kid: Convert.FromHexString(kid)));
        string keys = _folder.Write("keys.json", $$"""{ "keys": [ { "kid": "{{kid}}", "key": "{{Convert.ToHexString(Key)}}" } ] }""");
        await using SandboxProcess sandbox = await SandboxProcess.StartAsync(["--port", "0", "--data", _folder.File("data"), "--keys", keys], TextWriter.Null, new Leftovers(), Cancel);
        CommandRun run = (await CommandRun.OfAsync("play", _folder.File("film.webm"), "--key-system", "clearkey", "--license-url", $"{sandbox.Url}clearkey", "--to", _folder.File("film.mp4"), "--json")).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("kind").GetString().Should().Be("webm");
        run.Json.GetProperty("tracks").EnumerateArray().Select(static track => (track.GetProperty("codec").GetString(), track.GetProperty("samples").GetInt32(), track.GetProperty("protectedSamples").GetInt32())).Should().Equal(("vp09", 45, 30), ("Opus", 75, 50));
        run.Json.GetProperty("notes").EnumerateArray().Select(static note => note.GetString()).Should().Contain("written as MP4: VP9 and Opus of WebM");
        run = (await CommandRun.OfAsync("play", _folder.File("film.webm"), "--key-system", "clearkey", "--license-url", $"{sandbox.Url}clearkey", "--to", _folder.File("clear.webm"))).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("written as WebM, as it was");
        byte[] clear = await File.ReadAllBytesAsync(_folder.File("clear.webm"), Cancel);
        clear.Should().HaveCount((int)new FileInfo(_folder.File("film.webm")).Length);
        new PlainWebM(clear).Of(2).Should().Equal(Enumerable.Range(0, 75).Select(static i => Convert.ToHexString(WebMFilm.Packet(i))));
    }

    [Fact]
    public async Task VP8_stays_WebM_and_the_summary_says_so()
    {
        _folder.Write("film.webm", WebMFilm.Make(codec: "V_VP8"));
        string keys = _folder.Write("keys.json", $$"""{ "keys": [ { "kid": "{{Convert.ToHexString(Kid)}}", "key": "{{Convert.ToHexString(Key)}}" } ] }""");
        await using SandboxProcess sandbox = await SandboxProcess.StartAsync(["--port", "0", "--data", _folder.File("data"), "--keys", keys], TextWriter.Null, new Leftovers(), Cancel);
        string[] asked = ["play", _folder.File("film.webm"), "--key-system", "clearkey", "--license-url", $"{sandbox.Url}clearkey"];
        (await CommandRun.OfAsync([.. asked, "--to", _folder.File("film.mp4")])).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("VP8 in WebM, which is not put into MP4");
        CommandRun run = (await CommandRun.OfAsync([.. asked, "--to", _folder.File("clear.webm"), "--json"])).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("notes").EnumerateArray().Select(static note => note.GetString()).Should().Contain("written as WebM: VP8 is not put into MP4");
        run.Json.GetProperty("tracks").EnumerateArray().Select(static track => track.GetProperty("samples").GetInt32()).Should().Equal(45, 75);
        (await CommandRun.OfAsync([.. asked, "--to", _folder.File("part.webm"), "--from", "0.6"])).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("a range is written as MP4");
    }

    [Fact]
    public async Task Inspect_shows_tracks_keys_and_how_much_is_encrypted()
    {
        CommandRun run = (await CommandRun.OfAsync("inspect", _folder.Write("film.webm", WebMFilm.Make()), "--json")).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("kind").GetString().Should().Be("webm");
        run.Text.Should().Contain("ContentEncKeyID").And.Contain(Convert.ToHexStringLower(Kid));
        (await CommandRun.OfAsync("inspect", _folder.File("film.webm"))).ShouldEndWith(ExitCode.Done).Out.Should().Contain("WebM").And.Contain("30 of 45 samples");
    }
}
