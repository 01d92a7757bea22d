namespace Keyway.Fleet.Grains;

/// <summary>Which licence is meant, and how it is asked for.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.KeyOrder")]
internal sealed record KeyOrder
{
    [Id(0)]
    public required StreamSpec Stream { get; init; }

    /// <summary>The keys, as identifiers in hexadecimal. Empty: those that the content itself names (key files).</summary>
    [Id(1)]
    public IReadOnlyList<string> KeyIds { get; init; } = [];

    /// <summary>The rendition to be looked at, by its place among those that fit: they take turns.</summary>
    [Id(2)]
    public int Turn { get; init; }
}
