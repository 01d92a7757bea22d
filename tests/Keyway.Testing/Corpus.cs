namespace Keyway.Testing;

/// <summary>Where the tests find real inputs that this project did not write: <c>../shared</c> beside the checkout, or <c>KEYWAY_SHARED</c>.</summary>
public static class Corpus
{
    /// <summary>The folder, or <see langword="null"/> where it is absent.</summary>
    public static string? Shared { get; } = FindShared();

    /// <summary>Why a test that needs the folder skips.</summary>
    public const string Absent = "the folder ../shared with the corpus and the vectors is not beside this checkout (KEYWAY_SHARED names another place)";

    /// <summary>The root of this checkout.</summary>
    public static string Root { get; } = FindRoot();

    private static string? FindShared()
    {
        string? named = Environment.GetEnvironmentVariable("KEYWAY_SHARED");
        string path = string.IsNullOrEmpty(named) ? Path.Combine(FindRoot(), "..", "shared") : named;
        return Directory.Exists(Path.Combine(path, "corpus")) ? Path.GetFullPath(path) : null;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Framework.sln"))) return folder.FullName;
        throw new InvalidOperationException($"no Framework.sln above {AppContext.BaseDirectory}");
    }
}
