namespace Keyway.Testing;

/// <summary>Secrets were found where they should not be.</summary>
/// <param name="leaks">Which, how, and where.</param>
public sealed class LeakException(IReadOnlyList<Leak> leaks)
    : KeywayException($"{leaks.Count} leaks: {string.Join("; ", leaks.Select(static leak => $"{leak.Secret} as {leak.Form} in {leak.Place}, after «{leak.Before}»"))}")
{
    /// <summary>Which, how, and where.</summary>
    public IReadOnlyList<Leak> Leaks { get; } = leaks;
}
