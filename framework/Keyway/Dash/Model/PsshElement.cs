using Keyway.Protection;

namespace Keyway.Dash;

/// <summary>A <c>cenc:pssh</c> element.</summary>
public sealed record PsshElement
{
    /// <summary>Where in the manifest.</summary>
    public required string Path { get; init; }

    /// <summary>Its bytes, decoded.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>The boxes in it. Of an element that holds bare data: one box made of the data and of the system of the element around it.</summary>
    public IReadOnlyList<PsshBox> Boxes { get; init; } = [];

    /// <summary>Whether it holds the data without a box around it, as some packagers write it.</summary>
    public bool IsBare { get; init; }

    /// <summary>Why not all of it could be read.</summary>
    public FormatError? Error { get; init; }
}
