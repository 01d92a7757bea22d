using System.CommandLine;

namespace Keyway.Cli;

/// <summary>The options that every subcommand has.</summary>
internal sealed class GlobalOptions
{
    /// <summary>An argument that starts with @ is what it says, not the name of a file of arguments; -ab is not -a -b.</summary>
    public static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    public Option<bool> Json { get; } = new("--json") { Description = "Write one JSON object to standard output and nothing else", Recursive = true };

    public Option<FileInfo?> Configuration { get; } = new("--config") { Description = "A JSON file of settings, over the appsettings.json beside the program", Recursive = true, HelpName = "FILE" };

    public Option<string[]> Set { get; } = new("--set") { Description = "One setting over all others: --set Keyway:KeySystems:clearkey:Priority=5", Recursive = true, HelpName = "PATH=VALUE" };

    public Option<bool> Verbose { get; } = new("--verbose") { Description = "Show on standard error what the host and its plugins log: sessions, exchanges, refusals. No secret is in it", Recursive = true };

    /// <summary>The command that all others are below.</summary>
    public RootCommand NewRoot() => new("Plays, decrypts and explains protected DASH, HLS and MP4.") { Json, Configuration, Set, Verbose };

    /// <summary>What they say.</summary>
    /// <exception cref="UsageException">A setting is none.</exception>
    public CommandContext Read(ParseResult parse, CommandIo io) =>
        new(io, parse.GetValue(Json), parse.GetValue(Configuration)?.FullName, parse.GetValue(Verbose), [.. (parse.GetValue(Set) ?? []).Select(ReadSetting)]);

    /// <summary>Whether a report is wanted as JSON, also where the rest of the arguments is wrong.</summary>
    public bool IsJson(ParseResult parse) => parse.GetResult(Json) is not null && parse.GetValue(Json);

    private static KeyValuePair<string, string?> ReadSetting(string text)
    {
        (string path, string value) = NameValue.Parse(text, '=', "--set");
        return path.StartsWith("Keyway:", StringComparison.OrdinalIgnoreCase)
            ? KeyValuePair.Create(path, (string?)value)
            : throw new UsageException("--set takes a path that begins with Keyway:");
    }
}
