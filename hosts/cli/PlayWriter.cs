using Keyway.Cli.Targets;
using Keyway.Mp4;
using Keyway.Timeline;

namespace Keyway.Cli;

/// <summary>Which periods went into which file.</summary>
/// <param name="Path">The file, or <c>-</c>.</param>
/// <param name="Number">Its number among the files of the same tracks, from 1.</param>
/// <param name="Periods">How its periods are called.</param>
internal sealed record WrittenPart(string Path, int Number, IReadOnlyList<string> Periods);

/// <summary>Writes a presentation to its target: the tracks together, or a file each; as many files one after the other as its periods take.</summary>
internal sealed class PlayWriter(Presentation presentation, TimeRange range, OutputTarget target, OutputSet outputs, bool force)
{
    private readonly Mp4TrackSummary?[] _tracks = new Mp4TrackSummary?[presentation.Tracks.Count];
    private readonly List<WrittenPart> _parts = [];
    private readonly Lock _gate = new();
    private readonly List<string> _notes = [];

    /// <summary>What was read of each track.</summary>
    public IReadOnlyList<Mp4TrackSummary?> Tracks => _tracks;

    /// <summary>What was not as it should be in what was read.</summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (_gate) return [.. _notes];
        }
    }

    /// <summary>The files.</summary>
    public IReadOnlyList<WrittenPart> Parts
    {
        get
        {
            lock (_gate) return [.. _parts];
        }
    }

    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        if (target.Kind != OutputKind.Folder)
        {
            await WritePartsAsync(target.Kind == OutputKind.File ? target.Path : null, presentation.Tracks, cancellationToken);
            return;
        }

        foreach (PresentationTrack track in presentation.Tracks) PendingFile.Refuse(FileOf(track), force);
        outputs.MakeFolder(target.Path);
        if (!presentation.IsLive)
        {
            foreach (PresentationTrack track in presentation.Tracks) await WriteTrackAsync(track, cancellationToken);
            return;
        }

        // Tracks of a live presentation are read side by side: what is not read now is gone.
        using CancellationTokenSource together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> running = [.. presentation.Tracks.Select(track => WritePartsAsync(FileOf(track), [track], together.Token))];
        try
        {
            while (running.Count > 0)
            {
                Task done = await Task.WhenAny(running);
                running.Remove(done);
                await done;
            }
        }
        finally
        {
            await together.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private string FileOf(PresentationTrack track) => target.FileOf(track, presentation.Tracks, presentation.StaysWebM(track) ? PlayWebM.Extension : ".mp4");

    private async Task WriteTrackAsync(PresentationTrack track, CancellationToken cancellationToken)
    {
        string path = FileOf(track);
        if (presentation.StaysWebM(track))
        {
            Mp4Summary same = await outputs.WriteAsync(path, pipe => presentation.WriteWebMAsync([track], pipe, cancellationToken).AsTask(), cancellationToken);
            Add([track], same, new WrittenPart(path, 1, []));
            return;
        }

        if (presentation.PeriodCount > 1 || !range.IsAll)
        {
            await WritePartsAsync(path, [track], cancellationToken);
            return;
        }

        Mp4Summary summary = await outputs.WriteAsync(path, pipe => presentation.WriteAsync(track, pipe, cancellationToken).AsTask(), cancellationToken);
        Add([track], summary, new WrittenPart(path, 1, []));
    }

    private async Task WritePartsAsync(string? path, IReadOnlyList<PresentationTrack> tracks, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            // There is one standard output: what does not fit into one file is refused there.
            Mp4Summary all = await outputs.WriteAsync(null, pipe => presentation.MergeAsync(tracks, range, pipe, cancellationToken).AsTask(), cancellationToken);
            if (all.Tracks.Count > 0) Add(tracks, all, new WrittenPart("-", 1, []));
            return;
        }

        await foreach (PresentationPart part in presentation.PartsAsync(tracks, range, cancellationToken))
        {
            string file = OutputTarget.Part(path, part.Number);
            PendingFile.Refuse(file, force);
            Mp4Summary summary = await outputs.WriteAsync(file, pipe => part.MergeAsync(pipe, cancellationToken).AsTask(), cancellationToken);
            Add(part.Tracks, summary, new WrittenPart(file, part.Number, part.Periods));
        }
    }

    private void Add(IReadOnlyList<PresentationTrack> tracks, Mp4Summary summary, WrittenPart part)
    {
        lock (_gate)
        {
            _parts.Add(part);
            foreach (string note in summary.Notes)
                if (!_notes.Contains(note)) _notes.Add(note);
            for (int i = 0; i < tracks.Count && i < summary.Tracks.Count; i++)
            {
                Mp4TrackSummary more = summary.Tracks[i];
                ref Mp4TrackSummary? known = ref _tracks[tracks[i].Index];
                known = known is null ? more : KeyCheckReport.Together(known, more) with
                {
                    Samples = known.Samples + more.Samples,
                    ProtectedSamples = known.ProtectedSamples + more.ProtectedSamples,
                    Bytes = known.Bytes + more.Bytes,
                    KeyIds = [.. known.KeyIds.Union(more.KeyIds)],
                };
            }
        }
    }
}
