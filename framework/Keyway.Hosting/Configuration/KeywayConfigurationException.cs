using Keyway.Licensing.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>Configuration is wrong in one or more places, all of which are reported together. Its text holds no value that may be a secret.</summary>
/// <param name="errors">The mistakes, at least one.</param>
public sealed class KeywayConfigurationException(IReadOnlyList<SettingError> errors)
    : KeywayException(string.Join(Environment.NewLine, errors))
{
    /// <summary>The mistakes, in the order of their paths' sections.</summary>
    public IReadOnlyList<SettingError> Errors { get; } = errors;
}
