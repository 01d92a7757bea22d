using Keyway.Messaging;
using Keyway.Plugins;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.Hosting.Plugins;

/// <summary>What a host gives its plugins. Ownership: the host's; all of it outlives the plugins.</summary>
public sealed record PluginServices
{
    /// <summary>Where facts about plugins are said: the engine's bus.</summary>
    public required IMessageBus Bus { get; init; }

    /// <summary>What plugins may listen to: the mirror of the engine's bus. Each plugin gets a scope of its own of it.</summary>
    public required IEventSource Events { get; init; }

    /// <summary>Makes the reader of one plugin's secrets, from its id: it reads the names that this plugin's sections refer to, and no other.</summary>
    public required Func<string, ISecretReader> Secrets { get; init; }

    /// <summary>The host's way to HTTP.</summary>
    public required HttpMessageInvoker Http { get; init; }

    /// <summary>Makes what one plugin keeps its values in, from its id; <see langword="null"/>: nothing is kept.</summary>
    public Func<string, IPluginStorage>? Storage { get; init; }

    /// <summary>The host's logs.</summary>
    public ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The host's clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
