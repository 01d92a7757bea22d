using System.Globalization;

namespace Keyway.Cli;

/// <summary>
/// Reads the plain form of <c>keyway decrypt</c> without the parser, which takes longer to load than a short file to decrypt. Whatever is not plain
/// (help, a mistake, another spelling, an option that is not decrypt's) is left to the parser: it alone says what is wrong.
/// </summary>
internal static class ShortPath
{
    /// <summary>Reads a command line.</summary>
    /// <returns>What is asked for; <see langword="null"/> where the parser is to look.</returns>
    public static DecryptRequest? TryRead(string[] arguments)
    {
        if (arguments.Length == 0 || arguments[0] != "decrypt") return null;
        List<string> files = [], keys = [];
        string? init = null, keyFile = null, to = null, threads = null;
        bool force = false, sha256 = false, allowProtected = false, json = false;
        for (int i = 1; i < arguments.Length; i++)
        {
            string word = arguments[i];
            switch (word)
            {
                case "--force" when !force: force = true; break;
                case "--sha256" when !sha256: sha256 = true; break;
                case "--allow-protected" when !allowProtected: allowProtected = true; break;
                case "--json" when !json: json = true; break;
                case "--key" when Value() is { } value: keys.Add(value); break;
                case "--key-file" when keyFile is null && Value() is { } value: keyFile = value; break;
                case "--to" when to is null && Value() is { } value: to = value; break;
                case "--init" when init is null && Value() is { } value: init = value; break;
                case "--threads" when threads is null && Value() is { } value: threads = value; break;
                case "-": files.Add(word); break;
                default:
                    if (word.Length == 0 || word[0] == '-') return null;
                    files.Add(word);
                    break;
            }

            // The word after an option, where it cannot be an option itself.
            string? Value() => i + 1 < arguments.Length && arguments[i + 1] is { Length: > 0 } next && (next[0] != '-' || next == "-") ? arguments[++i] : null;
        }

        int number = 0;
        if (files.Count == 0 || to is null || (threads is not null && !int.TryParse(threads, NumberStyles.None, CultureInfo.InvariantCulture, out number))) return null;
        if (number > DecryptRun.MostThreads || (threads is not null && number == 0)) return null;
        return new DecryptRequest { Files = [.. files], Init = init, Keys = [.. keys], KeyFile = keyFile, To = to, Force = force, Threads = number, Sha256 = sha256, AllowProtected = allowProtected, Json = json };
    }

    /// <summary>Does it, and reports a failure as the whole command would.</summary>
    public static int Run(DecryptRequest request, CommandIo io, CancellationToken cancellationToken)
    {
        try
        {
            return Interrupts.Run(() => DecryptRun.RunAsync(request, io, cancellationToken), End, cancellationToken);
        }
        catch (Exception exception)
        {
            return Failure.From(exception, cancellationToken).Tell(io, request.Json);
        }

        void End()
        {
            io.Leftovers.Undo();
            Environment.Exit(Failure.From(new OperationCanceledException(cancellationToken), cancellationToken).Tell(io, request.Json));
        }
    }
}
