using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Testing;

namespace Keyway.Cli;

/// <summary>A wrong key ends with 6 and without a file where samples say it; where they cannot, the summary says that.</summary>
public sealed class KeyFitTests : IDisposable
{
    // The corpus's own, published by its project (shaka-packager).
    private const string Kid = "31323334353637383930313233343536", Key = "32333435363738393021323334353637", Wrong = "32333435363738393021323334353638";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ec3-and-hls-single-segment-mp4-encrypted/bear-640x360-ec3-audio.mp4", "ec-3, sync word")]
    [InlineData("flac-with-encryption/bear-flac-audio.mp4", "fLaC, frame header")]
    public async Task Decrypt_tells_a_wrong_key_from_the_right_one(string file, string reason)
    {
        string source = Source(file), target = _folder.File("out.mp4");
        CommandRun wrong = await CommandRun.OfAsync("decrypt", source, "--key", $"{Kid}:{Wrong}", "--to", target, "--json");
        wrong.ShouldFailInJson(ExitCode.NoUsableKey, "key").Json.GetProperty("error").GetProperty("message").GetString().Should().Contain("the key does not fit").And.Contain(Kid);
        _folder.Entries.Should().BeEmpty();

        CommandRun right = (await CommandRun.OfAsync("decrypt", source, "--key", $"{Kid}:{Key}", "--to", target)).ShouldEndWith(ExitCode.Done);
        right.Out.Should().Contain($"key check: fits ({reason})");
    }

    [Fact]
    public async Task Play_tells_a_wrong_key_from_the_right_one()
    {
        string source = Source("ec3-and-hls-single-segment-mp4-encrypted/bear-640x360-ec3-audio.mp4"), target = _folder.File("out.mp4");
        using LoopbackServer wrong = Serving(Wrong), right = Serving(Key);
        CommandRun run = await CommandRun.OfAsync("play", source, "--license-url", wrong.Url.AbsoluteUri, "--to", target, "--json");
        run.ShouldFailInJson(ExitCode.NoUsableKey, "key").Json.GetProperty("error").GetProperty("message").GetString().Should().Contain("the key does not fit");
        _folder.Entries.Should().BeEmpty();

        JsonElement check = (await CommandRun.OfAsync("play", source, "--license-url", right.Url.AbsoluteUri, "--to", target, "--json")).ShouldEndWith(ExitCode.Done)
            .Json.GetProperty("tracks")[0].GetProperty("keyCheck");
        check.GetProperty("result").GetString().Should().Be("fits");
        check.GetProperty("reason").GetString().Should().Be("ec-3, sync word");
    }

    [Fact]
    public async Task What_cannot_be_known_is_said()
    {
        CommandRun run = (await CommandRun.OfAsync(["decrypt", .. Sample.Segments("video-360"), "--key", $"{Sample.Kid("HD")}:{Wrong}", "--to", _folder.File("out.mp4")])).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("key check: not possible (avc1, subsamples)");
    }

    private static string Source(string file)
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        return Path.Combine(Corpus.Shared, "corpus", "fmp4", "shaka-packager", file);
    }

    private static LoopbackServer Serving(string key) => LoopbackServer.Answering(context =>
    {
        context.Response.ContentType = "application/json";
        using StreamWriter body = new(context.Response.OutputStream);
        body.Write($$"""{"keys":[{"kty":"oct","kid":"{{Base64Url(Kid)}}","k":"{{Base64Url(key)}}"}],"type":"temporary"}""");
    });

    private static string Base64Url(string hex) => Convert.ToBase64String(Convert.FromHexString(hex)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
