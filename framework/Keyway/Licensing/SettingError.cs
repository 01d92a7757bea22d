namespace Keyway.Licensing;

/// <summary>One mistake in configuration.</summary>
/// <param name="Path">Where: <c>Keyway:Providers:acme:Pipeline:2:After</c>.</param>
/// <param name="Reason">What is wrong with it. Never holds a value that may be a secret.</param>
public readonly record struct SettingError(string Path, string Reason)
{
    /// <summary>Returns the path and the reason in one line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => $"{Path}: {Reason}";
}
