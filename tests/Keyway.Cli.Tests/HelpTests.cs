using Keyway.Cli.Run;

namespace Keyway.Cli;

public sealed class HelpTests
{
    [Theory]
    [InlineData]
    [InlineData("--help")]
    public async Task Without_arguments_there_is_help_with_examples(params string[] arguments)
    {
        CommandRun run = (await CommandRun.OfAsync(arguments)).ShouldEndWith(ExitCode.Done);
        foreach (string command in (string[])["play", "license", "licenses", "decrypt", "inspect", "plugins", "providers", "config", "explain", "sandbox", "mp4decrypt"]) run.Out.Should().Contain($"  {command}");
        run.Out.Should().Contain("Examples:").And.Contain("--to - | ffplay -");
        run.Error.Should().BeEmpty();
    }

    [Theory]
    [InlineData("play", "--video", "--audio", "--key-system", "--provider", "--license-url", "--license-header", "--token-file", "--custom-data-file", "--value", "--header", "--persist", "--to", "--force", "--json")]
    [InlineData("license", "--license-url", "--token-file", "--persist", "--json")]
    [InlineData("licenses", "--json")]
    [InlineData("decrypt", "--key", "--key-file", "--init", "--to", "--force", "--threads", "--sha256", "--json")]
    [InlineData("inspect", "--header", "--key-system", "--json")]
    [InlineData("plugins", "--pin", "--json")]
    [InlineData("providers", "check", "--json")]
    [InlineData("config", "--config", "--set", "--json")]
    [InlineData("explain", "--json")]
    [InlineData("sandbox", "--json")]
    public async Task Every_command_explains_its_options(string command, params string[] options)
    {
        CommandRun run = (await CommandRun.OfAsync(command, "--help")).ShouldEndWith(ExitCode.Done);
        foreach (string option in options) run.Out.Should().MatchRegex($"{option}( |\n)");
    }

    [Theory]
    [InlineData("--nosuch", "nosuch")]
    [InlineData("--nosuch", "play", "movie.mpd", "--nosuch", "s3cret")]
    [InlineData("--nosuch", "play", "--nosuch=s3cret")]
    [InlineData("--nosuch", "license", "--nosuch", "s3cret")]
    [InlineData("-key", "decrypt", "in.mp4", "-key", "1:s3cret", "--to", "out.mp4", "--key-file", "keys")]
    [InlineData("--license-headr", "inspect", "movie.mpd", "--license-headr", "Authorization: s3cret")]
    [InlineData("--nosuch", "plugins", "--nosuch")]
    [InlineData("more than it takes", "config", "s3cret")]
    [InlineData("more than it takes", "play", "movie.mpd", "s3cret.mpd")]
    [InlineData("which command", "--config", "file")]
    public async Task What_nobody_knows_is_a_mistake_of_usage_and_what_follows_it_is_not_repeated(string message, params string[] arguments)
    {
        if (arguments is ["nosuch"]) message = "nosuch";
        CommandRun run = (await CommandRun.OfAsync(arguments)).ShouldEndWith(ExitCode.Usage).ShouldNotShow("s3cret");
        run.Error.Should().Contain(message).And.Contain("--help");
        run.Out.Should().BeEmpty();
        (await CommandRun.OfAsync([.. arguments, "--json"])).ShouldFailInJson(ExitCode.Usage, "usage").ShouldNotShow("s3cret");
    }

    [Theory]
    [InlineData("@file.mpd")]
    [InlineData("--", "--file.mpd")]
    public async Task An_odd_name_is_a_name(params string[] source) =>
        (await CommandRun.OfAsync(["inspect", .. source])).ShouldEndWith(ExitCode.Unreachable).Error.Should().Contain(source[^1]);

    [Theory]
    [InlineData("--license-url", "ftp://licence.example/")]
    [InlineData("--license-url", "nonsense")]
    [InlineData("--license-header", "nonsense")]
    [InlineData("--header", ": nonsense")]
    [InlineData("--value", "nonsense")]
    [InlineData("--token-file", "missing")]
    [InlineData("--custom-data-file", "missing")]
    [InlineData("--provider", "nobody")]
    public async Task A_value_of_another_form_is_a_mistake_of_usage(string option, string value)
    {
        (await CommandRun.OfAsync("play", Sample.Manifest, option, value, "--to", "-")).ShouldEndWith(ExitCode.Usage).Media.Should().BeEmpty();
        (await CommandRun.OfAsync("license", Sample.Manifest, option, value, "--json")).ShouldEndWith(ExitCode.Usage).Json.GetProperty("error").GetProperty("code").GetInt32().Should().Be(2);
    }

    [Fact]
    public async Task Media_and_a_report_do_not_both_go_to_standard_output() =>
        (await CommandRun.OfAsync("play", Sample.Manifest, "--to", "-", "--json")).ShouldFailInJson(ExitCode.Usage, "usage").Media.Should().BeEmpty();
}
