using System.Globalization;
using Keyway.Cli.Targets;
using Keyway.Content;
using Keyway.Mp4;
using Keyway.Timeline;

namespace Keyway.Cli;

/// <summary>Writes a presentation in WebM as it is, clear: where the target is named so, or where its codecs are not put into MP4.</summary>
internal sealed class PlayWebM(Presentation presentation, TimeRange range, string path, OutputSet outputs)
{
    public const string Extension = ".webm";

    /// <summary>What was read of each track of the presentation.</summary>
    public IReadOnlyList<Mp4TrackSummary?> Tracks { get; private set; } = [];

    /// <summary>What should be known of it.</summary>
    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>Whether a target is named as WebM is.</summary>
    public static bool IsMeant(OutputTarget target) => target.Kind == OutputKind.File && Path.GetExtension(target.Path).Equals(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>The target that a presentation takes where nobody named one: what stays WebM has the name of it.</summary>
    public static OutputTarget TargetFor(Presentation presentation, OutputTarget target) =>
        target.Kind == OutputKind.File && presentation.Tracks.Any(presentation.StaysWebM) ? OutputTarget.File(Path.ChangeExtension(target.Path, Extension)) : target;

    /// <summary>Says what was asked for and cannot be.</summary>
    /// <exception cref="UsageException">A track stays WebM, and the target is another, or it is not all of one file.</exception>
    public static void Refuse(Presentation presentation, TimeRange range, OutputTarget target)
    {
        if (IsMeant(target) || presentation.Tracks.FirstOrDefault(presentation.StaysWebM) is not { } track) return;
        bool isFile = presentation.Facts.Kind == ContentKind.WebM;
        // A rendition is a file of its own.
        if (target.Kind == OutputKind.Folder && !isFile && range.IsAll && presentation is { IsLive: false, PeriodCount: 1 }) return;
        string other = presentation.Tracks.Count > 1 ? isFile ? ", or leave it out (--video none, --audio none)" : ", a folder (a file a track), or leave it out (--video none, --audio none)" : "";
        throw new UsageException($"{PresentationReport.Word(track.Kind)} is {NameOf(track)} in WebM, which is not put into MP4: name a file that ends in {Extension}{other}");
    }

    /// <summary>What became of tracks that were in WebM.</summary>
    public static IEnumerable<string> Words(Presentation presentation, OutputTarget target)
    {
        if (!presentation.Tracks.Any(presentation.IsWebM)) yield break;
        string[] stay = [.. presentation.Tracks.Where(presentation.StaysWebM).Select(NameOf)];
        string[] others = [.. presentation.Tracks.Where(presentation.IsWebM).Select(NameOf).Except(stay)];
        if (!IsMeant(target) && others.Length > 0) yield return $"written as MP4: {string.Join(" and ", others)} of WebM";
        if (IsMeant(target) || stay.Length > 0) yield return stay.Length > 0 ? $"written as WebM: {string.Join(" and ", stay)} {(stay.Length > 1 ? "are" : "is")} not put into MP4" : "written as WebM, as it was";
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="UsageException">It is not in one WebM file, or a part of it is asked for.</exception>
    /// <exception cref="KeywayException">It cannot be had, is malformed, or has no key.</exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        if (presentation.IsLive) throw Refusal("a live presentation is written as MP4");
        if (!range.IsAll) throw Refusal("a range is written as MP4");
        if (presentation.Tracks.FirstOrDefault(each => !presentation.IsWebM(each)) is { } other) throw Refusal($"{PlayReport.Describe(other)} is not in WebM; a target that ends in .mp4 takes it");
        if (presentation.PeriodCount > 1) throw Refusal("there are several periods, which are not joined in WebM");
        bool isOneFile = presentation.Facts.Kind == ContentKind.WebM;
        if (!isOneFile && presentation.Tracks.Count > 1) throw Refusal("video and audio are in WebM files of their own, which are not joined: leave one out (--audio none, --video none)");
        Mp4Summary summary = await outputs.WriteAsync(path, pipe => presentation.WriteWebMAsync(presentation.Tracks, pipe, cancellationToken).AsTask(), cancellationToken);
        Notes = summary.Notes;
        Tracks = [.. presentation.Tracks.Select(track => isOneFile
            ? summary.Tracks.FirstOrDefault(found => found.Track.Id.ToString(CultureInfo.InvariantCulture) == track.Id)
            : summary.Tracks.FirstOrDefault(found => found.Track.Codec == track.Codec))];
    }

    private static string NameOf(PresentationTrack track) => track.Codec switch
    {
        "vp08" => "VP8",
        "vp09" => "VP9",
        "av01" => "AV1",
        "vorbis" => "Vorbis",
        var codec => codec,
    };

    private UsageException Refusal(string reason) => new($"--to {Path.GetFileName(path)}: {reason}");
}
