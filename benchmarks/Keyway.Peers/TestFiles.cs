namespace Keyway.Peers;

/// <summary>Makes the files: noise, which a coder cannot shrink, in the layouts that are hard for somebody.</summary>
internal sealed class TestFiles(Settings settings, string ffmpeg, string packager)
{
    public const string Kid = "000102030405060708090a0b0c0d0e0f";
    public const string Key = "00112233445566778899aabbccddeeff";

    public const string Vector = "0102030405060708090a0b0c0d0e0f10";

    private const int PieceSeconds = 20;

    public IReadOnlyList<TestFile> Make()
    {
        Directory.CreateDirectory(settings.Folder);
        List<TestFile> files = [];
        string big = Video("big", "1920x1080", "20M", 1, settings.Seconds / PieceSeconds);
        foreach (string scheme in (string[])["cenc", "cens", "cbc1", "cbcs"]) files.Add(Protect("big", big, scheme, audio: false));

        // 32 slices a picture: 16 to 32 subsamples a sample, most of them below 3000 bytes.
        string tiny = Video("tiny", "1280x720", "1600k", 32, 3 * settings.Seconds / PieceSeconds);
        foreach (string scheme in (string[])["cenc", "cbcs"]) files.Add(Protect("tiny", tiny, scheme, audio: false));

        // Whole samples of some 512 bytes.
        string audio = Audio("audio", 25 * settings.Seconds);
        foreach (string scheme in (string[])["cenc", "cbcs"]) files.Add(Protect("audio", audio, scheme, audio: true));

        string small = Video("small", "640x360", "800k", 1, 1, seconds: 4);
        foreach (string scheme in (string[])["cenc", "cbcs"]) files.Add(Protect("small", small, scheme, audio: false));
        files.Add(Present("play", Together("play", big, settings.Seconds)));
        files.Add(Present("play-small", Together("play-small", small, 4)));
        files.Add(Whole(big));
        files.AddRange(Samples(big));
        return files;
    }

    /// <summary>A transport stream that is encrypted as a whole, as one segment of HLS.</summary>
    private TestFile Whole(string clear)
    {
        string stream = Place("hls-aes.clear.ts"), folder = Place("hls-aes"), list = Path.Combine(folder, "media.m3u8");
        if (!File.Exists(stream)) Command.Run(ffmpeg, "-v", "error", "-y", "-i", clear, "-c", "copy", "-f", "mpegts", stream);
        if (!File.Exists(list))
        {
            WriteKey(folder);
            string info = Path.Combine(folder, "info");
            File.WriteAllLines(info, ["key", Path.Combine(folder, "key"), Vector]);
            Command.Run(ffmpeg, "-v", "error", "-y", "-i", stream, "-c", "copy", "-f", "hls", "-hls_time", "100000", "-hls_playlist_type", "vod", "-hls_key_info_file", info, "-hls_segment_filename", Path.Combine(folder, "%d.ts"), list);
        }

        return new TestFile("hls-aes, a transport stream in AES-128", "hls-aes", "AES-128", list, IsAudio: false, HashOf(ffmpeg, stream)) { Clear = stream, Segments = Path.Combine(folder, "0.ts") };
    }

    /// <summary>A transport stream in segments of two seconds whose samples are encrypted: to be a transport stream again, and to be MP4.</summary>
    private IEnumerable<TestFile> Samples(string clear)
    {
        string folder = Place("hls-ts"), twin = Place("hls-ts.clear"), list = Path.Combine(folder, "media.m3u8"), plain = Path.Combine(twin, "media.m3u8");
        if (!File.Exists(list))
        {
            WriteKey(folder);
            string made = Directory.CreateTempSubdirectory("keyway-peers-").FullName;
            Package(clear, made, folder, "--enable_raw_key_encryption", "--keys", $"label=:key_id={Kid}:key={Key}", "--iv", Vector, "--protection_scheme", "cbcs", "--clear_lead", "0");
            // The packager writes the key's identifier where the address of the key belongs.
            File.WriteAllLines(list, File.ReadAllLines(list).Select(static line => line.StartsWith("#EXT-X-KEY:", StringComparison.Ordinal) ? $"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"key\",IV=0x{Vector}" : line));
            Package(clear, made, twin);
            Directory.Delete(made, recursive: true);
        }

        string stream = Place("hls-ts.clear.ts");
        if (!File.Exists(stream))
        {
            using FileStream joined = File.Create(stream);
            for (int number = 1; File.Exists(Path.Combine(twin, $"{number}.ts")); number++) joined.Write(File.ReadAllBytes(Path.Combine(twin, $"{number}.ts")));
        }

        yield return new TestFile("hls-ts, a transport stream in SAMPLE-AES", "hls-ts", "SAMPLE-AES", list, IsAudio: false, HashOf(ffmpeg, stream)) { Clear = stream, Segments = Path.Combine(folder, "*.ts") };
        yield return new TestFile("hls-mp4, the same to MP4", "hls-mp4", "SAMPLE-AES", list, IsAudio: false, HashOf(ffmpeg, clear)) { Clear = stream };
    }

