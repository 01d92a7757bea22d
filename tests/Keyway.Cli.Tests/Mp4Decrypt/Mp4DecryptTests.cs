using Keyway.Cli.Run;
using Keyway.Mp4;

namespace Keyway.Cli.Mp4Decrypt;

/// <summary>What programs rely on that call Bento4's <c>mp4decrypt</c>: as its page says, and as version 1.4 of it (1.6.0-641 of Bento4) was seen to do with the same files.</summary>
public sealed class Mp4DecryptTests : IDisposable
{
    private const int Done = 0;
    private const int Failed = 1;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("audio", "AUDIO")]
    [InlineData("video-360", "HD")]
    public async Task A_key_is_for_an_id_or_for_a_track_and_nothing_is_said(string track, string label)
    {
        foreach (string id in (string[])[Sample.Kid(label), Sample.Kid(label).ToUpperInvariant(), "1", "01"])
        {
            CommandRun run = await CommandRun.OfMp4DecryptAsync("--key", $"{id}:{Sample.Key(label)}", Sample.File($"cbcs/{track}.mp4"), _folder.File("out.mp4"));
            run.ShouldEndWith(Done).Text.Should().BeEmpty("programs take what is said for a failure");
            await Sample.ShouldHoldAsync(_folder.File("out.mp4"), track);
        }

        _folder.Entries.Should().Equal("out.mp4");
    }

    [Fact]
    public async Task Where_a_wrong_key_would_not_have_been_noticed_that_is_said()
    {
        CommandRun run = await CommandRun.OfMp4DecryptAsync("--key", $"1:{Sample.Key("SD")}", Sample.File("cbcs/video-360.mp4"), _folder.File("out.mp4"));
        run.ShouldEndWith(Done).Error.Should().StartWith("WARNING: track 1 (vide avc1.64001e): key check: too little");
    }

    [Fact]
    public async Task Options_may_stand_behind_the_names()
    {
        (await CommandRun.OfMp4DecryptAsync(Sample.File("cbcs/audio.mp4"), _folder.File("out.mp4"), "--show-progress", "--key", Sample.Held("AUDIO"))).ShouldEndWith(Done);
        await Sample.ShouldHoldAsync(_folder.File("out.mp4"), "audio");
    }

    [Fact]
    public async Task Output_that_is_there_is_replaced_and_may_be_the_input()
    {
        string file = _folder.File("film.mp4");
        File.Copy(Sample.File("cbcs/audio.mp4"), file);
        (await CommandRun.OfMp4DecryptAsync("--key", Sample.Held("AUDIO"), file, file)).ShouldEndWith(Done);
        await Sample.ShouldHoldAsync(file, "audio");
        _folder.Entries.Should().Equal("film.mp4");
    }

    [Fact]
    public async Task Of_several_tracks_those_with_a_key_become_clear_and_the_others_stay_as_they_are_and_it_is_said()
    {
        byte[] both = TwoTracks.Make();
        string input = _folder.Write("both.mp4", both), output = _folder.File("out.mp4");
        foreach ((string key, uint opened, uint left) in ((string, uint, uint)[])[(Sample.Held("HD"), 1u, 2u), ($"2:{Sample.Key("AUDIO")}", 2u, 1u)])
        {
            CommandRun run = (await CommandRun.OfMp4DecryptAsync("--key", key, input, output)).ShouldEndWith(Done);
            run.Out.Should().BeEmpty();
            run.Error.Should().StartWith($"WARNING: track {left} ").And.Contain("left protected");
            Lines(run).Should().HaveCount(1);
            await using FileStream file = File.OpenRead(output);
            Mp4Inspection found = await Mp4Inspector.InspectAsync(file, "out", cancellationToken: TestContext.Current.CancellationToken);
            found.Tracks.Single(track => track.Track.Id == opened).Track.IsProtected.Should().BeFalse();
            Mp4TrackSummary other = found.Tracks.Single(track => track.Track.Id == left);
            other.ProtectedSamples.Should().Be(other.Samples).And.BePositive();
        }

        // What was left is opened later.
        (await CommandRun.OfMp4DecryptAsync("--key", Sample.Held("HD"), input, output)).ShouldEndWith(Done);
        (await CommandRun.OfMp4DecryptAsync("--key", Sample.Held("AUDIO"), output, output)).ShouldEndWith(Done);
        await Sample.ShouldHoldAsync(output, "video-360", "audio");
        (await CommandRun.OfMp4DecryptAsync("--key", $"1:{Sample.Key("HD")}", "--key", Sample.Held("AUDIO"), input, output)).ShouldEndWith(Done).Text.Should().BeEmpty();
        await Sample.ShouldHoldAsync(output, "video-360", "audio");
    }

    [Fact]
    public async Task Without_a_key_that_fits_everything_stays_byte_for_byte_and_it_is_said()
    {
        string input = Sample.File("cbcs/audio.mp4"), output = _folder.File("out.mp4");
        foreach (string[] keys in (string[][])[[], ["--key", Sample.Held("HD")], ["--key", $"7:{Sample.Key("AUDIO")}"]])
        {
            CommandRun run = (await CommandRun.OfMp4DecryptAsync([.. keys, input, output])).ShouldEndWith(Done);
            run.Error.Should().Contain("left protected");
            Lines(run).Should().HaveCount(keys.Length == 0 ? 1 : 2, "a key that nobody asked for is told too");
            (await File.ReadAllBytesAsync(output, TestContext.Current.CancellationToken)).Should().Equal(await File.ReadAllBytesAsync(input, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task The_key_of_a_track_comes_before_that_of_an_id_and_the_last_of_a_track_counts()
    {
        string wrong = Sample.Key("SD"), output = _folder.File("out.mp4");
        (await CommandRun.OfMp4DecryptAsync("--key", $"{Sample.Kid("HD")}:{wrong}", "--key", $"1:{wrong}", "--key", $"1:{Sample.Key("HD")}", Sample.File("cbcs/video-360.mp4"), output)).ShouldEndWith(Done);
        await Sample.ShouldHoldAsync(output, "video-360");
    }

    [Fact]
    public async Task One_key_is_not_taken_for_several_that_the_samples_of_a_track_name()
    {
        string[] first = Sample.Segments("video-360"), second = Sample.Segments("video-180");
        // The second half is described anew, with another key id; so short that no check can tell.
        byte[] film = [.. first[..2].SelectMany(File.ReadAllBytes), .. second[..2].SelectMany(File.ReadAllBytes)];
        string input = _folder.Write("film.mp4", film), output = _folder.File("out.mp4");
        CommandRun run = await CommandRun.OfMp4DecryptAsync("--key", $"1:{Sample.Key("HD")}", input, output);
        run.ShouldEndWith(Failed).Error.Should().MatchRegex("does not fit|samples of track 1 name 2 keys").And.Contain(Sample.Kid("SD"));
        File.Exists(output).Should().BeFalse();
        (await CommandRun.OfMp4DecryptAsync("--key", Sample.Held("HD"), "--key", Sample.Held("SD"), input, output)).ShouldEndWith(Done);
    }

    [Fact]
    public async Task A_key_that_does_not_fit_is_a_failure_and_what_was_there_stays()
    {
        string output = _folder.Write("out.mp4", "what was there");
        byte[] input = [.. Sample.Segments("video-360").SelectMany(File.ReadAllBytes)];
        CommandRun run = await CommandRun.OfMp4DecryptAsync(["--key", $"1:{Sample.Key("SD")}", "-", output], input);
        run.ShouldEndWith(Failed).Error.Should().StartWith("ERROR: ").And.Contain("does not fit");
        (await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken)).Should().Be("what was there");
        _folder.Entries.Should().Equal("out.mp4");
    }

    [Theory]
    [InlineData("cenc/video-360/init.mp4")]
    [InlineData("cbcs/video-360.mp4")]      // the description is the beginning of a file
    public async Task Fragments_are_described_by_another_file_and_come_out_alone(string info)
    {
        string[] segments = Sample.Segments("video-360");
        if (info.StartsWith("cbcs", StringComparison.Ordinal)) segments = await SplitAsync(Sample.File(info));
        List<byte> whole = [];
        (await CommandRun.OfMp4DecryptAsync("--key", Sample.Held("HD"), segments[0], _folder.File("init-clear.mp4"))).ShouldEndWith(Done);
        whole.AddRange(await File.ReadAllBytesAsync(_folder.File("init-clear.mp4"), TestContext.Current.CancellationToken));
        foreach (string segment in segments[1..])
        {
            CommandRun run = await CommandRun.OfMp4DecryptAsync("--fragments-info", Sample.File(info), "--key", Sample.Held("HD"), segment, _folder.File("clear.m4s"));
            run.ShouldEndWith(Done).Text.Should().BeEmpty();
            byte[] clear = await File.ReadAllBytesAsync(_folder.File("clear.m4s"), TestContext.Current.CancellationToken);
            clear.Should().HaveCount((int)new FileInfo(segment).Length);
            whole.AddRange(clear);
        }

        await Sample.ShouldHoldAsync(_folder.Write("whole.mp4", [.. whole]), "video-360");
    }

    [Fact]
    public async Task Several_fragments_in_one_file_are_described_by_another()
    {
        string[] segments = Sample.Segments("audio");
        byte[] joined = [.. segments[1..].SelectMany(File.ReadAllBytes)];
        (await CommandRun.OfMp4DecryptAsync("--fragments-info", segments[0], "--key", Sample.Held("AUDIO"), _folder.Write("all.m4s", joined), _folder.File("clear.m4s"))).ShouldEndWith(Done);
        (await CommandRun.OfMp4DecryptAsync("--key", Sample.Held("AUDIO"), segments[0], _folder.File("init.mp4"))).ShouldEndWith(Done);
        await Sample.ShouldHoldAsync(_folder.Write("whole.mp4", [.. File.ReadAllBytes(_folder.File("init.mp4")), .. File.ReadAllBytes(_folder.File("clear.m4s"))]), "audio");
    }

    [Fact]
    public async Task Fragments_without_a_key_stay_as_they_are_and_it_is_said()
    {
        string[] segments = Sample.Segments("audio");
        (await CommandRun.OfMp4DecryptAsync("--fragments-info", segments[0], "--key", Sample.Held("HD"), segments[1], _folder.File("out.m4s"))).ShouldEndWith(Done).Error.Should().Contain("left protected");
        File.ReadAllBytes(_folder.File("out.m4s")).Should().Equal(File.ReadAllBytes(segments[1]));
    }

    [Fact]
    public async Task What_cannot_be_right_is_a_failure_without_an_output()
    {
        string key = Sample.Held("AUDIO"), audio = Sample.File("cbcs/audio.mp4"), output = _folder.File("out.mp4");
        string[] segments = Sample.Segments("audio");
        string text = _folder.Write("text", "no film"), empty = _folder.Write("empty", ""), cut = _folder.Write("cut.mp4", (await File.ReadAllBytesAsync(audio, TestContext.Current.CancellationToken))[..^1000]);
        foreach ((string[] words, string says) in ((string[], string)[])[
            (["--key", key, segments[1], output], "initialisation segment"),
            (["--key", key, text, output], "text"),
            (["--key", key, empty, output], "empty"),
            (["--key", key, cut, output], "cut short"),
            (["--key", key, _folder.File("none.mp4"), output], "no such file"),
            (["--key", key, audio, _folder.File("none/out.mp4")], "no folder"),
            (["--key", key, audio, _folder.Path], "folder"),
            (["--fragments-info", _folder.File("none.mp4"), "--key", key, segments[1], output], "no such file"),
            (["--fragments-info", segments[2], "--key", key, segments[1], output], "no moov"),
            (["--fragments-info", text, "--key", key, segments[1], output], "text"),
            (["--fragments-info", segments[0], "--key", key, text, output], "text: "),
            (["--fragments-info", segments[0], "--key", key, empty, output], "no fragment"),
            (["--key", key[..^2], audio, output], "32 hexadecimal digits"),
            (["--key", key + "00", audio, output], "32 hexadecimal digits"),
            (["--key", key.Replace(':', '='), audio, output], "--key"),
            (["--key", $"0:{Sample.Key("AUDIO")}", audio, output], "track's number"),
            (["--key", $"abc:{Sample.Key("AUDIO")}", audio, output], "track's number"),
        ])
        {
            CommandRun run = (await CommandRun.OfMp4DecryptAsync(words)).ShouldEndWith(Failed);
            run.Out.Should().BeEmpty();
            run.Error.Should().StartWith("ERROR: ").And.Contain(says);
            Lines(run).Should().HaveCount(1);
            _folder.Entries.Should().Equal("cut.mp4", "empty", "text");
        }
    }

    [Theory]
    [InlineData("the name of the input is missing", "--key", "1:00112233445566778899aabbccddeeff")]
    [InlineData("the name of the output is missing", "in.mp4")]
    [InlineData("more than an input and an output", "in.mp4", "out.mp4", "third.mp4")]
    [InlineData("nothing stands after --key", "in.mp4", "out.mp4", "--key")]
    [InlineData("nothing stands after --fragments-info", "in.mp4", "out.mp4", "--fragments-info")]
    [InlineData("twice", "--fragments-info", "a", "--fragments-info", "b", "in.mp4", "out.mp4")]
    [InlineData("no such option", "--keys", "1:00112233445566778899aabbccddeeff", "in.mp4", "out.mp4")]
    [InlineData("no such option", "--key=1:00112233445566778899aabbccddeeff", "in.mp4", "out.mp4")]
    public async Task A_mistake_of_usage_is_said_without_what_may_be_a_key(string says, params string[] words) =>
        (await CommandRun.OfMp4DecryptAsync(words)).ShouldEndWith(Failed).ShouldNotShow("00112233445566778899aabbccddeeff").Error.Should().StartWith("ERROR: ").And.Contain(says);

    [Theory]
    [InlineData]
    [InlineData("--help")]
    public async Task Without_arguments_the_usage_is_shown_and_that_is_a_failure(params string[] words)
    {
        CommandRun run = (await CommandRun.OfMp4DecryptAsync(words)).ShouldEndWith(Failed);
        run.Out.Should().BeEmpty();
        run.Error.Should().StartWith("usage: mp4decrypt [options] <input> <output>").And.Contain("--key <id>:<k>").And.Contain("--fragments-info <filename>").And.Contain("--show-progress");
    }

    [Fact]
    public async Task Progress_goes_to_standard_output_as_steps_of_a_total_and_to_its_end()
    {
        CommandRun run = (await CommandRun.OfMp4DecryptAsync("--show-progress", "--key", Sample.Held("HD"), Sample.File("cbcs/video-360.mp4"), _folder.File("out.mp4"))).ShouldEndWith(Done);
        string[] steps = run.Out.Split('\r');
        steps[0].Should().BeEmpty();
        steps[1..].Should().OnlyContain(static step => step.EndsWith("/100", StringComparison.Ordinal)).And.HaveCountGreaterThan(1);
        steps[1..].Select(static step => int.Parse(step.Split('/')[0], System.Globalization.CultureInfo.InvariantCulture)).Should().BeInAscendingOrder().And.EndWith(100);
    }

    [Fact]
    public async Task Media_passes_from_standard_input_to_standard_output()
    {
        CommandRun run = await CommandRun.OfMp4DecryptAsync(["--show-progress", "--key", Sample.Held("AUDIO"), "-", "-"], await File.ReadAllBytesAsync(Sample.File("cbcs/audio.mp4"), TestContext.Current.CancellationToken));
        run.ShouldEndWith(Done).Text.Should().BeEmpty();
        await Sample.ShouldHoldAsync(new MemoryStream(run.Media), "audio");
    }

    [Fact]
    public async Task Whoever_calls_the_program_by_that_name_gets_it()
    {
        string program = Path.Combine(Path.GetDirectoryName(ProgramRun.Program)!, OperatingSystem.IsWindows() ? "keyway.exe" : "keyway");
        if (OperatingSystem.IsWindows()) Assert.Skip("a link needs a privilege there; the copy that lies beside the program is what is called");
        string output = _folder.File("out.mp4");
        string arguments = $"--key {Sample.Held("AUDIO")} '{Sample.File("cbcs/audio.mp4")}' '{output}'";
        string beside = Path.Combine(Path.GetDirectoryName(program)!, "mp4decrypt");
        foreach (string line in (string[])[
            $"ln -s '{program}' '{_folder.File("mp4decrypt")}' && '{_folder.File("mp4decrypt")}' {arguments}",
            $"PATH='{_folder.Path}':$PATH && mp4decrypt {arguments}",
            $"'{beside}' {arguments}",
            $"$keyway mp4decrypt {arguments}",
        ])
        {
            if (!OperatingSystem.IsLinux() && line.Contains("PATH", StringComparison.Ordinal)) continue;
            File.Delete(output);
            await using ProgramRun run = ProgramRun.Shell(line);
            (await run.EndAsync()).Should().Be(Done, await run.Error);
            (await run.Out.ReadToEndAsync(TestContext.Current.CancellationToken)).Should().BeEmpty();
            await Sample.ShouldHoldAsync(output, "audio");
        }

        await using ProgramRun other = ProgramRun.Shell($"'{_folder.File("mp4decrypt")}' decrypt");
        (await other.EndAsync()).Should().Be(Failed, "the name says what is meant, whatever the words are");
        (await other.Error).Should().Contain("output is missing");
    }

    [Fact]
    public async Task An_output_that_could_only_get_another_name_is_refused()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("elsewhere names are text");
        await using ProgramRun run = ProgramRun.Shell($"cd '{_folder.Path}' && name=$(printf 'caf\\351').mp4; $keyway mp4decrypt '{Sample.File("cbcs/audio.mp4")}' $name --key {Sample.Held("AUDIO")}");
        (await run.EndAsync()).Should().NotBe(Done);
        (await run.Error).Should().Contain("not UTF-8");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task The_word_stands_first_and_takes_no_option_of_the_command() =>
        (await CommandRun.OfAsync("--json", "mp4decrypt", "in.mp4", "out.mp4")).ShouldFailInJson(ExitCode.Usage, "usage");

    private static string[] Lines(CommandRun run) => run.Error.TrimEnd().Split('\n');

    // A file in one piece, as an initialisation segment and one segment.
    private async Task<string[]> SplitAsync(string file)
    {
        byte[] whole = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        int moof = whole.AsSpan().IndexOf("moof"u8) - 4;
        return [_folder.Write("head.mp4", whole[..moof]), _folder.Write("rest.m4s", whole[moof..])];
    }
}
