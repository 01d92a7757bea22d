using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Plugins;

/// <summary>Collects what one plugin registers. Closed when <c>Configure</c> has returned.</summary>
internal sealed class PluginBuilder(PluginContext context) : IPluginBuilder
{
    private bool _closed;

    public PluginContext Context { get; } = context;

    public List<PluginPart<IKeySystem>> KeySystems { get; } = [];

    public List<PluginPart<ILicenseProvider>> Providers { get; } = [];

    public List<PluginPart<ILicenseMiddleware>> Middleware { get; } = [];

    public IPluginBuilder AddKeySystem(string name, Func<IConfigurationSection, IKeySystem> create) => Add(KeySystems, name, name, create);

    public IPluginBuilder AddProvider(string name, Func<IConfigurationSection, ILicenseProvider> create) => Add(Providers, name, name, create);

    public IPluginBuilder AddMiddleware(string name, Func<IConfigurationSection, ILicenseMiddleware> factory) =>
        Add(Middleware, name, $"{Context.PluginId}.{name}", factory);

    /// <summary>Ends registration.</summary>
    public void Close() => _closed = true;

    private PluginBuilder Add<T>(List<PluginPart<T>> parts, string name, string fullName, Func<IConfigurationSection, T> create)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(create);
        if (_closed) throw new InvalidOperationException($"plugin '{Context.PluginId}' registers '{name}' after Configure has returned");
        parts.Add(new PluginPart<T> { PluginId = Context.PluginId, Name = fullName, Create = create });
        return this;
    }
}
