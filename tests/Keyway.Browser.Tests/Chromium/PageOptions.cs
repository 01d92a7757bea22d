namespace Keyway.Browser.Chromium;

/// <summary>How a page is opened.</summary>
public sealed record PageOptions
{
    /// <summary>How wide the window is, in pixels.</summary>
    public int Width { get; init; } = 1280;

    /// <summary>How high the window is, in pixels.</summary>
    public int Height { get; init; } = 860;

    /// <summary>Media features that are as they are named, whatever the system says: <c>prefers-color-scheme</c> and its value.</summary>
    public IReadOnlyDictionary<string, string> Features { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// What the browser answers itself instead of asking a server: absolute addresses, media types, bytes. So pages of a test can be of a server's own
    /// origin.
    /// </summary>
    public IReadOnlyDictionary<string, (string Type, byte[] Body)> Files { get; init; } = new Dictionary<string, (string, byte[])>();

    /// <summary>A script that runs before those of the page; <see langword="null"/>: none.</summary>
    public string? Script { get; init; }
}
