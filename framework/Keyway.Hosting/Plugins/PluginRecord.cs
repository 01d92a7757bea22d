namespace Keyway.Hosting.Plugins;

/// <summary>One plugin, and what has become of it.</summary>
public sealed record PluginRecord
{
    /// <summary>Its id, or the name of its folder when it has none.</summary>
    public required string Id { get; init; }

    /// <summary>What has become of it.</summary>
    public required PluginState State { get; init; }

    /// <summary>Which version of it in this host, from 1; 0 when none of its code was loaded. Each one that takes the place of another has the next number.</summary>
    public int Generation { get; init; }

    /// <summary>Of one that has left: whether its memory was freed, as a weak reference tells; <see langword="null"/>: it is not known yet.</summary>
    public bool? Collected { get; init; }

    /// <summary>Its folder, if there is one.</summary>
    public string? Folder { get; init; }

    /// <summary>The file name of its assembly, if one was found.</summary>
    public string? Assembly { get; init; }

    /// <summary>The contract version that it was built against, if it says one.</summary>
    public string? Contract { get; init; }

    /// <summary>Why it is not loaded, when it was refused.</summary>
    public PluginProblem? Problem { get; init; }

    /// <summary>The names of its key systems.</summary>
    public IReadOnlyList<string> KeySystems { get; init; } = [];

    /// <summary>The names of its providers.</summary>
    public IReadOnlyList<string> Providers { get; init; } = [];

    /// <summary>The names of its pipeline steps, its id before each.</summary>
    public IReadOnlyList<string> Middleware { get; init; } = [];
}
