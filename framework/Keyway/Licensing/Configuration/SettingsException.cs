namespace Keyway.Licensing.Configuration;

/// <summary>Configuration is wrong in one or more places, all of which are reported together.</summary>
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
