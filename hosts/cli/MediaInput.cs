using System.IO.Enumeration;
using Keyway.Sources;

namespace Keyway.Cli;

/// <summary>Opens what <c>decrypt</c> was given: files, segments by pattern, URLs, standard input.</summary>
internal static class MediaInput
{
    /// <summary>Finds the files that are meant, in order.</summary>
    /// <param name="files">As they were written. A name that is no file's and has <c>*</c> or <c>?</c> in its last part is a pattern.</param>
    /// <param name="init">The initialisation segment. Then the others are its segments, and go by the numbers in their names: a shell puts 10 before 2.</param>
    /// <exception cref="SourceException">Nothing has a name of that pattern, or a URL is none that is read.</exception>
    public static List<string> Find(IReadOnlyList<string> files, string? init)
    {
        List<string> found = [];
        foreach (string file in files)
        {
            // A user who writes another scheme than http means no file, and is told so.
            if (file.Contains("://", StringComparison.Ordinal)) MediaSources.AddressOf(file);
            if (IsPattern(file)) Match(file, found);
            else found.Add(file);
        }

        if (init is null) return found;
        found.Sort(NaturalOrder.Compare);
        found.RemoveAll(each => each == init);
        found.Insert(0, init);
        return found;
    }

    /// <summary>Opens what was found, as one stream.</summary>
    /// <exception cref="SourceException">Something cannot be opened.</exception>
    public static async ValueTask<Stream> OpenAsync(List<string> files, Func<Stream> standardInput, CancellationToken cancellationToken)
    {
        if (!files.Exists(IsUrl)) return FileSequence.Open(files, standardInput);
        if (!files.TrueForAll(IsUrl)) throw new UsageException("files and URLs cannot be mixed");
        return await HttpInput.OpenAsync(files, cancellationToken).ConfigureAwait(false);
    }

    private static bool IsUrl(string file) => file.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || file.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static bool IsPattern(string file) => !IsUrl(file) && Path.GetFileName(file.AsSpan()).IndexOfAny('*', '?') >= 0 && !File.Exists(file);

    private static void Match(string pattern, List<string> found)
    {
        string folder = Path.GetDirectoryName(pattern) ?? "";
        string name = Path.GetFileName(pattern);
        List<string> matches = [];
        try
        {
            foreach (string path in Directory.EnumerateFiles(folder.Length == 0 ? "." : folder))
            {
                ReadOnlySpan<char> each = Path.GetFileName(path.AsSpan());

                // As a shell has it: hidden files are not meant.
                if (each.StartsWith('.') && name[0] != '.') continue;
                if (FileSystemName.MatchesSimpleExpression(name, each, ignoreCase: OperatingSystem.IsWindows())) matches.Add(Path.Combine(folder, each.ToString()));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(pattern, "the folder cannot be read", exception);
        }

        if (matches.Count == 0) throw new SourceException(pattern, "no file has such a name");
        matches.Sort(NaturalOrder.Compare);
        found.AddRange(matches);
    }
}
