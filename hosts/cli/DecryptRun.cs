using System.Globalization;
using Keyway.Cli.Targets;
using Keyway.Containers.WebM;
using Keyway.Decryption;
using Keyway.Mp4;

namespace Keyway.Cli;

/// <summary>Decrypts files whose keys the user holds. No plugin is loaded and no setting is read; nor is the parser, nor anything that draws tables.</summary>
internal static class DecryptRun
{
    /// <summary>The most fragments that may be decrypted at once.</summary>
    public const int MostThreads = 1024;

    public static async Task<int> RunAsync(DecryptRequest request, CommandIo io, CancellationToken cancellationToken)
    {
        OutputTarget target = OutputTarget.File(request.To);
        if (request.Json && target.Kind == OutputKind.StandardOutput) throw new UsageException("--json writes to standard output, where --to - writes the media");
        bool piped = Array.IndexOf(request.Files, "-") >= 0 || request.Init == "-";
        if (request.Cpix == "-" && (piped || request.KeyFile == "-")) throw new UsageException("standard input holds the CPIX document, the media or the keys: one of them");
        if (request.KeyFile == "-" && piped) throw new UsageException("standard input holds the media or the keys, not both");
        if (piped && (request.Files.Length > 1 || request.Init is not null)) throw new UsageException("- stands for all files together, and not beside others");
        if (request.Keys.Length == 0 && request.KeyFile is null && request.Cpix is null) throw new UsageException("decrypt needs a key: --key KID:KEY, --key-file FILE or --cpix FILE");
        if (request.Cpix is null && (request.CpixKey ?? request.Kid) is not null) throw new UsageException("--cpix-key and --kid are for --cpix");
        if (target.Kind == OutputKind.File) PendingFile.Refuse(target.Path, request.Force);
        if (SegmentRun.IsMeant(request)) return await SegmentRun.RunAsync(request, target, io, cancellationToken);
        using RawMediaKeys held = new();
        // What is given by itself comes before what stands in a document.
        using CpixKeys? document = request.Cpix is not { } cpix ? null : await CpixKeys.ReadAsync(cpix, request.CpixKey, io, cancellationToken);
        document?.AddTo(held);
        // Keys whose names only WebM has; what else is read decides whether they are any.
        List<UsageException> odd = [];
        foreach (string key in request.Keys) HeldKey.AddTo(held, key, "--key", odd);
        if (request.KeyFile is not null) await AddFileAsync(held, odd, io, request.KeyFile, cancellationToken);

        long begun = TimeProvider.System.GetTimestamp();
        List<string> files = MediaInput.Find(request.Files, request.Init);
        await using OutputSet outputs = new(io, request.Force) { Digests = request.Sha256, Durable = false };
        await using Stream opened = await MediaInput.OpenAsync(files, io.OpenInput, cancellationToken);
        PeekedStream? peeked = opened.CanSeek ? null : await PeekedStream.OpenAsync(opened, cancellationToken);
        Stream input = peeked ?? opened;
        bool isWebM = peeked?.IsWebM ?? (opened is FileStream { IsAsync: false } file ? PeekedStream.Look(file) : await PeekedStream.LookAsync(opened, cancellationToken));
        if (!isWebM && odd.Count > 0) throw odd[0];
        string? path = target.Kind == OutputKind.File ? target.Path : null;
        // Offsets in messages count from the start of the first.
        string name = files.Count == 1 ? NameOf(files[0]) : string.Create(CultureInfo.InvariantCulture, $"{NameOf(files[0])} and {files.Count - 1} after it");
        using ProgressLine? progress = request.Json ? null : ProgressLine.On(io, TimeProvider.System, "decrypting", input.CanSeek ? input.Length : 0);
        Func<Mp4Track, bool>? tracks = request.AllowProtected ? track => !track.IsProtected || held.CanOpen(track) : null;
        Mp4Summary summary = isWebM
            ? await WebMAsync(input, name, held, new WebMDecryptOptions { Progress = progress, AllowProtected = request.AllowProtected, Tracks = tracks }, path, outputs, cancellationToken)
            : await Mp4Async(
                input,
                name,
                held,
                new Mp4DecryptOptions
                {
                    MaxParallelFragments = request.Threads,
                    Progress = progress,
                    PartLengths = FileSequence.LengthsOf(files),
                    AllowProtected = request.AllowProtected,
                    Tracks = tracks,
                },
                path,
                outputs,
                cancellationToken);
        HeldKey.RefuseOneForSeveral(held, summary);
        await outputs.CommitAsync(cancellationToken);
        progress?.Dispose();

        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(begun);
        List<string> warnings = Warnings(held, summary);
        document?.Warn(warnings, summary.Tracks.SelectMany(static track => track.KeyIds));
        if (request.Json) await io.Out.WriteLineAsync(ToJson(summary, outputs.Written[0], warnings, elapsed));
        else
        {
            Show(path is null ? io.Error : io.Out, summary, outputs.Written[0], elapsed);
            foreach (string warning in warnings) io.Error.WriteLine($"keyway: warning: {warning}");
        }

        outputs.Keep();
        return ExitCode.Done;
    }

    private static async Task<Mp4Summary> Mp4Async(Stream input, string name, RawMediaKeys held, Mp4DecryptOptions options, string? path, OutputSet outputs, CancellationToken cancellationToken) =>
        await outputs.WriteAsync(path, pipe => Mp4Decryptor.DecryptAsync(input, name, held, pipe, options, cancellationToken).AsTask(), cancellationToken);

