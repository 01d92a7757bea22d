namespace Keyway.Peers;

/// <summary>Builds peers of sources that are given. Nothing of theirs is in this project.</summary>
internal static class Building
{
    /// <summary>Bento4's mp4decrypt, with what its makers' release has and this processor's instructions besides.</summary>
    /// <param name="source">Its checkout.</param>
    /// <param name="folder">Where it goes.</param>
    /// <returns>The program.</returns>
    public static string Bento4(string source, string folder)
    {
        string to = Path.Combine(folder, "mp4decrypt"), code = Path.Combine(source, "Source", "C++");
        if (File.Exists(to)) return to;
        string[] parts = ["Core", "Codecs", "Crypto", "MetaData", Path.Combine("System", "StdC"), Path.Combine("System", "Posix")];
        Command.Run("g++", ["-O3", "-march=native", "-DNDEBUG", "-w", .. parts.Select(part => "-I" + Path.Combine(code, part)), .. parts.SelectMany(part => Directory.EnumerateFiles(Path.Combine(code, part), "*.cpp")), Path.Combine(code, "Apps", "Mp4Decrypt", "Mp4Decrypt.cpp"), "-o", to]);
        return to;
    }

    /// <summary>GPAC's gpac and MP4Box.</summary>
    /// <param name="source">Its checkout.</param>
    /// <param name="folder">Where they go.</param>
    /// <returns>Both programs.</returns>
    public static (string Gpac, string Mp4Box) Gpac(string source, string folder)
    {
        string at = Path.Combine(folder, "gpac"), programs = Path.Combine(at, "bin", "gcc");
        if (!File.Exists(Path.Combine(programs, "MP4Box")))
        {
            Command.Run("cp", "-r", source, at);
            Command.Run("sh", "-c", $"cd '{at}' && ./configure --static-bin && make -j{Environment.ProcessorCount}");
        }

        return (Path.Combine(programs, "gpac"), Path.Combine(programs, "MP4Box"));
    }

    /// <summary>mp4ff-decrypt.</summary>
    /// <param name="source">The checkout of mp4ff.</param>
    /// <param name="folder">Where it goes.</param>
    /// <returns>The program.</returns>
    public static string Mp4ff(string source, string folder)
    {
        string to = Path.Combine(folder, "mp4ff-decrypt");
        if (!File.Exists(to)) Command.Run("go", "build", "-C", source, "-o", to, "./cmd/mp4ff-decrypt");
        return to;
    }
}
