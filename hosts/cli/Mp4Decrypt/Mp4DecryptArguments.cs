namespace Keyway.Cli.Mp4Decrypt;

/// <summary>The command line of <c>mp4decrypt</c>, as Bento4 documents it: options and two names, in any order.</summary>
internal sealed record Mp4DecryptArguments
{
    /// <summary>What is shown where there are no arguments.</summary>
    public const string Usage = """
        usage: mp4decrypt [options] <input> <output>
          --key <id>:<k>
              <id>: the number of a track, or a KID of 32 hexadecimal digits; <k>: its key, 32 hexadecimal digits.
              May be given several times. A track's number comes before a KID
          --fragments-info <filename>
              <input> is fragments alone, and <filename> is the file that describes their tracks
          --show-progress
              show how far it is
        - as <input> is standard input, as <output> standard output. This is Keyway; it differs where docs/mp4decrypt.md says so

        """;

    private const string KeyOption = "--key";
    private const string FragmentsInfoOption = "--fragments-info";
    private const string ProgressOption = "--show-progress";

    public required string Input { get; init; }

    public required string Output { get; init; }

    /// <summary>The keys, as they were written.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The file that describes the tracks, where the input does not.</summary>
    public string? FragmentsInfo { get; init; }

    public bool ShowProgress { get; init; }

    /// <summary>Reads the words after the program's name.</summary>
    /// <exception cref="UsageException">They are something else. No value is repeated: a key is a secret.</exception>
    public static Mp4DecryptArguments Parse(ReadOnlySpan<string> words)
    {
        List<string> keys = [], names = new(2);
        string? info = null;
        bool progress = false;
        for (int i = 0; i < words.Length; i++)
        {
            switch (words[i])
            {
                case ProgressOption:
                    progress = true;
                    break;
                case KeyOption:
                    keys.Add(After(words, ref i));
                    break;
                case FragmentsInfoOption:
                    if (info is not null) throw new UsageException($"{FragmentsInfoOption} is given twice");
                    info = After(words, ref i);
                    break;
                case "":
                    throw new UsageException("a name is empty");
                // A word that begins with a dash is a mistyped option sooner than a file. What follows in it may be a key.
                case ['-', _, ..]:
                    throw new UsageException($"there is no such option; there are {KeyOption}, {FragmentsInfoOption} and {ProgressOption} (a file of such a name is written ./-name)");
                default:
                    if (names.Count == 2) throw new UsageException("more than an input and an output are given");
                    names.Add(words[i]);
                    break;
            }
        }

        return names.Count switch
        {
            0 => throw new UsageException("the name of the input is missing"),
            1 => throw new UsageException("the name of the output is missing"),
            _ => new Mp4DecryptArguments { Input = names[0], Output = names[1], Keys = keys, FragmentsInfo = info, ShowProgress = progress },
        };
    }

    /// <summary>Where the name of the output stands among the words after the program's name, or -1.</summary>
    public static int OutputIn(ReadOnlySpan<string> words)
    {
        int names = 0;
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] is KeyOption or FragmentsInfoOption) i++;
            else if (words[i] is not ['-', _, ..] && ++names == 2) return i;
        }

        return -1;
    }

    private static string After(ReadOnlySpan<string> words, ref int at) =>
        ++at < words.Length ? words[at] : throw new UsageException($"nothing stands after {words[at - 1]}");
}
