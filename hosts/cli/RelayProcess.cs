using System.Diagnostics;
using System.Text.Json;

namespace Keyway.Cli;

/// <summary>
/// The relay as a child. What it is to serve, with whatever secrets are in that, goes to it through its standard input and not as arguments, which others on this machine can see; that it stays
/// open says that this process lives.
/// </summary>
internal sealed class RelayProcess : IAsyncDisposable
{
    /// <summary>Where the manifests are, below the page.</summary>
    public const string Dash = "manifest.mpd";
    public const string Hls = "master.m3u8";

    /// <summary>The one argument of the program.</summary>
    public const string Argument = "--child";

    // Keys and documents, no media.
    private const int MostInput = 64 << 20;

    private readonly Process _process;
    private readonly IDisposable _note;
    private readonly Task _errors;

    private RelayProcess(Process process, IDisposable note, Task errors, Uri? page) => (_process, _note, _errors, Page) = (process, note, errors, page);

    /// <summary>Where its page is, with a slash at the end; <see langword="null"/>: it has ended, and has said why.</summary>
    public Uri? Page { get; }

    public int Id => _process.Id;

    /// <summary>Starts it, and waits until it serves or ends.</summary>
    /// <param name="words">The arguments of the command.</param>
    /// <param name="readsInput">Whether they name standard input.</param>
    /// <param name="io">Where what it says goes.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static async Task<RelayProcess> StartAsync(string[] words, bool readsInput, CommandIo io, CancellationToken cancellationToken)
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, "Keyway.Relay.dll");
        if (!File.Exists(assembly)) throw new IOException($"the relay is not beside this program ({assembly})");
        ReadOnlyMemory<byte> input = readsInput ? await ReadAsync(io, cancellationToken) : default;
        ProcessStartInfo info = new(ChildProcess.Runtime()) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        info.ArgumentList.Add(assembly);
        info.ArgumentList.Add(Argument);
        Process process = Process.Start(info) ?? throw new IOException("the relay did not start");
        IDisposable? note = null;
        try
        {
            // It has children of its own, and folders that go with it: a signal lets it tidy up, and closing its input does.
            note = io.Leftovers.Add(process.StandardInput.Close);
            Task errors = ChildOutput.CopyAsync(process.StandardError, io.Error);
            await process.StandardInput.WriteLineAsync(Request(words, input).AsMemory(), cancellationToken);
            await process.StandardInput.FlushAsync(cancellationToken);
            while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                if (PageOf(line) is { } page) return new RelayProcess(process, note, errors, page);
                await io.Out.WriteLineAsync(line.AsMemory(), cancellationToken);
            }

            return new RelayProcess(process, note, errors, page: null);
        }
        catch
        {
            note?.Dispose();
            await ChildProcess.StopAsync(process);
            throw;
        }
    }

    /// <summary>Waits until it ends by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> WaitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        await _errors.WaitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _note.Dispose();
        await ChildProcess.StopAsync(_process);
    }

    private static string Request(string[] words, ReadOnlyMemory<byte> input) => Json.Write(json =>
    {
        json.WriteStartObject();
        json.WriteStrings("words", words);
        if (!input.IsEmpty) json.WriteBase64String("input", input.Span);
        json.WriteEndObject();
    }).ReplaceLineEndings(" ");

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(CommandIo io, CancellationToken cancellationToken)
    {
        await using Stream stream = io.OpenInput();
        using MemoryStream whole = new();
        byte[] buffer = new byte[16 << 10];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            whole.Write(buffer, 0, read);
            if (whole.Length > MostInput) throw new UsageException($"standard input has more than {MostInput >> 20} MiB, which are not taken of keys");
        }

        return whole.GetBuffer().AsMemory(0, (int)whole.Length);
    }

    private static Uri? PageOf(string line)
    {
        try
        {
            using JsonDocument ready = JsonDocument.Parse(line);
            return ready.RootElement.ValueKind == JsonValueKind.Object && ready.RootElement.TryGetProperty("page", out JsonElement page) && Uri.TryCreate(page.GetString(), UriKind.Absolute, out Uri? url) ? url : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
