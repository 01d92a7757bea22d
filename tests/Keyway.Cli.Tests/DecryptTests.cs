using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keyway.Cli.Commands;
using Keyway.Cli.Run;
using Keyway.Mp4;

namespace Keyway.Cli;

public sealed class DecryptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("audio", "AUDIO")]
    [InlineData("video-180", "SD")]
    [InlineData("video-360", "HD")]
    public async Task A_file_is_decrypted_with_a_key_for_its_id(string track, string label)
    {
        string target = _folder.File("out.mp4");
        CommandRun run = (await CommandRun.OfAsync("decrypt", Sample.File($"cbcs/{track}.mp4"), "--key", Sample.Held(label), "--to", target, "--sha256")).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(target, track);
        run.Out.Should().Contain(Sample.Kid(label)).And.Contain(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken))));
        new FileInfo(target).Length.Should().Be(new FileInfo(Sample.File($"cbcs/{track}.mp4")).Length, "every offset stays true");
    }

    [Fact]
    public async Task Bytes_behind_an_initialisation_segment_and_its_segments_are_told_and_lose_nothing()
    {
        string from = Path.GetDirectoryName(Sample.File("cenc/audio/init.mp4"))!, folder = _folder.File("segments");
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(from)) await File.WriteAllBytesAsync(Path.Combine(folder, Path.GetFileName(file)), [.. await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken), .. new byte[16]], TestContext.Current.CancellationToken);
        JsonElement json = (await CommandRun.OfAsync("decrypt", "--init", Path.Combine(folder, "init.mp4"), Path.Combine(folder, "*.m4s"), "--key", Sample.Held("AUDIO"), "--to", _folder.File("out.mp4"), "--json")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("notes").GetArrayLength().Should().Be(Directory.GetFiles(from).Length);
        json.GetProperty("tracks")[0].GetProperty("samples").GetInt64().Should().Be(json.GetProperty("tracks")[0].GetProperty("protectedSamples").GetInt64()).And.BePositive();
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "audio");
    }

    [Fact]
    public async Task A_track_s_number_stands_for_its_key_and_dashes_and_upper_case_do_no_harm()
    {
        string kid = Guid.Parse(Sample.Kid("AUDIO")).ToString().ToUpperInvariant();
        foreach (string key in (string[])[$"1:{Sample.Key("AUDIO")}", $"{kid}:{Sample.Key("AUDIO").ToUpperInvariant()}"])
        {
            (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", key, "--to", _folder.File("out.mp4"), "--force")).ShouldEndWith(ExitCode.Done);
            await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "audio");
        }
    }

    [Fact]
    public async Task A_track_s_key_is_not_taken_for_several_that_its_samples_name()
    {
        string[] first = Sample.Segments("video-360"), second = Sample.Segments("video-180");
        // The second half is described anew, with another key id; so short that no check can tell.
        string input = _folder.Write("film.mp4", [.. first[..2].SelectMany(File.ReadAllBytes), .. second[..2].SelectMany(File.ReadAllBytes)]), output = _folder.File("out.mp4");
        CommandRun run = await CommandRun.OfAsync("decrypt", input, "--key", $"1:{Sample.Key("HD")}", "--to", output);
        run.Code.Should().NotBe(0);
        run.Error.Should().MatchRegex("does not fit|samples of track 1 name 2 keys").And.Contain(Sample.Kid("SD"));
        File.Exists(output).Should().BeFalse();
        // The track's key is for what has no key of its own.
        (await CommandRun.OfAsync("decrypt", input, "--key", $"1:{Sample.Key("HD")}", "--key", Sample.Held("SD"), "--to", output)).ShouldEndWith(ExitCode.Done);
    }

    [Fact]
    public async Task An_initialisation_segment_and_its_segments_are_one_file()
    {
        CommandRun run = (await CommandRun.OfAsync(["decrypt", .. Sample.Segments("video-360"), "--key", Sample.Held("SD"), "--key", Sample.Held("HD"), "--to", _folder.File("out.mp4"), "--json"]))
            .ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "video-360");
        JsonElement track = run.Json.GetProperty("tracks")[0];
        track.GetProperty("samples").GetInt32().Should().Be(500);
        track.GetProperty("protectedSamples").GetInt32().Should().Be(500);
        track.GetProperty("scheme").GetString().Should().Be("cenc");
        track.GetProperty("kids").EnumerateArray().Single().GetString().Should().Be(Sample.Kid("HD"));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    [InlineData("64")]
    public async Task Segments_of_an_initialisation_segment_are_found_by_pattern_and_go_by_their_numbers(string threads)
    {
        // Names as a packager gives them, more than nine, so that an alphabet would put 10 before 2.
        string[] segments = Sample.Segments("video-360");
        File.Copy(segments[0], _folder.File("init.mp4"));
        for (int i = 1; i < segments.Length; i++) File.Copy(segments[i], _folder.File($"seg-{(2 * i) + 3}.m4s"));
        (await CommandRun.OfAsync("decrypt", "--init", _folder.File("init.mp4"), _folder.File("seg-*.m4s"), "--key", Sample.Held("HD"), "--to", _folder.File("out.mp4"), "--threads", threads)).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "video-360");
    }

    [Fact]
    public async Task Segments_that_a_shell_has_put_in_the_order_of_letters_go_by_their_numbers_too()
    {
        string[] segments = Sample.Segments("audio");
        string[] shuffled = [.. segments.Skip(1).Reverse()];
        (await CommandRun.OfAsync(["decrypt", "--init", segments[0], .. shuffled, "--key", Sample.Held("AUDIO"), "--to", _folder.File("out.mp4")])).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "audio");
    }

    [Fact]
    public async Task A_pattern_that_no_name_has_is_said() =>
        (await CommandRun.OfAsync("decrypt", _folder.File("seg-?.m4s"), "--key", Sample.Held("AUDIO"), "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.Unreachable).Error.Should().Contain("seg-?.m4s");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Media_comes_by_http_whole_or_in_segments(bool inSegments)
    {
        using LoopbackServer server = LoopbackServer.Files(Sample.File("."), ranges: true);
        string[] sources = inSegments ? [.. Sample.Segments("video-360").Select(path => server.Url + Path.GetRelativePath(Sample.File("."), path))] : [server.Url + "cbcs/video-360.mp4"];
        (await CommandRun.OfAsync(["decrypt", .. sources, "--key", Sample.Held("HD"), "--to", _folder.File("out.mp4")])).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "video-360");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1025")]
    [InlineData("many")]
    public async Task A_number_of_threads_that_there_cannot_be_is_a_mistake_of_usage(string threads) =>
        (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", Sample.Held("AUDIO"), "--to", _folder.File("out.mp4"), "--threads", threads)).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("--threads");

    [Theory]
    [InlineData("decrypt in.mp4 --key 1:2 --to out.mp4")]
    [InlineData("decrypt --init i.mp4 a.m4s b.m4s --key 1:2 --key 3:4 --key-file - --to - --force --threads 3 --sha256")]
    [InlineData("decrypt - --key-file keys --to out.mp4")]
    public async Task The_short_path_reads_what_the_parser_reads(string arguments)
    {
        DecryptRequest? parsed = null;
        CommandIo io = new() { Out = TextWriter.Null, Error = TextWriter.Null, OpenInput = () => Stream.Null, OpenOutput = () => Stream.Null };
        Command command = DecryptCommand.Create(_ => new CommandContext(io, false, null, false, []), (request, _, _) => Task.FromResult((parsed = request) is null ? 1 : 0));
        await command.Parse(arguments.Split(' ')[1..]).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken);
        ShortPath.TryRead(arguments.Split(' ')).Should().NotBeNull().And.BeEquivalentTo(parsed);
    }

    [Theory]
    [InlineData("play in.mp4")]
    [InlineData("decrypt")]
    [InlineData("decrypt --help")]
    [InlineData("decrypt in.mp4 --key 1:2")]
    [InlineData("decrypt in.mp4 --key=1:2 --to out.mp4")]
    [InlineData("decrypt in.mp4 --key 1:2 --to out.mp4 --nosuch")]
    [InlineData("decrypt in.mp4 --key 1:2 --to a.mp4 --to b.mp4")]
    [InlineData("decrypt in.mp4 --key --force --to out.mp4")]
    [InlineData("decrypt in.mp4 --key 1:2 --to out.mp4 --threads 0")]
    [InlineData("decrypt in.mp4 --key 1:2 --to out.mp4 --set Keyway:Plugins:Directory=x")]
    [InlineData("decrypt -- -in.mp4 --key 1:2 --to out.mp4")]
    public void What_is_not_plain_is_left_to_the_parser(string arguments) => ShortPath.TryRead(arguments.Split(' ')).Should().BeNull();

    [Fact]
    public async Task One_segment_of_several_that_is_missing_is_said_before_anything_is_written()
    {
        (await CommandRun.OfAsync(["decrypt", .. Sample.Segments("audio"), _folder.File("6.m4s"), "--key", Sample.Held("AUDIO"), "--to", _folder.File("out.mp4")])).ShouldEndWith(ExitCode.Unreachable)
            .Error.Should().Contain("6.m4s");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task Keys_come_from_a_file_or_from_standard_input()
    {
        string keys = $"# the sample's keys\n\n{Sample.Held("HD")}\r\n  {Sample.Held("AUDIO")}  \n";
        string file = _folder.Write("keys", keys);
        (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key-file", file, "--to", _folder.File("a.mp4"))).ShouldEndWith(ExitCode.Done);
        (await CommandRun.OfAsync(["decrypt", Sample.File("cbcs/audio.mp4"), "--key-file", "-", "--to", _folder.File("b.mp4")], Encoding.UTF8.GetBytes(keys), TestContext.Current.CancellationToken))
            .ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(_folder.File("a.mp4"), "audio");
        await Sample.ShouldHoldAsync(_folder.File("b.mp4"), "audio");
    }

    [Fact]
    public async Task Media_comes_from_standard_input_and_goes_to_standard_output()
    {
        byte[] input = await File.ReadAllBytesAsync(Sample.File("cbcs/video-180.mp4"), TestContext.Current.CancellationToken);
        CommandRun run = (await CommandRun.OfAsync(["decrypt", "-", "--key", Sample.Held("SD"), "--to", "-"], input, TestContext.Current.CancellationToken)).ShouldEndWith(ExitCode.Done);
        run.Out.Should().BeEmpty();
        await using MemoryStream media = new(run.Media);
        await Sample.ShouldHoldAsync(media, "video-180");
    }

    [Theory]
    [InlineData("--key", "nonsense")]
    [InlineData("--key", "c5d31c60dee014a6f849c8f291262343")]
    [InlineData("--key", "c5d31c60dee014a6f849c8f291262343:0011")]
    [InlineData("--key", "c5d31c60dee014a6f849c8f29126234:00112233445566778899aabbccddeeff")]
    [InlineData("--key", "0:00112233445566778899aabbccddeeff")]
    [InlineData("--key", "c5d31c60dee014a6f849c8f291262343:00112233445566778899aabbccddeefg")]
    [InlineData("--key-file", "missing")]
    public async Task A_key_of_another_form_is_a_mistake_of_usage_and_is_not_repeated(string option, string value)
    {
        CommandRun run = (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), option, value, "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.Usage);
        run.Error.Should().Contain(option);
        if (option == "--key") run.ShouldNotShow(value.Split(':')[^1], value);
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task A_bad_line_of_a_key_file_is_named_by_its_number_only()
    {
        string file = _folder.Write("keys", $"{Sample.Held("HD")}\nAUDIO {Sample.Key("AUDIO")}\n");
        (await CommandRun.OfAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key-file", file, "--to", _folder.File("out.mp4"))).ShouldEndWith(ExitCode.Usage)
            .Error.Should().Contain("line 2");
    }

    [Theory]
    [InlineData("a.mp4 --to b.mp4")]
    [InlineData("a.mp4 --key 1:00112233445566778899aabbccddeeff")]
    [InlineData("--key 1:00112233445566778899aabbccddeeff --to b.mp4")]
    [InlineData("- --key-file - --to b.mp4")]
    [InlineData("a.mp4 - --key 1:00112233445566778899aabbccddeeff --to b.mp4")]
    [InlineData("a.mp4 --key 1:00112233445566778899aabbccddeeff --to - --json")]
    public async Task What_is_missing_or_cannot_be_together_is_a_mistake_of_usage(string arguments) =>
        (await CommandRun.OfAsync(["decrypt", .. arguments.Split(' ')])).ShouldEndWith(ExitCode.Usage);

    [Fact]
    public async Task The_output_decodes_without_a_complaint()
    {
        if (!Ffmpeg.Exists) Assert.Skip(Ffmpeg.Absent);
        (await CommandRun.OfAsync(["decrypt", .. Sample.Segments("video-360"), "--key", Sample.Held("HD"), "--to", _folder.File("out.mp4")])).ShouldEndWith(ExitCode.Done);
        (await Ffmpeg.ComplaintsAsync(_folder.File("out.mp4"), TestContext.Current.CancellationToken)).Should().BeEmpty();
    }
}
