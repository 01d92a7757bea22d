using System.Buffers;
using System.Globalization;

namespace Keyway.Cli.Targets;

/// <summary>The names of files that are being written: <c>.film.mp4.0123456789abcdef.part</c> becomes <c>film.mp4</c>.</summary>
internal static class PartFiles
{
    private const string Extension = ".part";
    private const int Digits = 16;

    private static readonly SearchValues<char> HexadecimalDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>A name beside a target that nothing has.</summary>
    public static string NameFor(string target) => Path.Combine(
        Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Random.Shared.NextInt64().ToString("x16", CultureInfo.InvariantCulture)}{Extension}");

    /// <summary>Whether a file's name is one of those.</summary>
    public static bool IsOne(ReadOnlySpan<char> name)
    {
        int digits = name.Length - Extension.Length - Digits;
        return digits >= 3 && name[0] == '.' && name[digits - 1] == '.' && name.EndsWith(Extension, StringComparison.Ordinal)
            && name.Slice(digits, Digits).IndexOfAnyExcept(HexadecimalDigits) < 0;
    }

    /// <summary>Deletes those of a folder that no process holds: whoever wrote them was killed, and they are clear media.</summary>
    public static void DeleteAbandoned(string folder)
    {
        List<string> found = [];
        try
        {
            foreach (string path in Directory.EnumerateFiles(folder, $".*{Extension}", new EnumerationOptions { AttributesToSkip = 0, MatchType = MatchType.Simple }))
                if (IsOne(Path.GetFileName(path.AsSpan()))) found.Add(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A folder may be written to and not be listed.
            return;
        }

        foreach (string path in found)
        {
            using FileStream? taken = HeldFile.TryTake(path);
            if (taken is not null) Delete(path);
        }
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another was faster, or the folder is not ours.
        }
    }
}
