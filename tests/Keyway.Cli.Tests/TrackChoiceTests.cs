using System.Text.Json;
using Keyway.Cli.Run;

namespace Keyway.Cli;

public sealed class TrackChoiceTests(SharedSandbox sandbox)
{
    [Theory]
    [InlineData(null, null, "2 0")]
    [InlineData("360", "en", "2 0")]
    [InlineData("180p", null, "1 0")]
    [InlineData("87620", "none", "1")]
    [InlineData("none", "55118", "0")]
    [InlineData("1", "0", "1 0")]
    public async Task Tracks_are_chosen_by_height_bandwidth_language_or_id_and_the_rest_is_listed(string? video, string? audio, string expected)
    {
        List<string> arguments = ["license", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--json"];
        if (video is not null) arguments.AddRange(["--video", video]);
        if (audio is not null) arguments.AddRange(["--audio", audio]);
        string[] others = [.. ((string[])["0", "1", "2"]).Except(expected.Split(' '))];

        JsonElement license = (await CommandRun.OfAsync([.. arguments])).ShouldEndWith(ExitCode.Done).Json;
        license.GetProperty("notChosen").EnumerateArray().Select(static track => track.GetProperty("id").GetString()).Should().BeEquivalentTo(others);
        license.GetProperty("notChosen").EnumerateArray().Should().OnlyContain(static track => track.GetProperty("reason").GetString()!.Length > 0);

        arguments[0] = "inspect";
        arguments.RemoveRange(2, 2);
        JsonElement inspected = (await CommandRun.OfAsync([.. arguments])).ShouldEndWith(ExitCode.Done).Json;
        inspected.GetProperty("tracks").EnumerateArray().Where(static track => track.GetProperty("chosen").GetBoolean()).Select(static track => track.GetProperty("id").GetString())
            .Should().Equal(expected.Split(' '));
    }

    [Theory]
    [InlineData("--video", "1080")]
    [InlineData("--audio", "fr")]
    public async Task A_track_that_is_not_there_is_a_mistake_of_usage_and_the_message_lists_what_there_is(string option, string value)
    {
        CommandRun run = (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--to", "-", option, value)).ShouldEndWith(ExitCode.Usage);
        run.Error.Should().Contain(value).And.Contain("640x360").And.Contain("320x180").And.Contain(" en");
        run.Media.Should().BeEmpty();
    }

    [Fact]
    public async Task The_lower_video_is_written_when_it_is_asked_for()
    {
        CommandRun run = (await CommandRun.OfAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--to", "-", "--video", "180", "--audio", "none")).ShouldEndWith(ExitCode.Done);
        await using MemoryStream media = new(run.Media);
        await Sample.ShouldHoldAsync(media, "video-180");
    }
}
