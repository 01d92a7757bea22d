namespace Keyway.Sources;

/// <summary>Where a presentation comes from, and with it what its manifest may name.</summary>
/// <remarks>
/// A manifest is not trusted. One of http(s) may name http(s) only; one in a file may name files below its own folder, and http(s).
/// UNC paths are refused for everyone: reading one sends the user's network credentials to a host of the manifest's choice.
/// </remarks>
public sealed record ContentOrigin
{
    /// <summary>As the caller named it. Content headers go to this origin only.</summary>
    public required Uri Given { get; init; }

    /// <summary>Where it was found, after redirects. Relative addresses are resolved here.</summary>
    public required Uri Location { get; init; }

    /// <summary>The origin of something that the caller named itself.</summary>
    /// <param name="given">An absolute URI.</param>
    /// <returns>The origin.</returns>
    public static ContentOrigin Of(Uri given) => new() { Given = given, Location = given };

    /// <summary>Whether the presentation may name an address. Links are resolved later, when a file is opened.</summary>
    /// <param name="target">The address.</param>
    /// <param name="reason">Why not; empty when it may.</param>
    /// <returns><see langword="false"/> when it may not.</returns>
    internal bool TryAllow(Uri target, out string reason)
    {
        reason = "";
        if (!target.IsAbsoluteUri) reason = "the address is not absolute";
        else if (target.Scheme is "http" or "https") return true;
        else if (!target.IsFile) reason = $"addresses of scheme '{target.Scheme}' are not read";
        else if (IsUnc(target)) reason = "UNC paths are refused";
        else if (target == Given || target == Location) return true;
        else if (!Location.IsFile) reason = "what comes over http may name only http and https";
        else if (Folder is null || !IsBelow(FullPath(target), Folder)) reason = "a file may name only files below its own folder";
        return reason.Length == 0;
    }

    /// <summary>Whether an address has the origin (scheme, host, port) that the caller named.</summary>
    internal bool IsGivenOrigin(Uri target) => IsSameOrigin(Given, target);

    /// <summary>Whether an address has the origin that the content was found at.</summary>
    internal bool IsOriginOfLocation(Uri target) => IsSameOrigin(Location, target);

    /// <summary>The folder of a manifest in a file.</summary>
    internal string? Folder => Location.IsFile && FullPath(Location) is { Length: > 0 } path ? Path.GetDirectoryName(path) : null;

    internal static bool IsSameOrigin(Uri origin, Uri target) =>
        !origin.IsFile && target.IsAbsoluteUri && string.Equals(target.Scheme, origin.Scheme, StringComparison.Ordinal)
        && string.Equals(target.IdnHost, origin.IdnHost, StringComparison.OrdinalIgnoreCase) && target.Port == origin.Port;

    internal static bool IsUnc(Uri uri) => uri.IsUnc || uri.Host.Length > 0 || uri.LocalPath.StartsWith(@"\\", StringComparison.Ordinal) || uri.LocalPath.StartsWith("//", StringComparison.Ordinal);

    internal static bool IsBelow(string path, string folder)
    {
        StringComparison comparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        string root = Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar;
        return path.Length > root.Length && path.StartsWith(root, comparison);
    }

    // An address is unescaped once, here, and only then normalised: %2E%2E%2F leaves the folder as ../ does.
    private static string FullPath(Uri file)
    {
        string path = file.LocalPath;
        return path.Contains('\0', StringComparison.Ordinal) ? "" : Path.GetFullPath(path);
    }
}
