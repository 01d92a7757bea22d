using System.Globalization;
using Keyway.Mp4;

namespace Keyway.Cli;

/// <summary>The keys that the user holds for a presentation: on the command line, in a file, or in a CPIX document.</summary>
internal sealed class HeldKeys : IDisposable
{
    private CpixKeys? _document;

    /// <summary>The keys; <see langword="null"/>: there are none. Valid until this is disposed.</summary>
    public RawMediaKeys? Keys { get; private set; }

    /// <summary>Reads them into native memory. Ownership: the caller's.</summary>
    /// <param name="texts">Keys, each as <see cref="HeldKey"/> reads it.</param>
    /// <param name="file">A file with the same, one a line; <c>-</c>: standard input.</param>
    /// <param name="cpix">A CPIX document; <c>-</c>: standard input.</param>
    /// <param name="cpixKey">The private key of its recipient.</param>
    /// <param name="source">What addresses of keys that are not absolute count from.</param>
    /// <param name="io">Standard input.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="UsageException">One is none, or a file cannot be read. The text is not repeated: half of it is a secret.</exception>
    /// <exception cref="Cpix.CpixException">The document gives no keys.</exception>
    public static async Task<HeldKeys> ReadAsync(string[] texts, string? file, string? cpix, string? cpixKey, Uri? source, CommandIo io, CancellationToken cancellationToken)
    {
        if (cpix == "-" && file == "-") throw new UsageException("standard input holds the CPIX document or the keys, not both");
        if (cpix is null && cpixKey is not null) throw new UsageException("--cpix-key is for --cpix");
        HeldKeys held = new();
        try
        {
            if (texts.Length > 0 || file is not null || cpix is not null) held.Keys = new RawMediaKeys();
            foreach (string text in texts) HeldKey.AddTo(held.Keys!, text, "--key", source);
            if (file is not null) AddFile(held.Keys!, file, source, io);
            if (cpix is null) return held;
            held._document = await CpixKeys.ReadAsync(cpix, cpixKey, io, cancellationToken);
            held._document.AddTo(held.Keys!);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>What is to be known of them: what was given and nothing has asked for, and what the document said.</summary>
    /// <param name="ids">The identifiers that samples named.</param>
    public IEnumerable<string> Notes(IEnumerable<KeyId> ids)
    {
        if (Keys is null) return [];
        List<string> notes = [.. Keys.UnusedKeys.Select(static id => $"nothing asked for the key of {id}"), .. Keys.UnusedAddresses.Select(static address => $"nothing asked for the key at {PresentationReport.TextOf(address)}")];
        _document?.Warn(notes, ids);
        return notes;
    }

    public void Dispose()
    {
        Keys?.Dispose();
        _document?.Dispose();
    }

    private static void AddFile(RawMediaKeys keys, string file, Uri? source, CommandIo io)
    {
        try
        {
            using StreamReader reader = file == "-" ? new StreamReader(io.OpenInput()) : new StreamReader(file);
            for (int line = 1; reader.ReadLine() is { } text; line++)
            {
                text = text.Trim();
                if (text.Length > 0 && text[0] != '#') HeldKey.AddTo(keys, text, string.Create(CultureInfo.InvariantCulture, $"--key-file, line {line}"), source);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--key-file: {exception.Message}");
        }
    }
}
