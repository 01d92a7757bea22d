namespace Keyway.Licensing.Configuration;

/// <summary>What is wrong with a pack, collected while it is read: everything is told together.</summary>
internal sealed class PackMistakes
{
    private readonly List<SettingError> _errors = [];

    public IReadOnlyList<SettingError> Errors => _errors;

    public void Add(PackNode node, string reason) => Add(node.Path, reason);

    public void Add(string path, string reason)
    {
        SettingError error = new(path, reason);
        if (!_errors.Contains(error)) _errors.Add(error);
    }

    /// <exception cref="SettingsException">There is one.</exception>
    public void Check()
    {
        if (_errors.Count > 0) throw new SettingsException([.. _errors]);
    }
}
