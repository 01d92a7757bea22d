namespace Keyway.Hosting.Configuration;

/// <summary>One setting as it counts, and who set it.</summary>
public sealed record EffectiveSetting
{
    /// <summary>Its path: <c>Keyway:Plugins:Directory</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Its value; where that may be a secret, <c>***</c>. References (<c>secret:NAME</c>) are shown.</summary>
    public required string Value { get; init; }

    /// <summary>Whether the value is hidden.</summary>
    public bool Masked { get; init; }

    /// <summary>Who set it: a file's path, <c>environment</c>, <c>command line</c>, <c>memory</c>, or <c>default</c>.</summary>
    public required string Origin { get; init; }
}
