using Keyway.Protection;

namespace Keyway.Dash;

/// <summary>A <c>mspr:pro</c> element: a PlayReady object, which its key system reads.</summary>
public sealed record ProElement
{
    /// <summary>Where in the manifest.</summary>
    public required string Path { get; init; }

    /// <summary>Its bytes, decoded.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>It as a header of the PlayReady system; <see langword="null"/> when it could not be read.</summary>
    public PsshBox? Box { get; init; }

    /// <summary>Why it could not be read.</summary>
    public FormatError? Error { get; init; }
}
