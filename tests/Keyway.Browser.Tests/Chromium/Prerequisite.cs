namespace Keyway.Browser.Chromium;

/// <summary>What the browser tests need beside .NET. Where it is missing they skip, unless <c>KEYWAY_BROWSER=required</c>: then they fail.</summary>
public static class Prerequisite
{
    private static readonly string[] Programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>Whether there is a browser: what is only for it need not be started where there is none.</summary>
    public static bool HasChromium => Found() is not null;

    /// <summary>The browser.</summary>
    /// <returns>Its path. Does not return where there is none.</returns>
    public static string Chromium() => Found() ?? throw Absent("Chromium is not installed (Debian: apt-get install chromium; KEYWAY_CHROMIUM names another place)");

    /// <summary>A file of a player.</summary>
    /// <param name="path">Its path below <c>node_modules</c>.</param>
    /// <returns>Its path. Does not return where it is not there.</returns>
    public static string Player(string path)
    {
        string? named = Environment.GetEnvironmentVariable("KEYWAY_PLAYERS");
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache)) cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        string folder = string.IsNullOrEmpty(named) ? Path.Combine(cache, "keyway-players") : named;
        string file = Path.Combine(folder, "node_modules", path);
        return File.Exists(file) && File.Exists(Path.Combine(folder, "installed"))
            ? file
            : throw Absent($"{path} is not in {folder}: tests/Keyway.Browser.Tests/install-players.sh brings them from npm (KEYWAY_PLAYERS names another place)");
    }

    /// <summary>A program that other players and decoders are.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="package">The package that has it.</param>
    /// <param name="isNeeded">Whether a green run needs it; else the test skips wherever it is missing.</param>
    /// <returns>Its path. Does not return where there is none.</returns>
    public static string Program(string name, string package, bool isNeeded)
    {
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (program is not null) return program;
        string what = $"{name} is not installed (Debian: apt-get install {package})";
        if (isNeeded) throw Absent(what);
        Assert.Skip(what);
        return "";
    }

    private static string? Found()
    {
        string? named = Environment.GetEnvironmentVariable("KEYWAY_CHROMIUM");
        return string.IsNullOrEmpty(named) ? Programs.FirstOrDefault(File.Exists) : File.Exists(named) ? named : null;
    }

    private static InvalidOperationException Absent(string what)
    {
        if (Environment.GetEnvironmentVariable("KEYWAY_BROWSER") == "required") return new InvalidOperationException(what);
        Assert.Skip(what);
        return new InvalidOperationException(what);
    }
}
