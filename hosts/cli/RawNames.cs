using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Keyway.Cli.Mp4Decrypt;

namespace Keyway.Cli;

/// <summary>
/// Names of files that are not UTF-8. Unix takes any bytes, and a text cannot hold them: what the runtime makes of such an argument names no file. So the name is opened here, as the
/// bytes that it is, and the argument becomes <c>/proc/self/fd/N</c>, which is the same file under a name of letters. Linux only; elsewhere names are text.
/// </summary>
internal static class RawNames
{
    private const char Replacement = '\uFFFD';   // what stands in a text for bytes that are none
    private const string To = "--to";

    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal);

    /// <summary>Makes arguments out of which files can be opened.</summary>
    /// <exception cref="UsageException">A target's own name is not UTF-8: it could be written under another name only.</exception>
    public static string[] Resolve(string[] arguments)
    {
        if (!OperatingSystem.IsLinux()) return arguments;
        bool isFolderLost = Environment.CurrentDirectory.Contains(Replacement);
        if (!isFolderLost && !Array.Exists(arguments, static argument => argument.Contains(Replacement))) return arguments;
        List<byte[]> raw = ReadArguments();
        if (raw.Count < arguments.Length) return arguments;
        raw.RemoveRange(0, raw.Count - arguments.Length);
        string? here = isFolderLost && Posix.OpenName(".\0"u8) is >= 0 and int folder ? Note(folder, Environment.CurrentDirectory) : null;
        string[] resolved = [.. arguments];
        int output = arguments[0] == Mp4DecryptRun.Name ? Mp4DecryptArguments.OutputIn(arguments.AsSpan(1)) + 1 : 0;
        for (int i = 1; i < resolved.Length; i++)   // the first is the command
        {
            // --name=value, or a value that stands for itself.
            int value = resolved[i].StartsWith("--", StringComparison.Ordinal) ? resolved[i].IndexOf('=', StringComparison.Ordinal) + 1 : 0;
            bool isOption = value == 0 && resolved[i].StartsWith('-');
            bool isTarget = output > 0 ? i == output : value > 0 ? resolved[i].StartsWith(To + "=", StringComparison.Ordinal) : i > 0 && arguments[i - 1] == To;
            if (isOption) continue;
            byte[] bytes = raw[i][value..];   // an option's name is ASCII
            string text = resolved[i][value..];
            string? found = Utf8.IsValid(bytes) ? Beside(here, bytes, text, isTarget) : Find(bytes, text, here, isTarget);
            if (found is not null) resolved[i] = resolved[i][..value] + found;
        }

        return resolved;
    }

    /// <summary>A text as people know the names in it.</summary>
    public static string Told(string text)
    {
        if (Known.Count == 0) return text;
        foreach ((string name, string told) in Known.OrderByDescending(static pair => pair.Key.Length)) text = text.Replace(name, told, StringComparison.Ordinal);
        return text;
    }

    // A name of letters in a folder that has none: only what is there, or is to be, is a file's name.
    private static string? Beside(string? here, byte[] bytes, string text, bool isTarget)
    {
        if (here is null || text.Length == 0 || text[0] == '/') return null;
        int end = EndOfStrange(bytes);
        string? folder = end == 0 ? here : Open(bytes.AsSpan(0, end), Path.GetFullPath(text[..end]));
        string? path = folder is null ? null : Path.Combine(folder, text[end..].TrimStart('/'));
        return isTarget || Path.Exists(path) ? path : null;
    }

    private static string? Find(byte[] bytes, string text, string? here, bool isTarget)
    {
        int end = EndOfStrange(bytes);
        string rest = Encoding.UTF8.GetString(bytes.AsSpan(end));
        string told = text[..^rest.Length];
        if (here is not null && !told.StartsWith('/')) told = Path.Combine(Environment.CurrentDirectory, told);
        string? found = Open(bytes.AsSpan(0, end), told);
        if (!isTarget || (found is not null && (rest.Length > 0 || Directory.Exists(found)))) return found is null ? null : found + rest;
        throw new UsageException($"the target: the name '{told}' is not UTF-8, and no file can be written under such a name");
    }

    // Everything to the end of the last strange name is opened as it is, and so is every step up: a text cannot say what is above an open folder. What follows has
    // neighbours and may have to be made, and is text.
    private static int EndOfStrange(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.Length;
        while (end > 0)
        {
            int start = bytes[..end].LastIndexOf((byte)'/') + 1;
            ReadOnlySpan<byte> name = bytes[start..end];
            if (!Utf8.IsValid(name) || name.SequenceEqual(".."u8)) break;
            end = Math.Max(0, start - 1);
        }

        return end;
    }

    private static string? Open(ReadOnlySpan<byte> bytes, string told)
    {
        byte[] name = [.. bytes, 0];
        return Posix.OpenName(name) is >= 0 and int descriptor ? Note(descriptor, Path.TrimEndingDirectorySeparator(told)) : null;
    }

    private static string Note(int descriptor, string told)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}");
        Known[name] = told;
        return name;
    }

    private static List<byte[]> ReadArguments()
    {
        List<byte[]> found = [];
        try
        {
            ReadOnlySpan<byte> all = File.ReadAllBytes("/proc/self/cmdline");
            while (all.IndexOf((byte)0) is >= 0 and int end)
            {
                found.Add(all[..end].ToArray());
                all = all[(end + 1)..];
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without it the names stay what they are, and no file has them.
        }

        return found;
    }
}
