using System.CommandLine;
using System.Globalization;
using Keyway.Cli.Targets;
using Keyway.Mp4;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway decrypt</c>: files whose keys the user holds. No plugin is loaded and no setting is read.</summary>
internal static class DecryptCommand
{
    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        Argument<string[]> files = new("files") { Description = "A file; or an initialisation segment and the segments after it, in order", Arity = ArgumentArity.OneOrMore, HelpName = "FILE" };
        Option<string[]> keys = new("--key") { Description = "A key in hexadecimal, for its id or for a track's number; others on this machine can see arguments", HelpName = "KID:KEY" };
        Option<string?> keyFile = new("--key-file") { Description = "A file with one KID:KEY a line, or - for standard input", HelpName = "FILE|-" };
        Option<string> to = new("--to") { Description = "Where to: a file, or - for standard output", HelpName = "FILE|-", Required = true };
        Option<bool> force = new("--force") { Description = "Replace what exists" };
        Command command = new("decrypt", "Decrypts files whose keys you hold. The output has the length of the input, and every offset in it stays true.")
        {
            files, keys, keyFile, to, force,
        };
        command.SetAction((parse, cancellationToken) => RunAsync(
            context(parse), parse.GetValue(files) ?? [], parse.GetValue(keys) ?? [], parse.GetValue(keyFile), parse.GetRequiredValue(to), parse.GetValue(force), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandContext context, string[] files, string[] keys, string? keyFile, string to, bool force, CancellationToken cancellationToken)
    {
        OutputTarget target = OutputTarget.File(to);
        if (context.Json && target.Kind == OutputKind.StandardOutput) throw new UsageException("--json writes to standard output, where --to - writes the media");
        if (keyFile == "-" && files.Contains("-")) throw new UsageException("standard input holds the media or the keys, not both");
        if (files.Length > 1 && files.Contains("-")) throw new UsageException("- stands for all files together, and not beside others");
        if (keys.Length == 0 && keyFile is null) throw new UsageException("decrypt needs a key: --key KID:KEY or --key-file FILE");
        if (target.Kind == OutputKind.File) PendingFile.Refuse(target.Path, force);
        using RawMediaKeys held = new();
        foreach (string key in keys) HeldKey.AddTo(held, key, "--key");
        if (keyFile is not null) await AddFileAsync(held, context, keyFile, cancellationToken);

        long begun = TimeProvider.System.GetTimestamp();
        await using OutputSet outputs = new(context.Io, force);
        await using Stream input = FileSequence.Open(files, context.Io.OpenInput);
        string? path = target.Kind == OutputKind.File ? target.Path : null;
        // Offsets in messages count from the start of the first.
        string name = files.Length == 1 ? files[0] : string.Create(CultureInfo.InvariantCulture, $"{files[0]} and {files.Length - 1} after it");
        Mp4Summary summary = await outputs.WriteAsync(path, pipe => Mp4Decryptor.DecryptAsync(input, name, held, pipe, null, cancellationToken).AsTask(), cancellationToken);
        await outputs.CommitAsync(cancellationToken);

        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(begun);
        if (context.Json) await context.Io.Out.WriteLineAsync(ToJson(summary, outputs.Written[0], elapsed));
        else Show(path is null ? context.Io.Error : context.Io.Out, summary, outputs.Written[0], elapsed);
        return ExitCode.Done;
    }

    private static async Task AddFileAsync(RawMediaKeys held, CommandContext context, string keyFile, CancellationToken cancellationToken)
    {
        try
        {
            using StreamReader reader = keyFile == "-" ? new StreamReader(context.Io.OpenInput()) : new StreamReader(keyFile);
            for (int line = 1; await reader.ReadLineAsync(cancellationToken) is { } text; line++)
            {
                text = text.Trim();
                if (text.Length > 0 && text[0] != '#') HeldKey.AddTo(held, text, string.Create(CultureInfo.InvariantCulture, $"--key-file, line {line}"));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--key-file: {exception.Message}");
        }
    }

    private static string ToJson(Mp4Summary summary, WrittenOutput output, TimeSpan elapsed) => Json.Write(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("tracks");
        foreach (Mp4TrackSummary track in summary.Tracks)
        {
            json.WriteStartObject();
            json.WriteNumber("id", track.Track.Id);
            json.WriteString("handler", track.Track.Handler);
            json.WriteString("codec", track.Track.Codec);
            json.WriteString("scheme", track.Track.IsProtected ? PresentationReport.Word(track.Track.Scheme) : null);
            json.WriteStrings("kids", track.KeyIds.Select(static id => id.ToString()));
            json.WriteNumber("samples", track.Samples);
            json.WriteNumber("protectedSamples", track.ProtectedSamples);
            json.WriteNumber("bytes", track.Bytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("output");
        json.WriteString("path", output.Path);
        json.WriteNumber("bytes", output.Length);
        json.WriteString("sha256", output.Sha256);
        json.WriteEndObject();
        json.WriteNumber("seconds", Math.Round(elapsed.TotalSeconds, 3));
        json.WriteEndObject();
    });

    private static void Show(TextWriter text, Mp4Summary summary, WrittenOutput output, TimeSpan elapsed)
    {
        // Plain lines: a table would cost more start-up than a short file takes to decrypt.
        foreach (Mp4TrackSummary track in summary.Tracks)
        {
            string scheme = track.Track.IsProtected ? PresentationReport.Word(track.Track.Scheme) : "clear";
            text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"track {track.Track.Id}  {Shown.Text(track.Track.Handler)} {Shown.Text(track.Track.Codec)}  {scheme}  {track.Samples} samples, {track.ProtectedSamples} decrypted  {string.Join(' ', track.KeyIds)}"));
        }

        text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{output.Path}  {output.Length} bytes in {elapsed.TotalSeconds:0.00} s"));
        text.WriteLine($"SHA-256 {output.Sha256}");
    }
}
