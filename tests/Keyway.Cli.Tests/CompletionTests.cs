using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>Words are completed by the program itself, and the scripts only carry them to a shell.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pl", "", "play plugins")]
    [InlineData("--ga", "play", "--gaps")]
    [InlineData("", "play --gaps", "accept refuse")]
    [InlineData("--gaps=", "play", "--gaps=accept --gaps=refuse")]
    [InlineData("--gaps=r", "play", "--gaps=refuse")]
    [InlineData("--to=", "play", "")]
    [InlineData("--nosuch=", "play", "")]
    [InlineData("s", "decrypt a.ts --method", "sample-aes")]
    [InlineData("pla", "license a.mpd --key-system", "playready")]
    [InlineData("token-e", "explain", "token-expired")]
    [InlineData("", "completion", "bash fish powershell zsh")]
    [InlineData("ex", "config", "explain")]
    [InlineData("keyway:decr", "config explain", "Keyway:Decryption:Acceleration Keyway:Decryption:MaxParallelFragments")]
    [InlineData("--", "mp4decrypt", "--fragments-info --key --show-progress")]
    [InlineData("", "play", "")]                       // files are the shell's to offer
    [InlineData("film", "inspect", "")]
    [InlineData("", "play --to", "")]
    [InlineData("", "nosuch", "")]
    public async Task Candidates_are_those_of_the_place(string word, string before, string expected)
    {
        CommandRun run = (await CommandRun.OfAsync(["complete", $"--word={word}", "--", .. before.Split(' ', StringSplitOptions.RemoveEmptyEntries)])).ShouldEndWith(ExitCode.Done);
        run.Error.Should().BeEmpty();
        run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static each => each.TrimEnd('\r')).Should().Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task The_first_word_is_every_command_and_options_come_with_a_dash()
    {
        string[] commands = (await CommandRun.OfAsync("complete", "--word=", "--")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        commands.Should().Contain(["play", "license", "licenses", "decrypt", "inspect", "plugins", "providers", "config", "explain", "completion", "sandbox", "mp4decrypt"]).And.OnlyContain(static each => each[0] != '-');
        (await CommandRun.OfAsync("complete", "--word=--", "--", "play", "movie.mpd")).Out.Split('\n').Should().Contain(["--to", "--record", "--fallback", "--json", "--config"]);
    }

    [Fact]
    public async Task Names_come_from_the_settings_that_count()
    {
        string settings = _folder.Write("own settings.json", """{ "Keyway": { "KeySystems": { "mine-l1": { "Plugin": "clearkey" } }, "Providers": { "acme": {}, "$(touch hacked)": {} } } }""");
        (await CommandRun.OfAsync("complete", "--word=mine", "--", "license", "a.mpd", "--config", settings, "--key-system")).Out.Trim().Should().Be("mine-l1");
        (await CommandRun.OfAsync("complete", "--word=ac", "--", "license", "a.mpd", "--config", settings, "--provider")).Out.Trim().Should().Be("acme");
        (await CommandRun.OfAsync("complete", "--word=", "--", "license", "a.mpd", "--config", _folder.File("none.json"), "--provider")).ShouldEndWith(ExitCode.Done);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("powershell")]
    public async Task A_script_asks_the_program(string shell)
    {
        CommandRun run = (await CommandRun.OfAsync("completion", shell)).ShouldEndWith(ExitCode.Done);
        run.Out.Should().Contain(" complete ").And.Contain("--word=").And.NotContain("compgen -W", "what the shell expands again it runs");
    }

    [Fact]
    public async Task A_shell_that_nobody_knows_is_a_mistake_of_usage() => (await CommandRun.OfAsync("completion", "tcsh")).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("bash, zsh, fish, powershell");

    [Theory]
    [InlineData("keyway pl", "play plugins")]
    [InlineData("keyway play --gaps ", "accept refuse")]
    [InlineData("keyway play --gaps a", "accept")]
    [InlineData("keyway config explain Keyway:Decryption:M", "MaxParallelFragments")]      // bash takes a colon for the end of a word
    [InlineData("keyway config explain Keyway:Decryption:", "Acceleration MaxParallelFragments")]
    [InlineData("keyway play --gaps=re", "refuse")]
    [InlineData("keyway play --gaps=", "accept refuse")]
    [InlineData("keyway play ", "")]
    public async Task In_bash_it_does(string line, string expected)
    {
        SkipWithout("bash");
        // What bash sets before it calls the function: words are parted at colons too.
        string words = string.Join(' ', System.Text.RegularExpressions.Regex.Split(line.Trim(), "([ :=])").Where(static each => each is not (" " or "")).Append(line.EndsWith(' ') ? "''" : ""));
        string script = $$"""
            eval "$($keyway completion bash)"
            program() { $keyway "$@"; }
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_WORDS=({{words}}); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            _keyway program
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        (await InShellAsync("bash", script)).Should().Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("keyway pl", "play plugins")]
    [InlineData("keyway play --gaps ", "accept refuse")]
    [InlineData("keyway play --gaps=r", "--gaps=refuse")]
    [InlineData("keyway play --to=/et", "--to=/etc/")]          // files, behind the option
    public async Task In_fish_it_does(string line, string expected)
    {
        SkipWithout("fish");
        string script = $$"""
            function keyway; eval $keyway (string escape -- $argv); end
            keyway completion fish | source
            complete -C '{{line}}'
            """.Replace("eval $keyway", $"dotnet {ProgramRun.Program}", StringComparison.Ordinal).Replace("(string escape -- $argv)", "$argv", StringComparison.Ordinal);
        (await InShellAsync("fish", script)).Select(static each => each.Split('\t')[0]).Should().Contain(expected.Split(' '));
    }

    [Theory]
    [InlineData("keyway pl", "play plugins")]
    [InlineData("keyway play --gaps ", "accept refuse")]
    [InlineData("keyway play --gaps=r", "--gaps=refuse")]
    [InlineData("keyway config explain Keyway:Decryption:M", "Keyway:Decryption:MaxParallelFragments")]
    [InlineData("keyway play --to ", "FILES")]
    public async Task In_zsh_it_does(string line, string expected)
    {
        SkipWithout("zsh");
        // What the line editor calls, with what it sets.
        string script = $$"""
            compdef() { }
            keyway() { dotnet '{{ProgramRun.Program}}' "$@" }
            eval "$(keyway completion zsh)"
            compadd() { shift; print -l -- "$@" }
            _files() { print FILES }
            words=(${(z):-'{{line}}'}); [[ '{{line}}' == *" " ]] && words+=("")
            CURRENT=${#words}
            _keyway
            """;
        (await InShellAsync("zsh -f", script)).Should().Equal(expected.Split(' '));
    }

    /// <summary>In one run of it: it takes its time to start.</summary>
    [Fact]
    public async Task In_powershell_it_does()
    {
        SkipWithout("pwsh");
        (string Line, string Expected)[] cases =
        [
            ("keyway pl", "play plugins"), ("keyway play --gaps ", "accept refuse"), ("keyway play --gaps=r", "--gaps=refuse"),
            ("keyway config explain Keyway:Decryption:M", "Keyway:Decryption:MaxParallelFragments"), ("keyway license \"film one.mpd\" --key-system cl", "clearkey"),
        ];
        // A program, as it takes no function for one.
        string program = _folder.Write("keyway", $"#!/bin/sh\nexec dotnet '{ProgramRun.Program}' \"$@\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string script = $$"""
            $env:PATH = "{{Path.GetDirectoryName(program)}}:$env:PATH"
            keyway completion powershell | Out-String | Invoke-Expression
            foreach ($line in {{string.Join(", ", cases.Select(static each => $"'{each.Line}'"))}}) {
                [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText -join ' '
            }
            """;
        (await InShellAsync("pwsh -NoProfile -File", script, ".ps1")).Should().Equal(cases.Select(static each => each.Expected));
    }

    private static void SkipWithout(string shell)
    {
        if (OperatingSystem.IsWindows() || !(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, shell)))) Assert.Skip($"there is no {shell} here");
    }

    private async Task<string[]> InShellAsync(string shell, string script, string ending = "")
    {
        string file = _folder.Write("script" + ending, script);
        await using ProgramRun run = ProgramRun.Shell($"{shell} '{file}'");
        string output = await run.Out.ReadToEndAsync(TestContext.Current.CancellationToken);
        (await run.EndAsync()).Should().Be(0, await run.Error);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
