namespace Keyway.Licensing.Configuration;

/// <summary>One mistake in configuration.</summary>
/// <param name="Path">Where: <c>Keyway:Providers:acme:Pipeline:2:After</c>.</param>
/// <param name="Reason">What is wrong with it. Never holds a value that may be a secret.</param>
public readonly record struct SettingError(string Path, string Reason)
{
    /// <summary>What the setting is; <see langword="null"/> where it is not one value, is not known, or may be a secret.</summary>
    public string? Value { get; init; }

    /// <summary>Which layer set it: a file's path, <c>environment</c>, <c>command line</c>, <c>memory</c>; <see langword="null"/> where that is not known.</summary>
    public string? Origin { get; init; }

    /// <summary>Returns the path, the reason, and where they are known value and layer, in one line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => (Value, Origin) switch
    {
        (_, null) => $"{Path}: {Reason}",
        (null, _) => $"{Path}: {Reason} (from {Origin})",
        _ => $"{Path}: {Reason} (it is '{Value}', from {Origin})",
    };
}
