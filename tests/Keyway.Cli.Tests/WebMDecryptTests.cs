using Keyway.Cli.Run;
using Keyway.Containers.WebM;
using static Keyway.Containers.WebM.WebMMaker;

namespace Keyway.Cli;

/// <summary><c>keyway decrypt</c> of WebM: the frames are those that the platform's AES encrypted.</summary>
public sealed class WebMDecryptTests : IDisposable
{
    private const string Hidden = "32333435363738393021323334353637";

    private static readonly byte[] Frame = Bytes(300);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_is_written_clear_and_as_long_as_it_was()
    {
        byte[] file = Protected(Kid);
        CommandRun run = (await DecryptAsync(file, $"{Convert.ToHexString(Kid)}:{Hidden}", "--json")).ShouldEndWith(ExitCode.Done);
        byte[] clear = await File.ReadAllBytesAsync(_folder.File("out.webm"), TestContext.Current.CancellationToken);
        clear.Should().HaveCount(file.Length);
        new PlainWebM(clear).Of(1).Should().Equal(Convert.ToHexString(Frame));
        run.Json.GetProperty("tracks")[0].GetProperty("codec").GetString().Should().Be("vp09");
        run.Json.GetProperty("tracks")[0].GetProperty("protectedSamples").GetInt32().Should().Be(1);
        run.Json.GetProperty("warnings").GetArrayLength().Should().Be(0);
        run.ShouldNotShow(Hidden);
    }

    [Theory]
    [InlineData("0102030405", "0102030405")]
    [InlineData("0102030405", "0x0102030405")]
    [InlineData("0102030405", "1")]
    [InlineData("abcd", "ABCD")]
    [InlineData("31", "31")]
    [InlineData("3132333435363738393031323334353637383930", "3132333435363738393031323334353637383930")]
    public async Task Keys_have_names_of_any_length(string kid, string name)
    {
        CommandRun run = (await DecryptAsync(Protected(Convert.FromHexString(kid)), $"{name}:{Hidden}")).ShouldEndWith(ExitCode.Done);
        new PlainWebM(await File.ReadAllBytesAsync(_folder.File("out.webm"), TestContext.Current.CancellationToken)).Of(1).Should().Equal(Convert.ToHexString(Frame));
        run.Error.Should().NotContain("warning");
        run.Out.Should().Contain(kid);
    }

    [Fact]
    public async Task A_name_that_only_WebM_has_is_no_key_of_MP4()
    {
        CommandRun run = await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", $"abcd:{Hidden}", "--to", _folder.File("out.mp4"));
        run.ShouldEndWith(ExitCode.Usage).Error.Should().Contain("32 hexadecimal digits");
        run.ShouldNotShow(Hidden);
    }

    [Fact]
    public async Task A_missing_key_is_named_as_the_file_names_it_and_nothing_is_left()
    {
        CommandRun run = await DecryptAsync(Protected([1, 2, 3]), $"{Convert.ToHexString(Kid)}:{Hidden}");
        run.ShouldEndWith(ExitCode.NoUsableKey).Error.Should().Contain("0x010203");
        _folder.Entries.Should().Equal("in.webm");
    }

    [Fact]
    public async Task A_bad_file_is_one_and_nothing_is_left()
    {
        byte[] file = Made(Simple(1, 0, Encrypted(Frame, 1), 0x82), Kid);
        (await DecryptAsync(file, $"{Convert.ToHexString(Kid)}:{Hidden}", "--json")).ShouldFailInJson(ExitCode.BadMedia, "media").Out.Should().Contain("lacing");
        _folder.Entries.Should().Equal("in.webm");
    }

    [Fact]
    public async Task It_goes_through_pipes_and_in_pieces()
    {
        byte[] file = Protected(Kid);
        CommandRun run = (await CommandRun.OfAsync(["decrypt", "-", "--key", $"{Convert.ToHexString(Kid)}:{Hidden}", "--to", "-"], file, TestContext.Current.CancellationToken)).ShouldEndWith(ExitCode.Done);
        new PlainWebM(run.Media).Of(1).Should().Equal(Convert.ToHexString(Frame));
        int cut = new PlainWebM(file).Elements.First(static element => element.Id == 0x1F43B675).Start;
        (await CommandRun.OfAsync("decrypt", "--init", _folder.Write("init.webm", file[..cut]), _folder.Write("1.webm", file[cut..]), "--key", $"{Convert.ToHexString(Kid)}:{Hidden}", "--to", _folder.File("out.webm"))).ShouldEndWith(ExitCode.Done);
        (await File.ReadAllBytesAsync(_folder.File("out.webm"), TestContext.Current.CancellationToken)).Should().Equal(run.Media);
    }

    private static byte[] Protected(byte[] kid) => Made(Simple(1, 0, Encrypted(Frame, 1)), kid);

    private static byte[] Made(byte[] block, byte[] kid) => Whole(Tracks(Video(1, Encryption(kid))), Cluster(0, block));

    private Task<CommandRun> DecryptAsync(byte[] file, string key, params string[] more) =>
        CommandRun.OfAsync(["decrypt", _folder.Write("in.webm", file), "--key", key, "--to", _folder.File("out.webm"), .. more]);
}