    private void Package(string clear, string made, string to, params string[] more)
    {
        Command.Run(packager, [$"in={clear},stream=video,segment_template={Path.Combine(made, "$Number$.ts")},playlist_name=media.m3u8", "--hls_master_playlist_output", Path.Combine(made, "master.m3u8"), "--segment_duration", "2", "--quiet", .. more]);
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(made)) File.Move(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }

    private static void WriteKey(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "key"), Convert.FromHexString(Key));
    }

    /// <summary>A clear file with the video of another and audio.</summary>
    private string Together(string name, string pictures, int seconds)
    {
        string path = Place($"{name}.clear.mp4");
        if (!File.Exists(path))
            Command.Run(ffmpeg, "-v", "error", "-y", "-i", pictures, "-f", "lavfi", "-i", $"anoisesrc=d={seconds}:r=48000", "-c:v", "copy", "-c:a", "aac", "-b:a", "192k", path);
        return path;
    }

    /// <summary>A presentation of two tracks in segments of two seconds, each a file.</summary>
    private TestFile Present(string kind, string clear)
    {
        string folder = Place(kind), manifest = Path.Combine(folder, "manifest.mpd");
        if (!File.Exists(manifest))
        {
            // Packager replaces its manifest from the folder for temporary files, which may be on another file system.
            string made = Directory.CreateTempSubdirectory("keyway-peers-").FullName;
            string Track(string stream) => $"in={clear},stream={stream},init_segment={Path.Combine(made, stream, "init.mp4")},segment_template={Path.Combine(made, stream, "$Number$.m4s")}";
            Command.Run(packager, Track("video"), Track("audio"), "--mpd_output", Path.Combine(made, "manifest.mpd"), "--generate_static_live_mpd", "--enable_raw_key_encryption", "--keys",
                $"label=:key_id={Kid}:key={Key}", "--protection_systems", "Common", "--clear_lead", "0", "--fragment_duration", "2", "--segment_duration", "2", "--quiet");
            foreach (string from in Directory.EnumerateFiles(made, "*", SearchOption.AllDirectories))
            {
                string to = Path.Combine(folder, Path.GetRelativePath(made, from));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(from, to, overwrite: true);
            }

            Directory.Delete(made, recursive: true);
        }

        return new TestFile($"{kind}, cenc, two tracks in segments", kind, "cenc", manifest, IsAudio: false, HashOf(ffmpeg, clear)) { Clear = clear };
    }

    /// <summary>The digest of the samples of a file's one track, as ffmpeg reads them.</summary>
    public static string HashOf(string ffmpeg, string path)
    {
        (int code, string text) = Command.Ask(ffmpeg, ["-v", "error", "-i", path, "-map", "0:0", "-c", "copy", "-f", "md5", "-"]);
        return code == 0 && text.StartsWith("MD5=", StringComparison.Ordinal) ? text[4..].Trim() : "";
    }

    private string Video(string name, string size, string rate, int slices, int times, int seconds = PieceSeconds)
    {
        string path = Place($"{name}.clear.mp4");
        if (File.Exists(path)) return path;
        string piece = Place($"{name}.piece.mp4");
        Command.Run(ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", $"testsrc2=size={size}:rate=30:duration={seconds},noise=alls=60:allf=t", "-c:v", "libx264", "-preset", "ultrafast",
            "-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-slices", $"{slices}", "-pix_fmt", "yuv420p", piece);
        return Repeat(piece, times, path);
    }

    private string Audio(string name, int seconds)
    {
        string path = Place($"{name}.clear.mp4");
        if (File.Exists(path)) return path;
        string piece = Place($"{name}.piece.mp4");
        Command.Run(ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", $"anoisesrc=d={seconds / 10}:r=48000", "-c:a", "aac", "-b:a", "192k", piece);
        return Repeat(piece, 10, path);
    }

    private string Repeat(string piece, int times, string path)
    {
        Command.Run(ffmpeg, "-v", "error", "-y", "-stream_loop", $"{Math.Max(0, times - 1)}", "-i", piece, "-c", "copy", path);
        File.Delete(piece);
        return path;
    }

    private TestFile Protect(string kind, string clear, string scheme, bool audio)
    {
        string path = Place($"{kind}.{scheme}.mp4");
        if (!File.Exists(path))
        {
            Command.Run(packager, $"in={clear},stream={(audio ? "audio" : "video")},output={path}", "--enable_raw_key_encryption", "--keys", $"label=:key_id={Kid}:key={Key}",
                "--protection_scheme", scheme, "--clear_lead", "0", "--fragment_duration", "2", "--segment_duration", "2", "--quiet");
        }

        return new TestFile($"{kind}, {scheme}", kind, scheme, path, audio, HashOf(ffmpeg, clear));
    }

    private string Place(string name) => Path.Combine(settings.Folder, name);
}
