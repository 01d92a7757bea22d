using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Keyway.Testing;

/// <summary>A section of settings that a test writes down: this package needs no package for configuration.</summary>
internal sealed class TestSettings(string path, IReadOnlyDictionary<string, string> values) : IConfigurationSection
{
    public string Key => path[(path.LastIndexOf(':') + 1)..];

    public string Path => path;

    public string? Value
    {
        get => values.GetValueOrDefault(path);
        set => throw new NotSupportedException();
    }

    public string? this[string key]
    {
        get => values.GetValueOrDefault($"{path}:{key}");
        set => throw new NotSupportedException();
    }

    public IConfigurationSection GetSection(string key) => new TestSettings($"{path}:{key}", values);

    public IEnumerable<IConfigurationSection> GetChildren() =>
        values.Keys.Where(key => key.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase)).Select(key => key[(path.Length + 1)..].Split(':')[0]).Distinct(StringComparer.OrdinalIgnoreCase).Select(GetSection);

    public IChangeToken GetReloadToken() => new CancellationChangeToken(CancellationToken.None);
}
