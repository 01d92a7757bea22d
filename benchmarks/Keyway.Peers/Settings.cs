namespace Keyway.Peers;

/// <summary>What the command line says.</summary>
internal sealed record Settings
{
    public const string Usage = """
        Keyway.Peers [--rounds N] [--folder DIR] [--keyway PROGRAM] [--report FILE] [--seconds N] [--packager PROGRAM]
                     [--bento4 DIR] [--gpac DIR] [--mp4ff DIR] [--only KIND]

        Makes protected files, decrypts each with Keyway and with whatever of mp4decrypt, MP4Box, gpac, ffmpeg, packager and
        mp4ff-decrypt is on the PATH or built of given sources, in turn, on a quiet machine and with one processor kept busy by a
        loop of the lowest priority, and writes a table and a chart. Needs ffmpeg and shaka-packager to make the files.

          --rounds N         how often each program decrypts each file (9)
          --folder DIR       where the files go: a memory file system, or the disk is what is measured (/dev/shm/keyway-peers)
          --keyway PROGRAM   the program; without it, it is published first
          --report FILE      the table; the chart goes beside it (benchmarks/reports/peers.md)
          --seconds N        how long the large file plays, at 20 Mb/s (160)
          --packager PROGRAM shaka-packager, where it is not on the PATH as packager
          --bento4 DIR       sources of Bento4, whose mp4decrypt is built (g++ -O3 -march=native)
          --gpac DIR         sources of GPAC, which is built (configure, make)
          --mp4ff DIR        sources of mp4ff, whose mp4ff-decrypt is built (go)
          --only KIND        files of one kind: big, tiny, audio, small, play, play-small, hls-…
        """;

    public int Rounds { get; private init; } = 9;

    public string Folder { get; private init; } = Directory.Exists("/dev/shm") ? "/dev/shm/keyway-peers" : Path.Combine(Path.GetTempPath(), "keyway-peers");

    public string? Keyway { get; private init; }

    public string Report { get; private init; } = Path.Combine("benchmarks", "reports", "peers.md");

    public int Seconds { get; private init; } = 160;

    public string? Packager { get; private init; }

    public string? Bento4 { get; private init; }

    public string? Gpac { get; private init; }

    public string? Mp4ff { get; private init; }

    public string? Only { get; private init; }

    /// <summary>Reads it; <see langword="null"/> when it is not understood.</summary>
    public static Settings? Read(string[] arguments)
    {
        Settings settings = new();
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length) return null;
            string value = arguments[i + 1];
            switch (arguments[i])
            {
                case "--rounds" when int.TryParse(value, out int rounds) && rounds > 0: settings = settings with { Rounds = rounds }; break;
                case "--folder": settings = settings with { Folder = Path.GetFullPath(value) }; break;
                case "--keyway": settings = settings with { Keyway = Path.GetFullPath(value) }; break;
                case "--report": settings = settings with { Report = Path.GetFullPath(value) }; break;
                case "--seconds" when int.TryParse(value, out int seconds) && seconds >= 20: settings = settings with { Seconds = seconds }; break;
                case "--packager": settings = settings with { Packager = Path.GetFullPath(value) }; break;
                case "--bento4": settings = settings with { Bento4 = Path.GetFullPath(value) }; break;
                case "--gpac": settings = settings with { Gpac = Path.GetFullPath(value) }; break;
                case "--mp4ff": settings = settings with { Mp4ff = Path.GetFullPath(value) }; break;
                case "--only": settings = settings with { Only = value }; break;
                default: return null;
            }
        }

        return settings;
    }
}
