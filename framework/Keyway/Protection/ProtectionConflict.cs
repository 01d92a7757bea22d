namespace Keyway.Protection;

/// <summary>Places that contradict each other.</summary>
/// <param name="Kind">How.</param>
/// <param name="Text">In words.</param>
/// <param name="Sources">The places.</param>
public sealed record ProtectionConflict(ProtectionConflictKind Kind, string Text, IReadOnlyList<ProtectionSource> Sources)
{
    /// <summary>Returns the text and the places.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Text} ({string.Join(", ", Sources)})";
}
