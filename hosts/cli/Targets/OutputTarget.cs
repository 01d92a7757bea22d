using System.Globalization;

namespace Keyway.Cli.Targets;

/// <summary>Where clear media goes: one file, one file a track in a folder, or standard output.</summary>
internal sealed record OutputTarget
{
    private OutputTarget(OutputKind kind, string path) => (Kind, Path) = (kind, path);

    public OutputKind Kind { get; }

    /// <summary>The file or folder, whole; empty for standard output.</summary>
    public string Path { get; }

    /// <summary>Reads what the user wrote: <c>-</c>, a folder (it exists, ends in a slash, or has no extension), or else a file.</summary>
    public static OutputTarget Parse(string text)
    {
        if (text == "-") return new OutputTarget(OutputKind.StandardOutput, "");
        if (text.Length == 0) throw new TargetException("an empty name is no target");
        string full = System.IO.Path.GetFullPath(text);
        bool folder = System.IO.Path.EndsInDirectorySeparator(text) || Directory.Exists(full) || !System.IO.Path.HasExtension(full);
        return new OutputTarget(folder ? OutputKind.Folder : OutputKind.File, System.IO.Path.TrimEndingDirectorySeparator(full));
    }

    /// <summary>The target of a command that always writes one file.</summary>
    public static OutputTarget File(string text) =>
        text == "-" ? new OutputTarget(OutputKind.StandardOutput, "") : new OutputTarget(OutputKind.File, System.IO.Path.GetFullPath(text));

    /// <summary>The name of a further file, where one cannot hold what changes: <c>film.mp4</c>, <c>film.2.mp4</c>.</summary>
    public static string Part(string path, int number) => number == 1
        ? path
        : System.IO.Path.Combine(
            System.IO.Path.GetDirectoryName(path) ?? "", string.Create(CultureInfo.InvariantCulture, $"{System.IO.Path.GetFileNameWithoutExtension(path)}.{number}{System.IO.Path.GetExtension(path)}"));

    /// <summary>The name of a track's file in a folder. It is ours: no text of a manifest is part of a path.</summary>
    /// <param name="track">The track.</param>
    /// <param name="tracks">All tracks.</param>
    /// <param name="extension">The container.</param>
    public string FileOf(PresentationTrack track, IReadOnlyList<PresentationTrack> tracks, string extension = ".mp4")
    {
        int number = 1 + tracks.TakeWhile(other => other.Index != track.Index).Count(other => other.Kind == track.Kind);
        return System.IO.Path.Combine(Path, $"{track.Kind.ToString().ToLowerInvariant()}-{number}{extension}");
    }
}
