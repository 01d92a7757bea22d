using System.Globalization;
using Keyway.Cli.Targets;
using Keyway.Containers.Segments;
using Keyway.Decryption;

namespace Keyway.Cli;

/// <summary>Decrypts segments of HLS that name no key: transport streams, packed audio, and what is encrypted as a whole. A class of its own, so that nobody else loads it.</summary>
internal static class SegmentRun
{
    /// <summary>Whether the request is about such segments: it says what only they need to be told, or has a key without an id.</summary>
    public static bool IsMeant(DecryptRequest request) =>
        request.Method is not null || request.Kid is not null || request.Vector is not null || request.Sequence is not null || (request.Keys.Length == 1 && request.Keys[0].Length == 32 && !request.Keys[0].Contains(':', StringComparison.Ordinal));

    public static async Task<int> RunAsync(DecryptRequest request, OutputTarget target, CommandIo io, CancellationToken cancellationToken)
    {
        if (request.Init is not null) throw new UsageException("--init is for fragmented MP4 (segments of HLS that have one are decrypted by key ids: --key KID:KEY)");
        if (request.AllowProtected) throw new UsageException("--allow-protected is for MP4");
        SegmentEncryption method = request.Method?.ToUpperInvariant() switch
        {
            null or "SAMPLE-AES" => SegmentEncryption.SampleAes,
            "AES-128" => SegmentEncryption.Aes128,
            _ => throw new UsageException($"--method takes sample-aes or aes-128, not '{request.Method}'"),
        };
        using RawKeyRing keys = new();
        KeyId id = new(1);
        using CpixKeys? document = request.Cpix is not { } cpix ? null : await CpixKeys.ReadAsync(cpix, request.CpixKey, io, cancellationToken);
        if (document is null) await AddKeyAsync(keys, id, request, io, cancellationToken);
        else id = document.AddTo(keys, request, method == SegmentEncryption.SampleAes ? ProtectionScheme.Cbcs : ProtectionScheme.None);
        byte[] vector = document is not null && method == SegmentEncryption.SampleAes && request.Vector is null && request.Sequence is null && document.VectorOf(id) is { } own ? own : VectorOf(request);
        List<string> files = MediaInput.Find(request.Files, init: null);
        SegmentInput[] segments = [.. files.Select(file => new SegmentInput(DecryptRun.NameOf(file), cancel => MediaInput.OpenAsync([file], io.OpenInput, cancel)))];

        long begun = TimeProvider.System.GetTimestamp();
        await using OutputSet outputs = new(io, request.Force) { Digests = request.Sha256, Durable = false };
        using ProgressLine? progress = request.Json ? null : ProgressLine.On(io, TimeProvider.System, "decrypting", Size(files));
        SegmentDecryptOptions options = new() { Method = method, InitializationVector = vector, FirstSequenceNumber = request.Sequence ?? 0, Progress = progress };
        SegmentDecryptSummary summary = await outputs.WriteAsync(
            target.Kind == OutputKind.File ? target.Path : null, pipe => SegmentDecryptor.DecryptAsync(segments, keys, id, pipe, options, cancellationToken).AsTask(), cancellationToken);
        await outputs.CommitAsync(cancellationToken);
        progress?.Dispose();

        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(begun);
        List<string> warnings = Warnings(summary, method);
        document?.Warn(warnings);
        if (request.Json) await io.Out.WriteLineAsync(ToJson(summary, method, outputs.Written[0], warnings, elapsed));
        else
        {
            Show(target.Kind == OutputKind.File ? io.Out : io.Error, summary, method, outputs.Written[0], elapsed);
            foreach (string warning in warnings) io.Error.WriteLine($"keyway: warning: {warning}");
        }

        outputs.Keep();
        return ExitCode.Done;
    }

    private static async Task AddKeyAsync(RawKeyRing keys, KeyId id, DecryptRequest request, CommandIo io, CancellationToken cancellationToken)
    {
        List<string> texts = [.. request.Keys];
        if (request.KeyFile is { } file)
        {
            try
            {
                using StreamReader reader = file == "-" ? new StreamReader(io.OpenInput()) : new StreamReader(file);
                while (await reader.ReadLineAsync(cancellationToken) is { } line)
                    if (line.Trim() is { Length: > 0 } text && text[0] != '#') texts.Add(text);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"--key-file: {exception.Message}");
            }
        }

