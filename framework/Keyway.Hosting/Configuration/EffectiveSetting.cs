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

    /// <summary>What it does; <see langword="null"/>: nothing says it, or nobody asked (<see cref="EffectiveSettings.Explain"/>).</summary>
    public string? Description { get; init; }

    /// <summary>What counts where nobody sets it; <see langword="null"/>: nothing does, or nobody asked.</summary>
    public string? DefaultValue { get; init; }

    /// <summary>What other layers say and this one overrides, the nearest first; empty where nobody asked.</summary>
    public IReadOnlyList<OverriddenSetting> Overrides { get; init; } = [];

    /// <summary>Who set it: a file's path, <c>environment</c>, <c>command line</c>, <c>memory</c>, or <c>default</c>.</summary>
    public required string Origin { get; init; }
}
