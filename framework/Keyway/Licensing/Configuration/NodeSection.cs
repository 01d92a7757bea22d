using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Keyway.Licensing.Configuration;

/// <summary>
/// A step that no configuration names but a pack does, as the section that its factory reads. What the framework's own steps read of it is
/// <see cref="Node"/>, in which order, case and kind of everything are as the pack has them.
/// </summary>
/// <param name="key">Its key.</param>
/// <param name="node">What it says.</param>
internal sealed class NodeSection(string key, SettingNode node) : IConfigurationSection
{
    public SettingNode Node => node;

    public string Key => key;

    public string Path => node.Path;

    public string? Value
    {
        get => node.IsScalar ? node.Text : null;
        set => throw new NotSupportedException();
    }

    public string? this[string key]
    {
        get => GetSection(key).Value;
        set => throw new NotSupportedException();
    }

    public IEnumerable<IConfigurationSection> GetChildren() => node.Members.Select(static member => new NodeSection(member.Name, member.Node));

    public IChangeToken GetReloadToken() => new CancellationChangeToken(CancellationToken.None);

    public IConfigurationSection GetSection(string key)
    {
        SettingNode? found = node;
        foreach (string name in key.Split(ConfigurationPath.KeyDelimiter))
            found = found?.Members.FirstOrDefault(member => member.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Node;
        return found is null ? new NoSettings(ConfigurationPath.Combine(Path, key)) : new NodeSection(ConfigurationPath.GetSectionKey(key), found);
    }
}
