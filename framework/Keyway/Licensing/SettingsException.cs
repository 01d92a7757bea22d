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

/// <summary>Configuration is wrong in one or more places, all of which are told together.</summary>
public sealed class SettingsException : KeywayException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="errors">The mistakes, at least one.</param>
    public SettingsException(IReadOnlyList<SettingError> errors)
        : base(string.Join(Environment.NewLine, errors)) => Errors = errors;

    /// <summary>Makes an exception about one mistake.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="reason">What is wrong.</param>
    public SettingsException(string path, string reason)
        : this([new SettingError(path, reason)])
    {
    }

    /// <summary>The mistakes.</summary>
    public IReadOnlyList<SettingError> Errors { get; }
}
