namespace Keyway.Peers;

/// <summary>A program that decrypts.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Program">Where it is; <see langword="null"/> when it is not here.</param>
/// <param name="Arguments">How it is told to decrypt a file to another.</param>
internal sealed record Peer(string Name, string? Program, Func<TestFile, string, IReadOnlyList<string>> Arguments)
{
    /// <summary>Only for some files; without it, for all that are one file.</summary>
    public Func<TestFile, bool> Takes { get; init; } = static file => file is { IsPresentation: false, IsPlaylist: false };

    /// <summary>Whether its output holds the samples.</summary>
    public bool Decrypts { get; init; } = true;

    /// <summary>Its version, where it says one.</summary>
    public string Version { get; init; } = "";
}
