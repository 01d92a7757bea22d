using Keyway.Licensing;
using Keyway.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Keyway.Plugins;

/// <summary>The version of this contract.</summary>
public static class KeywayContract
{
    /// <summary>Major and minor. A host loads plugins of its own major and of its own or a lower minor.</summary>
    public const string Version = "1.0";
}

/// <summary>
/// A plugin's whole manifest. The host reads it from metadata before it loads any code:
/// <c>[assembly: KeywayPlugin("acme", typeof(AcmePlugin))]</c>.
/// </summary>
/// <param name="id">The plugin's id: lower-case letters, digits and dashes. Configuration names it.</param>
/// <param name="entryPoint">A public class with a parameterless constructor that implements <see cref="IPlugin"/>.</param>
/// <param name="contract">Left out: the author's compiler fills in the contract version that the plugin is built against.</param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class KeywayPluginAttribute(string id, Type entryPoint, string contract = KeywayContract.Version) : Attribute
{
    /// <summary>The plugin's id.</summary>
    public string Id { get; } = id;

    /// <summary>The class that implements <see cref="IPlugin"/>.</summary>
    public Type EntryPoint { get; } = entryPoint;

    /// <summary>The contract version that the plugin was built against.</summary>
    public string Contract { get; } = contract;
}

/// <summary>What a plugin assembly brings. Made once by the host, and disposed when the host or the plugin leaves.</summary>
public interface IPlugin : IAsyncDisposable
{
    /// <summary>Registers what the plugin brings. Called once, before anything else. An exception leaves the plugin out.</summary>
    /// <param name="builder">Where to register.</param>
    void Configure(IPluginBuilder builder);

    /// <inheritdoc/>
    ValueTask IAsyncDisposable.DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Where a plugin registers what it brings. Valid during <see cref="IPlugin.Configure"/> only.</summary>
public interface IPluginBuilder
{
    /// <summary>What the host gives the plugin.</summary>
    PluginContext Context { get; }

    /// <summary>Adds a key system. It may serve several configured entries.</summary>
    /// <param name="name">The name by which configuration asks for it; the plugin's id when it has one only.</param>
    /// <param name="create">Makes it from the <c>Settings</c> of its entry in configuration.</param>
    /// <returns>This builder.</returns>
    IPluginBuilder AddKeySystem(string name, Func<IConfigurationSection, IKeySystem> create);

    /// <summary>Adds a provider of licences.</summary>
    /// <param name="name">The name by which configuration asks for it.</param>
    /// <param name="create">Makes it from its entry in configuration.</param>
    /// <returns>This builder.</returns>
    IPluginBuilder AddProvider(string name, Func<IConfigurationSection, ILicenseProvider> create);

    /// <summary>Adds a step for licence pipelines. Pipelines name it <c>PLUGIN-ID.NAME</c>.</summary>
    /// <param name="name">The step's name, without the plugin's id.</param>
    /// <param name="factory">Makes it from its entry in the pipeline.</param>
    /// <returns>This builder.</returns>
    IPluginBuilder AddMiddleware(string name, Func<IConfigurationSection, ILicenseMiddleware> factory);
}

/// <summary>What the host gives a plugin.</summary>
/// <remarks>Ownership: the host's. The plugin disposes none of it. Threads: any.</remarks>
public sealed class PluginContext
{
    /// <summary>The plugin's id.</summary>
    public required string PluginId { get; init; }

    /// <summary>The plugin's own section: <c>Keyway:Plugins:Allow:ID</c>.</summary>
    public required IConfigurationSection Settings { get; init; }

    /// <summary>Makes loggers by category name. <c>ILogger&lt;T&gt;</c> with a type of the plugin would keep the plugin in memory.</summary>
    public required ILoggerFactory Logging { get; init; }

    /// <summary>Facts, to subscribe to. Subscriptions end when the plugin leaves.</summary>
    public required IEventSource Events { get; init; }

    /// <summary>Secrets: only those that the plugin's own sections name with <c>secret:</c>.</summary>
    public required ISecretReader Secrets { get; init; }

    /// <summary>The host's way to HTTP: its proxy, its TLS, its rule of which origins may be reached.</summary>
    public required HttpMessageInvoker Http { get; init; }

    /// <summary>The host's clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>What the plugin keeps for itself beyond the process. A host that is not told where refuses every call.</summary>
    /// <value><see cref="NoStorage"/>.</value>
    public IPluginStorage Storage { get; init; } = NoStorage;

    /// <summary>The storage of a host that keeps nothing for plugins: it refuses every call and says so.</summary>
    public static IPluginStorage NoStorage => NoPluginStorage.Instance;
}
