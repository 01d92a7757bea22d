using System.Globalization;
using Keyway.Cli.Targets;
using Keyway.Containers.WebM;
using Keyway.Mp4;

namespace Keyway.Cli.Mp4Decrypt;

/// <summary>
/// Does what programs expect that call <c>mp4decrypt</c>: the output is replaced, tracks without a key stay as they are, nothing is said on standard output, and the exit code is 0 or 1.
/// What stays protected is said on standard error. Where that program writes bytes that are not the content's, this one fails (docs/mp4decrypt.md).
/// </summary>
internal static class Mp4DecryptRun
{
    /// <summary>The name that the program is called by, and the command's.</summary>
    public const string Name = "mp4decrypt";

    private const int Failed = 1;

    /// <summary>Does it, with the words after the name.</summary>
    /// <returns>0; 1: it failed, and there is no output; 130: it was interrupted.</returns>
    public static int Run(ReadOnlySpan<string> words, CommandIo io, CancellationToken cancellationToken)
    {
        if (words.Length == 0 || words is ["--help" or "-h"])
        {
            io.Error.Write(Mp4DecryptArguments.Usage);
            return Failed;
        }

        try
        {
            Mp4DecryptArguments arguments = Mp4DecryptArguments.Parse(words);
            return Interrupts.Run(() => RunAsync(arguments, io, cancellationToken), End, cancellationToken);
        }
        catch (Exception exception)
        {
            return Tell(exception);
        }

        void End()
        {
            io.Leftovers.Undo();
            Environment.Exit(Tell(new OperationCanceledException(cancellationToken)));
        }

        int Tell(Exception exception)
        {
            Failure failure = Failure.From(exception, cancellationToken);
            io.Error.WriteLine($"ERROR: {Shown.Text(failure.Message)}");
            return failure.Code == ExitCode.Interrupted ? failure.Code : Failed;
        }
    }

    private static async Task<int> RunAsync(Mp4DecryptArguments arguments, CommandIo io, CancellationToken cancellationToken)
    {
        OutputTarget target = OutputTarget.File(arguments.Output);
        using RawMediaKeys held = new() { TracksFirst = true };
        List<UsageException> odd = [];
        foreach (string key in arguments.Keys) HeldKey.AddTo(held, key, "--key", odd);

        await using OutputSet outputs = new(io, replace: true) { Digests = false, Durable = false };
        await using Stream? info = arguments.FragmentsInfo is { } file ? FileSequence.Open([file], io.OpenInput) : null;
        await using Stream opened = FileSequence.Open([arguments.Input], io.OpenInput);
        PeekedStream? peeked = opened.CanSeek ? null : await PeekedStream.OpenAsync(opened, cancellationToken);
        Stream input = peeked ?? opened;
        bool isWebM = peeked?.IsWebM ?? (opened is FileStream { IsAsync: false } readable ? PeekedStream.Look(readable) : await PeekedStream.LookAsync(opened, cancellationToken));
        if (!isWebM && odd.Count > 0) throw odd[0];
        using StepProgress? progress = arguments.ShowProgress && target.Kind == OutputKind.File ? new StepProgress(io.Out, input.CanSeek ? input.Length : 0) : null;
        string? path = target.Kind == OutputKind.File ? target.Path : null;
        HashSet<uint> numbers = NumbersOf(arguments);
        bool Chosen(Mp4Track track) => !track.IsProtected || held.CanOpen(track) || numbers.Contains(track.Id);
        Mp4Summary summary;
        if (isWebM) summary = await WebMAsync(input, arguments, held, new WebMDecryptOptions { Tracks = Chosen, Progress = progress }, path, outputs, cancellationToken);
        else
        {
            Mp4DecryptOptions options = new() { Tracks = Chosen, Progress = progress };
            summary = await outputs.WriteAsync(
                path,
                pipe => info is null
                    ? Mp4Decryptor.DecryptAsync(input, arguments.Input, held, pipe, options, cancellationToken).AsTask()
                    : Mp4Decryptor.DecryptFragmentsAsync(info, arguments.FragmentsInfo!, input, arguments.Input, held, pipe, options, cancellationToken).AsTask(),
                cancellationToken);
        }

        HeldKey.RefuseOneForSeveral(held, summary);
        await outputs.CommitAsync(cancellationToken);
        progress?.Finish();
        Warn(io.Error, held, summary);
        outputs.Keep();
        return ExitCode.Done;
    }

    // A method of its own, so that nobody else loads what it needs.
    private static async Task<Mp4Summary> WebMAsync(Stream input, Mp4DecryptArguments arguments, RawMediaKeys held, WebMDecryptOptions options, string? path, OutputSet outputs, CancellationToken cancellationToken)
    {
        if (arguments.FragmentsInfo is not null) throw new UsageException("--fragments-info is for MP4, and the input is WebM");
        return await outputs.WriteAsync(path, pipe => WebMDecryptor.DecryptAsync(input, arguments.Input, held, pipe, options, cancellationToken).AsTask(), cancellationToken);
    }

    /// <summary>The tracks that a key was given for by number. They are decrypted as those are whose ids have keys; one in a scheme that nothing here opens is refused then.</summary>
    private static HashSet<uint> NumbersOf(Mp4DecryptArguments arguments)
    {
        HashSet<uint> numbers = [];
        foreach (string key in arguments.Keys)
            if (uint.TryParse(key.AsSpan(0, key.IndexOf(':', StringComparison.Ordinal)), NumberStyles.None, CultureInfo.InvariantCulture, out uint number)) numbers.Add(number);
        return numbers;
    }

    /// <summary>What a user of the program would otherwise not see.</summary>
    private static void Warn(TextWriter text, RawMediaKeys held, Mp4Summary summary)
    {
        // By index: what goes through such a list otherwise is compiled when the command starts.
        for (int i = 0; i < summary.Tracks.Count; i++)
        {
            Mp4TrackSummary track = summary.Tracks[i];
            string name = string.Create(CultureInfo.InvariantCulture, $"track {track.Track.Id} ({Shown.Text(track.Track.Handler)} {Shown.Text(track.Track.Codec)})");
            if (track.LeftProtected > 0) text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"WARNING: {name} is left protected: {track.LeftProtected} of {track.Samples} samples; no key was given for it"));
            // A wrong key would have written something as well.
            if (track.KeyCheck is { Result: not Mp4KeyCheckResult.Fits }) text.WriteLine($"WARNING: {name}: {KeyCheckReport.Words(track)}");
        }

        IReadOnlyList<KeyId> keys = held.UnusedKeys;
        for (int i = 0; i < keys.Count; i++) text.WriteLine($"WARNING: no sample asked for the key of {keys[i]}");
        IReadOnlyList<uint> numbers = held.UnusedTracks;
        for (int i = 0; i < numbers.Count; i++) text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"WARNING: no sample asked for the key of track {numbers[i]}"));
        for (int i = 0; i < summary.Notes.Count; i++) text.WriteLine($"WARNING: {Shown.Text(summary.Notes[i])}");
    }
}
