namespace Keyway.Fleet.Service;

/// <summary>Manifests that break readers: what is in the checkout, and of the corpus where that is there.</summary>
internal static class HostileManifests
{
    private static readonly string[] Endings = [".mpd", ".m3u8", ".ism"];
    private static readonly string[] Beginnings = ["mpd-", "hls-", "smooth-"];

    public static IReadOnlyList<byte[]> Read()
    {
        string root = Path.GetDirectoryName(SampleKeys.Folder)!;
        string[] folders = [Path.Combine(root, "tests", "Keyway.Tests", "Regressions"), Path.Combine(root, "..", "shared", "corpus"), Path.Combine(root, "..", "shared", "cases")];
        return
        [
            "<MPD"u8.ToArray(),
            "#EXTM3U\n#EXT-X-KEY"u8.ToArray(),
            "<SmoothStreamingMedia MajorVersion=\"2\""u8.ToArray(),
            .. folders.Where(Directory.Exists).SelectMany(static folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
                .Where(static file => Array.Exists(Endings, end => file.EndsWith(end, StringComparison.OrdinalIgnoreCase)) || Array.Exists(Beginnings, start => Path.GetFileName(file).StartsWith(start, StringComparison.Ordinal)))
                .Where(static file => new FileInfo(file).Length < 1 << 20).Order(StringComparer.Ordinal).Take(400).Select(File.ReadAllBytes),
        ];
    }
}
