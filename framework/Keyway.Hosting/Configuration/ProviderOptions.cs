using System.Collections.Frozen;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>One licence service: the section <c>Keyway:Providers:NAME</c>.</summary>
public sealed record ProviderOptions
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The id of the plugin that brings it. <see langword="null"/>: it is made of a pack, or of steps that the framework or plugins have.</summary>
    public string? Plugin { get; init; }

    /// <summary>The pack that it is made of: the name of a built-in one, or a file, relative to the application.</summary>
    public string? Pack { get; init; }

    /// <summary>The key systems that it serves. Empty: every one.</summary>
    public IReadOnlyList<string> KeySystems { get; init; } = [];

    /// <summary>The licence URL for each key system, by the key system's name.</summary>
    public IReadOnlyDictionary<string, Uri> Endpoints { get; init; } = FrozenDictionary<string, Uri>.Empty;

    /// <summary>Further origins (scheme, host, port) that its requests may go to.</summary>
    public IReadOnlyList<Uri> AllowedOrigins { get; init; } = [];

    /// <summary>The steps of its pipeline, outermost first. Empty: the provider's own list.</summary>
    public IReadOnlyList<PipelineStepOptions> Pipeline { get; init; } = [];

    /// <summary>The whole section, for the builder of the pipeline.</summary>
    public required IConfigurationSection Section { get; init; }
}
