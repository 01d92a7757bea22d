using System.CommandLine;
using System.CommandLine.Parsing;

namespace Keyway.Cli;

/// <summary>
/// Finds words that belong to no option and no argument, mistyped options among them. The parser's own texts repeat such words, and the word after
/// a mistyped option may be a secret: only the names of options, and of commands, are repeated here.
/// </summary>
internal static class UnknownWords
{
    /// <summary>What is wrong, or <see langword="null"/>.</summary>
    public static string? Describe(ParseResult parse)
    {
        // After "--" a word is never an option.
        HashSet<Token> meant = new(parse.Tokens.SkipWhile(static token => token.Type != TokenType.DoubleDash), ReferenceEqualityComparer.Instance);
        IEnumerable<string> swallowed = parse.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(static argument => argument.Tokens)
            .Where(token => !meant.Contains(token))
            .Select(static token => token.Value);
        List<string> options = [.. parse.UnmatchedTokens.Concat(swallowed).Where(LooksLikeOption).Select(NameOf).Distinct()];
        if (options.Count > 0) return $"there is no option {string.Join(", ", options)}";
        if (parse.UnmatchedTokens.Count == 0) return null;
        return parse.CommandResult.Command is RootCommand
            ? $"there is no command '{Shown.Text(parse.UnmatchedTokens[0])}'"
            : $"{parse.CommandResult.Command.Name} was given more than it takes";
    }

    // "-" alone is standard input or output.
    private static bool LooksLikeOption(string word) => word.Length > 1 && word[0] == '-';

    // --key=SECRET, -kSECRET: letters and dashes, up to the first that is neither.
    private static string NameOf(string word)
    {
        int dashes = word.Length - word.TrimStart('-').Length;
        int length = dashes + word.AsSpan(dashes).IndexOfAnyExcept(System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"));
        return length < dashes ? word : word[..length];
    }
}
