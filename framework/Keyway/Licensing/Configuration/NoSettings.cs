using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Keyway.Licensing.Configuration;

/// <summary>A section of configuration with nothing in it: every setting has its default.</summary>
internal sealed class NoSettings(string path) : IConfigurationSection
{
    public string Key => ConfigurationPath.GetSectionKey(path);

    public string Path => path;

    public string? Value
    {
        get => null;
        set => throw new NotSupportedException();
    }

    public string? this[string key]
    {
        get => null;
        set => throw new NotSupportedException();
    }

    public IEnumerable<IConfigurationSection> GetChildren() => [];

    public IChangeToken GetReloadToken() => new CancellationChangeToken(CancellationToken.None);

    public IConfigurationSection GetSection(string key) => new NoSettings(ConfigurationPath.Combine(path, key));
}
