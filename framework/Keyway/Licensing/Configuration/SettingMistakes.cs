namespace Keyway.Licensing.Configuration;

/// <summary>What is wrong with the settings of a step or a pack, collected while they are read: everything is reported together.</summary>
internal sealed class SettingMistakes
{
    private readonly List<SettingError> _errors = [];

    public IReadOnlyList<SettingError> Errors => _errors;

    public void Add(SettingNode node, string reason) => Add(node.Path, reason);

    public void Add(string path, string reason, string? value = null)
    {
        SettingError error = new(path, reason) { Value = value };
        if (!_errors.Contains(error)) _errors.Add(error);
    }

    /// <exception cref="SettingsException">There is one.</exception>
    public void Check()
    {
        if (_errors.Count > 0) throw new SettingsException([.. _errors]);
    }
}
