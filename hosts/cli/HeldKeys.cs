using System.Globalization;
using Keyway.Mp4;

namespace Keyway.Cli;

/// <summary>The keys that the user holds for a presentation: on the command line, or in a file.</summary>
internal static class HeldKeys
{
    /// <summary>Reads them into native memory. Ownership: the caller's.</summary>
    /// <param name="texts">Keys, each as <see cref="HeldKey"/> reads it.</param>
    /// <param name="file">A file with the same, one a line; <c>-</c>: standard input.</param>
    /// <param name="source">What addresses of keys that are not absolute count from.</param>
    /// <param name="io">Standard input.</param>
    /// <returns><see langword="null"/>: there is none.</returns>
    /// <exception cref="UsageException">One is none, or the file cannot be read. The text is not repeated: half of it is a secret.</exception>
    public static RawMediaKeys? Read(string[] texts, string? file, Uri? source, CommandIo io)
    {
        if (texts.Length == 0 && file is null) return null;
        RawMediaKeys held = new();
        try
        {
            foreach (string text in texts) HeldKey.AddTo(held, text, "--key", source);
            if (file is null) return held;
            using StreamReader reader = file == "-" ? new StreamReader(io.OpenInput()) : new StreamReader(file);
            for (int line = 1; reader.ReadLine() is { } text; line++)
            {
                text = text.Trim();
                if (text.Length > 0 && text[0] != '#') HeldKey.AddTo(held, text, string.Create(CultureInfo.InvariantCulture, $"--key-file, line {line}"), source);
            }

            return held;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            held.Dispose();
            throw new UsageException($"--key-file: {exception.Message}");
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>What was given and nothing has asked for.</summary>
    public static IEnumerable<string> Unused(RawMediaKeys? held)
    {
        if (held is null) yield break;
        foreach (KeyId id in held.UnusedKeys) yield return $"nothing asked for the key of {id}";
        foreach (Uri address in held.UnusedAddresses) yield return $"nothing asked for the key at {PresentationReport.TextOf(address)}";
    }
}