    // A method of its own, so that nobody else loads what it needs.
    private static async Task<Mp4Summary> WebMAsync(Stream input, string name, RawMediaKeys held, WebMDecryptOptions options, string? path, OutputSet outputs, CancellationToken cancellationToken) =>
        await outputs.WriteAsync(path, pipe => WebMDecryptor.DecryptAsync(input, name, held, pipe, options, cancellationToken).AsTask(), cancellationToken);

    // A query may hold a token.
    internal static string NameOf(string file) => file.StartsWith("http", StringComparison.OrdinalIgnoreCase) ? file.Split('?', '#')[0] : file;

    private static async Task AddFileAsync(RawMediaKeys held, List<UsageException> odd, CommandIo io, string keyFile, CancellationToken cancellationToken)
    {
        try
        {
            using StreamReader reader = keyFile == "-" ? new StreamReader(io.OpenInput()) : new StreamReader(keyFile);
            for (int line = 1; await reader.ReadLineAsync(cancellationToken) is { } text; line++)
            {
                text = text.Trim();
                if (text.Length > 0 && text[0] != '#') HeldKey.AddTo(held, text, string.Create(CultureInfo.InvariantCulture, $"--key-file, line {line}"), odd);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--key-file: {exception.Message}");
        }
    }

    /// <summary>What is as it was asked for, and perhaps not as it was meant.</summary>
    private static List<string> Warnings(RawMediaKeys held, Mp4Summary summary)
    {
        List<string> warnings = [];
        for (int i = 0; i < summary.Tracks.Count; i++)
        {
            Mp4TrackSummary track = summary.Tracks[i];
            if (track.LeftProtected > 0) warnings.Add(string.Create(CultureInfo.InvariantCulture, $"track {track.Track.Id}: {track.LeftProtected} of {track.Samples} samples are left protected"));
        }

        // By index: what goes through such a list otherwise is compiled when the command starts.
        IReadOnlyList<KeyId> keys = held.UnusedKeys;
        for (int i = 0; i < keys.Count; i++) warnings.Add($"no sample asked for the key of {keys[i]}");
        IReadOnlyList<uint> tracks = held.UnusedTracks;
        for (int i = 0; i < tracks.Count; i++) warnings.Add(string.Create(CultureInfo.InvariantCulture, $"no sample asked for the key of track {tracks[i]}"));
        return warnings;
    }

    private static string ToJson(Mp4Summary summary, WrittenOutput output, List<string> warnings, TimeSpan elapsed) => Json.Write(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("tracks");
        foreach (Mp4TrackSummary track in summary.Tracks)
        {
            json.WriteStartObject();
            json.WriteNumber("id", track.Track.Id);
            json.WriteString("handler", track.Track.Handler);
            json.WriteString("codec", track.Track.Codec);
            json.WriteString("scheme", track.Track.IsProtected ? Word(track.Track.Scheme) : null);
            json.WriteStartArray("kids");
            for (int i = 0; i < track.KeyIds.Count; i++) json.WriteStringValue(track.KeyIds[i].ToString());
            json.WriteEndArray();
            json.WriteNumber("samples", track.Samples);
            json.WriteNumber("protectedSamples", track.ProtectedSamples);
            json.WriteNumber("leftProtected", track.LeftProtected);
            json.WriteNumber("bytes", track.Bytes);
            KeyCheckReport.WriteTo(json, track);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStrings("notes", summary.Notes);
        json.WriteStartObject("output");
        json.WriteString("path", RawNames.Told(output.Path));
        json.WriteNumber("bytes", output.Length);
        if (output.Sha256 is { } digest) json.WriteString("sha256", digest);
        json.WriteEndObject();
        json.WriteStartArray("warnings");
        foreach (string warning in warnings) json.WriteStringValue(warning);
        json.WriteEndArray();
        json.WriteNumber("seconds", Math.Round(elapsed.TotalSeconds, 3));
        json.WriteEndObject();
    });

    private static void Show(TextWriter text, Mp4Summary summary, WrittenOutput output, TimeSpan elapsed)
    {
        // Plain lines: a table would cost more start-up than a short file takes to decrypt.
        foreach (Mp4TrackSummary track in summary.Tracks)
        {
            string scheme = track.Track.IsProtected ? Word(track.Track.Scheme) : "clear";
            text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"track {track.Track.Id}  {Shown.Text(track.Track.Handler)} {Shown.Text(track.Track.Codec)}  {scheme}  {track.Samples} samples, {Decrypted(track)}  {TextOf(track.KeyIds)}"));
            if (track.KeyCheck is not null) text.WriteLine($"         {KeyCheckReport.Words(track)}");
        }

        for (int i = 0; i < summary.Notes.Count; i++) text.WriteLine($"note: {Shown.Text(summary.Notes[i])}");
        text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Shown.Text(output.Path)}  {output.Length} bytes in {elapsed.TotalSeconds:0.00} s"));
        if (output.Sha256 is { } digest) text.WriteLine($"SHA-256 {digest}");
    }

    private static string Decrypted(Mp4TrackSummary track) => track.LeftProtected == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{track.ProtectedSamples} decrypted")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, track.ProtectedSamples - track.LeftProtected)} decrypted, {track.LeftProtected} left protected");

    private static string Word(ProtectionScheme scheme) => scheme switch
    {
        ProtectionScheme.Cenc => "cenc",
        ProtectionScheme.Cens => "cens",
        ProtectionScheme.Cbc1 => "cbc1",
        ProtectionScheme.Cbcs => "cbcs",
        _ => PresentationReport.Word(scheme),
    };

    private static string TextOf(IReadOnlyList<KeyId> ids)
    {
        string text = "";
        for (int i = 0; i < ids.Count; i++) text += i == 0 ? ids[i].ToString() : " " + ids[i];
        return text;
    }
}
