using System.CommandLine;

namespace Keyway.Cli;

/// <summary><c>keyway complete --word=WORD -- WORDS</c>: what a shell asks while a command line is written. A line a candidate; nothing where the shell is to offer files.</summary>
internal static class WordCompletion
{
    public const string Name = "complete";

    private const string Word = "--word=";

    /// <summary>Whether a command line is such a question.</summary>
    public static bool IsMeant(ReadOnlySpan<string> arguments) => arguments.Length > 0 && arguments[0] == Name;

    /// <summary>Answers it. What goes wrong on the way is no candidate, and nobody is told: somebody is writing.</summary>
    public static int Answer(RootCommand root, ParserConfiguration parsing, ReadOnlySpan<string> arguments, TextWriter output)
    {
        string word = "";
        List<string> before = [];
        bool isBefore = false;
        foreach (string argument in arguments[1..])
        {
            if (isBefore) before.Add(argument);
            else if (argument == "--") isBefore = true;
            else if (argument.StartsWith(Word, StringComparison.Ordinal)) word = argument[Word.Length..];
        }

        // An option with its value in one word.
        int sign = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) : -1;
        string option = sign < 0 ? "" : word[..(sign + 1)];
        if (sign >= 0)
        {
            before.Add(word[..sign]);
            word = word[(sign + 1)..];
        }

        try
        {
            foreach (string each in Candidates(root, parsing, before, word)) output.WriteLine(option + each);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Settings that cannot be read, a folder that is gone.
        }

        return ExitCode.Done;
    }

    private static IEnumerable<string> Candidates(RootCommand root, ParserConfiguration parsing, List<string> before, string word)
    {
        if (before is [Mp4Decrypt.Mp4DecryptRun.Name, ..]) return ((string[])["--fragments-info", "--key", "--show-progress"]).Where(IsMeant);
        // As text, with the place where it is written: only so is an empty word one.
        string line = string.Join(' ', before.Append(word).Select(Quoted));
        if (word.Length == 0) line = string.Join(' ', before.Select(Quoted)) + " ";
        ParseResult parse = root.Parse(line, parsing);
        // Behind a word that is no command nothing is known.
        if (parse.CommandResult.Command == root && parse.UnmatchedTokens.Any(before.Contains)) return [];
        return parse.GetCompletions(line.Length).Select(static item => item.InsertText ?? item.Label).Where(IsMeant).Where(static each => !each.Any(char.IsControl)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

        // Who has written no dash wants a name sooner than an option.
        bool IsMeant(string each) => each.StartsWith(word, StringComparison.OrdinalIgnoreCase) && (word.StartsWith('-') || !each.StartsWith('-')) && !each.StartsWith('/');
    }

    private static string Quoted(string word) => word.AsSpan().IndexOfAny(" \t") >= 0 ? $"\"{word}\"" : word;
}
