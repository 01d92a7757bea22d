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
    [InlineData("ec3-and-hls-single-segment-mp4-encrypted/bear-640x360-ec3-audio.mp4", "ec-3, sync word or CRC")]
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
        check.GetProperty("reason").GetString().Should().Be("ec-3, sync word or CRC");
    }

    /// <summary>Formats without a signature: video and audio of the bundled sample.</summary>
    [Theory]
    [InlineData("video-360", "HD", "avc1.64001e", "NAL units")]
    [InlineData("audio", "AUDIO", "mp4a", "first element")]
    public async Task Decrypt_tells_a_wrong_key_by_what_many_samples_say(string track, string label, string codec, string reason)
    {
        string target = _folder.File("out.mp4");
        CommandRun wrong = await CommandRun.OfAsync(["decrypt", .. Sample.Segments(track), "--key", $"{Sample.Kid(label)}:{Wrong}", "--to", target, "--json"]);
        wrong.ShouldFailInJson(ExitCode.NoUsableKey, "key").Json.GetProperty("error").GetProperty("message").GetString().Should().Contain("the key does not fit").And.Contain(Sample.Kid(label));
        _folder.Entries.Should().BeEmpty();

        CommandRun right = (await CommandRun.OfAsync(["decrypt", .. Sample.Segments(track), "--key", Sample.Held(label), "--to", target, "--json"])).ShouldEndWith(ExitCode.Done);
        JsonElement check = right.Json.GetProperty("tracks")[0].GetProperty("keyCheck"), key = check.GetProperty("keys").EnumerateArray().Single();
        right.Json.GetProperty("tracks")[0].GetProperty("codec").GetString().Should().Be(codec);
        check.GetProperty("result").GetString().Should().Be("fits");
        check.GetProperty("reason").GetString().Should().Be($"{codec.Split('.')[0]}, {reason}");
        key.GetProperty("kid").GetString().Should().Be(Sample.Kid(label));
        key.GetProperty("result").GetString().Should().Be("fits");
        key.GetProperty("samples").GetInt32().Should().BeInRange(1, 500);
        right.Json.GetProperty("warnings").EnumerateArray().Should().BeEmpty();
    }

    [Fact]
    public async Task A_licence_with_a_wrong_key_leaves_no_file()
    {
        string keys = string.Join(',', new[] { "HD", "SD", "AUDIO" }.Select(static label => $$"""{"kty":"oct","kid":"{{Base64Url(Sample.Kid(label))}}","k":"{{Base64Url(Wrong)}}"}"""));
        using LoopbackServer wrong = Answering(keys);
        foreach (string target in (string[])[_folder.File("out.mp4"), _folder.File("tracks") + "/"])
        {
            CommandRun run = await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", wrong.Url.AbsoluteUri, "--to", target, "--json");
            run.ShouldFailInJson(ExitCode.NoUsableKey, "key").Json.GetProperty("error").GetProperty("message").GetString().Should().Contain("the key does not fit");
            _folder.Entries.Should().BeEmpty();
        }
    }

    [Fact]
    public async Task How_much_was_looked_at_is_said_where_it_was_too_little()
    {
        CommandRun run = (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/video-360.mp4"), "--key", $"{Sample.Kid("HD")}:{Wrong}", "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain("key check: too little (avc1, NAL units; 500 samples of ");
    }

    [Fact]
    public async Task Keys_that_nothing_asked_for_are_a_warning()
    {
        string clear = _folder.File("clear.mp4"), again = _folder.File("again.mp4");
        CommandRun run = (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", Sample.Held("AUDIO"), "--key", Sample.Held("HD"), "--key", $"9:{Wrong}", "--to", clear)).ShouldEndWith(ExitCode.Done);
        run.Error.Should().Contain($"keyway: warning: no sample asked for the key of {Sample.Kid("HD")}").And.Contain("no sample asked for the key of track 9").And.NotContain(Sample.Kid("AUDIO"));

        run = (await CommandRun.OfAsync("decrypt", clear, "--key", Sample.Held("AUDIO"), "--to", again, "--json")).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("warnings").EnumerateArray().Select(static warning => warning.GetString()).Should().Equal($"no sample asked for the key of {Sample.Kid("AUDIO")}");
    }

    [Fact]
    public async Task What_stays_protected_is_an_error_unless_it_is_asked_for()
    {
        string source = Sample.File("cbcs/audio.mp4"), target = _folder.File("out.mp4");
        (await CommandRun.OfAsync("decrypt", source, "--key", Sample.Held("HD"), "--to", target)).ShouldEndWith(ExitCode.NoUsableKey);
        _folder.Entries.Should().BeEmpty();

        CommandRun run = (await CommandRun.OfAsync("decrypt", source, "--key", Sample.Held("HD"), "--to", target, "--allow-protected", "--json")).ShouldEndWith(ExitCode.Done);
        JsonElement track = run.Json.GetProperty("tracks")[0];
        track.GetProperty("leftProtected").GetInt64().Should().Be(track.GetProperty("protectedSamples").GetInt64()).And.BeGreaterThan(0);
        run.Json.GetProperty("warnings").EnumerateArray().Select(static warning => warning.GetString()).Should().Contain(static warning => warning!.Contains("samples are left protected", StringComparison.Ordinal));
        (await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken)).Should().Equal(await File.ReadAllBytesAsync(source, TestContext.Current.CancellationToken));
    }

    private static string Source(string file)
    {
        if (Corpus.Shared is null) Assert.Skip(Corpus.Absent);
        return Path.Combine(Corpus.Shared, "corpus", "fmp4", "shaka-packager", file);
    }

    private static LoopbackServer Serving(string key) => Answering($$"""{"kty":"oct","kid":"{{Base64Url(Kid)}}","k":"{{Base64Url(key)}}"}""");

    private static LoopbackServer Answering(string keys) => LoopbackServer.Answering(context =>
    {
        context.Response.ContentType = "application/json";
        using StreamWriter body = new(context.Response.OutputStream);
        body.Write($$"""{"keys":[{{keys}}],"type":"temporary"}""");
    });

    private static string Base64Url(string hex) => Convert.ToBase64String(Convert.FromHexString(hex)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
