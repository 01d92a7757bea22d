namespace Keyway.Browser.Chromium;

/// <summary>What the browser tests need beside .NET. Where it is missing they skip, unless <c>KEYWAY_BROWSER=required</c>: then they fail.</summary>
public static class Prerequisite
{
    private static readonly string[] Programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>The browser.</summary>
    /// <returns>Its path. Does not return where there is none.</returns>
    public static string Chromium()
    {
        string? named = Environment.GetEnvironmentVariable("KEYWAY_CHROMIUM");
        string? program = string.IsNullOrEmpty(named) ? Programs.FirstOrDefault(File.Exists) : File.Exists(named) ? named : null;
        return program ?? throw Absent("Chromium is not installed (Debian: apt-get install chromium; KEYWAY_CHROMIUM names another place)");
    }

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
            : throw Absent($"Shaka Player and dash.js are not in {folder}: tests/Keyway.Browser.Tests/install-players.sh brings them from npm (KEYWAY_PLAYERS names another place)");
    }

    private static InvalidOperationException Absent(string what)
    {
        if (Environment.GetEnvironmentVariable("KEYWAY_BROWSER") == "required") return new InvalidOperationException(what);
        Assert.Skip(what);
        return new InvalidOperationException(what);
    }
}
