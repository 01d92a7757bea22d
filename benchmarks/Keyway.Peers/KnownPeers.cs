namespace Keyway.Peers;

/// <summary>Who is compared, how each is called, and which of their faults are known.</summary>
internal static class KnownPeers
{
    private const string Keys = $"{TestFiles.Kid}:{TestFiles.Key}";

    /// <summary>Known faults: what such an output holds is not compared. A peer may have got better since.</summary>
    public static IReadOnlyList<(string Peer, string Scheme, string Reason)> Faults { get; } =
    [
        ("ffmpeg", "SAMPLE-AES", "the last pictures stay encrypted (5.1)"),
        ("mp4decrypt", "cens", "with several subsamples a sample it agrees with nobody else (ISO/IEC 23001-7, 10.3)"),
    ];

    public static IReadOnlyList<Peer> All(Settings settings, string keyway, string packager, string hello)
    {
        string folder = settings.Folder;
        string? mp4decrypt = settings.Bento4 is { } bento4 ? Building.Bento4(bento4, folder) : Command.Find("mp4decrypt"), mp4ff = settings.Mp4ff is { } go ? Building.Mp4ff(go, folder) : Command.Find("mp4ff-decrypt");
        (string? gpac, string? mp4box) = settings.Gpac is { } source ? Building.Gpac(source, folder) : (Command.Find("gpac"), Command.Find("MP4Box"));
        string drm = Path.Combine(folder, "gpac.xml");
        File.WriteAllText(drm, $"<GPACDRM><CrypTrack trackID=\"1\" IsEncrypted=\"1\"><key KID=\"0x{TestFiles.Kid}\" value=\"0x{TestFiles.Key}\"/></CrypTrack></GPACDRM>");
        return
        [
            new("cp", Command.Find("cp"), static (file, to) => [file.Weight, to]) { Decrypts = false, Takes = static _ => true },
            new("hello world, .NET, ReadyToRun", hello, static (_, _) => []) { Decrypts = false, Takes = static file => file.Kind == "small" },
            new("ffmpeg -c copy", Command.Find("ffmpeg"), static (file, to) => ["-v", "error", "-y", "-i", file.Weight, "-c", "copy", to]) { Decrypts = false, Takes = static file => file.IsPresentation, Version = Version("ffmpeg", "-version") },
            new("keyway play", keyway, static (file, to) => ["play", file.Path, "--to", to, "--force", "--key-system", "clearkey", "--set", $"Keyway:KeySystems:clearkey:Settings:Keys:{Guid.ParseExact(TestFiles.Kid, "N"):D}=secret:bench"])
            {
                Takes = static file => file.IsPresentation,
            },
            new("keyway", keyway, static (file, to) => file.Kind == "hls-mp4"
                ? ["play", file.Path, "--to", to, "--force"]
                : ["decrypt", file.Segments!, "--key", TestFiles.Key, "--iv", TestFiles.Vector, "--method", file.Scheme, "--to", to, "--force"])
            {
                Takes = static file => file.IsPlaylist,
            },
            new("ffmpeg", Command.Find("ffmpeg"), static (file, to) => ["-v", "error", "-y", "-allowed_extensions", "ALL", "-i", file.Path, "-c", "copy", to]) { Takes = static file => file.IsPlaylist, Version = Version("ffmpeg", "-version") },
            new("openssl", Command.Find("openssl"), static (file, to) => ["enc", "-d", "-aes-128-cbc", "-K", TestFiles.Key, "-iv", TestFiles.Vector, "-in", file.Segments!, "-out", to]) { Takes = static file => file.Kind == "hls-aes", Version = Version("openssl", "version") },
            new("keyway", keyway, static (file, to) => ["decrypt", file.Path, "--key", Keys, "--to", to, "--force"]),
            new("keyway --threads 1", keyway, static (file, to) => ["decrypt", file.Path, "--key", Keys, "--to", to, "--force", "--threads", "1"]) { Takes = static file => file is { IsPresentation: false, IsPlaylist: false, Kind: not "small" } },
            new("mp4decrypt", mp4decrypt, static (file, to) => ["--key", Keys, file.Path, to]) { Version = VersionOf(mp4decrypt) },
            new("MP4Box", mp4box, (file, to) => ["-quiet", "-decrypt", drm, file.Path, "-out", to]) { Version = VersionOf(mp4box, "-version") },
            new("gpac", gpac, (file, to) => ["-quiet", "-i", file.Path, $"cdcrypt:cfile={drm}", "-o", $"{to}:frag"]) { Version = VersionOf(gpac, "-version") },
            new("ffmpeg", Command.Find("ffmpeg"), static (file, to) => ["-v", "error", "-y", "-seekable", "0", "-decryption_key", TestFiles.Key, "-i", file.Path, "-c", "copy", to]) { Version = Version("ffmpeg", "-version") },
            new("packager", packager, static (file, to) => [$"in={file.Path},stream={(file.IsAudio ? "audio" : "video")},output={to}", "--enable_raw_key_decryption", "--keys", $"label=:key_id={TestFiles.Kid}:key={TestFiles.Key}", "--quiet"]) { Version = VersionOf(packager, "--version") },
            new("mp4ff-decrypt", mp4ff, static (file, to) => ["-key", TestFiles.Key, file.Path, to]) { Takes = static file => file is { Scheme: "cenc" or "cbcs", IsPresentation: false, IsPlaylist: false }, Version = VersionOf(mp4ff, "-version") },
        ];
    }

    private static string Version(string name, params string[] arguments) => VersionOf(Command.Find(name), arguments);

    private static string VersionOf(string? program, params string[] arguments) => program is null ? "" : Command.Ask(program, arguments).Text.Split('\n')[0].Trim();
}
