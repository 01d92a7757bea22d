using Keyway.Mp4;

namespace Keyway.Containers.WebM;

/// <summary>The packets of a file as ffmpeg finds them: stream, times, size, MD5.</summary>
internal static class FfmpegFrames
{
    public static IReadOnlyList<string> Of(string path)
    {
        string copy = Path.Combine(Path.GetTempPath(), $"keyway-{Guid.NewGuid():N}.framemd5");
        try
        {
            (int exit, string errors) = Ffmpeg.Run(["-v", "error", "-i", path, "-map", "0", "-c", "copy", "-f", "framemd5", copy]);
            exit.Should().Be(0, errors);
            return [.. File.ReadAllLines(copy).Where(static line => !line.StartsWith('#'))];
        }
        finally
        {
            File.Delete(copy);
        }
    }
}
