namespace Keyway.Peers;

/// <summary>What the command line says.</summary>
internal sealed record Settings
{
    public const string Usage = """
        Keyway.Peers [--rounds N] [--folder DIR] [--keyway PROGRAM] [--report FILE] [--seconds N] [--packager PROGRAM]

        Makes protected files, decrypts each with Keyway and with whatever of mp4decrypt, MP4Box, gpac, ffmpeg, packager and
        mp4ff-decrypt is on the PATH, in turn, and writes a table and a chart. Needs ffmpeg and shaka-packager to make the files.

          --rounds N         how often each program decrypts each file (9)
          --folder DIR       where the files go: a memory file system, or the disk is what is measured (/dev/shm/keyway-peers)
          --keyway PROGRAM   the program; without it, it is published first
          --report FILE      the table; the chart goes beside it (benchmarks/reports/peers.md)
          --seconds N        how long the large file plays, at 20 Mb/s (160)
          --packager PROGRAM shaka-packager, where it is not on the PATH as packager
        """;

    public int Rounds { get; private init; } = 9;

    public string Folder { get; private init; } = Directory.Exists("/dev/shm") ? "/dev/shm/keyway-peers" : Path.Combine(Path.GetTempPath(), "keyway-peers");

    public string? Keyway { get; private init; }

    public string Report { get; private init; } = Path.Combine("benchmarks", "reports", "peers.md");

    public int Seconds { get; private init; } = 160;

    public string? Packager { get; private init; }

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
                default: return null;
            }
        }

        return settings;
    }
}
