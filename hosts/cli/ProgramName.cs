using Microsoft.Win32.SafeHandles;

namespace Keyway.Cli;

/// <summary>The name that the program was called by, which a link gives it: a system's program that does several things is told so which one is meant.</summary>
internal static class ProgramName
{
    private const int MostBytes = 4096;   // the longest path that Linux takes

    /// <summary>Whether it was called by a name, whatever folder was named with it.</summary>
    /// <param name="name">The name, ASCII, without an extension.</param>
    public static bool Is(string name)
    {
        if (OperatingSystem.IsLinux()) return IsCalled(name);

        // Elsewhere the system says which file was started: a copy or a second name of the program, as the one that is delivered beside it.
        return string.Equals(Path.GetFileNameWithoutExtension(Environment.ProcessPath), name, OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    // The file that was started is what the link leads to; the words of the caller are as they were.
    private static bool IsCalled(string name)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle("/proc/self/cmdline");
            Span<byte> words = stackalloc byte[MostBytes];
            words = words[..RandomAccess.Read(file, words, 0)];
            int end = words.IndexOf((byte)0);
            ReadOnlySpan<byte> called = end < 0 ? words : words[..end];
            called = called[(called.LastIndexOf((byte)'/') + 1)..];
            if (called.Length != name.Length) return false;
            for (int i = 0; i < name.Length; i++)
                if (called[i] != name[i]) return false;
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