        if (texts.Count != 1) throw new UsageException($"segments of HLS have one key, and there are {texts.Count}");
        HeldKey.AddTo(keys, id, texts[0], request.KeyFile is null ? "--key" : "--key-file");
    }

    private static byte[] VectorOf(DecryptRequest request)
    {
        if (request.Vector is not { } text)
            return request.Sequence is not null ? [] : throw new UsageException(request.Cpix is not null ? "segments of HLS need their initialisation vector, and the document has none with this key: --iv IV as EXT-X-KEY has it, or --sequence N where it has none" : "--key: a key is written KID:KEY; alone it is for segments of HLS, which need their initialisation vector: --iv IV as EXT-X-KEY has it, or --sequence N where it has none");
        if (request.Sequence is not null) throw new UsageException("--iv is the initialisation vector of all segments, and --sequence says that each has its own: give one of them");
        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        byte[] vector = new byte[16];
        return HeldKey.TryReadHex(digits, vector) ? vector : throw new UsageException("--iv is not 32 hexadecimal digits");
    }

    private static long Size(List<string> files)
    {
        long size = 0;
        foreach (string file in files)
        {
            FileInfo info = new(file);
            if (!info.Exists) return 0;
            size += info.Length;
        }

        return size;
    }

    private static List<string> Warnings(SegmentDecryptSummary summary, SegmentEncryption method)
    {
        List<string> warnings = [];
        if (method == SegmentEncryption.SampleAes && summary.Streams.All(static stream => stream.ProtectedUnits == 0)) warnings.Add("nothing in it was protected: what was written is what was read");
        return warnings;
    }

    // What the format does not prove is said: samples of another key are as long, and begin as they should.
    private static List<string> NotesOf(SegmentDecryptSummary summary)
    {
        List<string> notes = [.. summary.Notes];
        foreach (SegmentStreamSummary stream in summary.Streams)
            if (stream is { ProtectedUnits: > 0, IsVerified: false }) notes.Add($"{stream.Codec}: decrypted, not verified: nothing speaks against the key, and nothing in the format proves that it fits");
        return notes;
    }

    private static string Word(SegmentEncryption method) => method == SegmentEncryption.Aes128 ? "AES-128" : "SAMPLE-AES";

    private static string ToJson(SegmentDecryptSummary summary, SegmentEncryption method, WrittenOutput output, List<string> warnings, TimeSpan elapsed) => Json.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("container", summary.Container);
        json.WriteString("method", Word(method));
        json.WriteNumber("segments", summary.Segments);
        json.WriteStartArray("streams");
        foreach (SegmentStreamSummary stream in summary.Streams)
        {
            json.WriteStartObject();
            json.WriteNumber("pid", stream.Pid);
            json.WriteString("codec", stream.Codec);
            json.WriteNumber("protectedUnits", stream.ProtectedUnits);
            json.WriteNumber("clearUnits", stream.ClearUnits);
            json.WriteBoolean("verified", stream.IsVerified);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStrings("notes", NotesOf(summary));
        json.WriteStartObject("output");
        json.WriteString("path", RawNames.Told(output.Path));
        json.WriteNumber("bytes", output.Length);
        if (output.Sha256 is { } digest) json.WriteString("sha256", digest);
        json.WriteEndObject();
        json.WriteStrings("warnings", warnings);
        json.WriteNumber("seconds", Math.Round(elapsed.TotalSeconds, 3));
        json.WriteEndObject();
    });

    private static void Show(TextWriter text, SegmentDecryptSummary summary, SegmentEncryption method, WrittenOutput output, TimeSpan elapsed)
    {
        text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{summary.Container}  {Word(method)}  {summary.Segments} segment{(summary.Segments == 1 ? "" : "s")}"));
        foreach (SegmentStreamSummary stream in summary.Streams)
        {
            string where = stream.Pid > 0 ? string.Create(CultureInfo.InvariantCulture, $"PID {stream.Pid}  ") : "";
            text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{where}{stream.Codec}  {stream.ProtectedUnits} units decrypted, {stream.ClearUnits} were clear{(stream.IsVerified ? "  the key fits" : "")}"));
        }

        foreach (string note in NotesOf(summary)) text.WriteLine($"note: {Shown.Text(note)}");
        text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Shown.Text(output.Path)}  {output.Length} bytes in {elapsed.TotalSeconds:0.00} s"));
        if (output.Sha256 is { } digest) text.WriteLine($"SHA-256 {digest}");
    }
}
