using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>One step of a pipeline: the section <c>Keyway:Providers:NAME:Pipeline:N</c>.</summary>
public sealed record PipelineStepOptions
{
    /// <summary>The step's name.</summary>
    public required string Use { get; init; }

    /// <summary>The whole section, which the step reads by itself.</summary>
    public required IConfigurationSection Section { get; init; }
}
