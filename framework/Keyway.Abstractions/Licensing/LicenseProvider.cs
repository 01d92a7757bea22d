using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing;

/// <summary>A licence service: which steps its requests take.</summary>
public interface ILicenseProvider
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>Lists the steps that an exchange takes by default, outermost first. <c>Pipeline</c> in configuration replaces the list whole.</summary>
    /// <param name="pipeline">Where to list them.</param>
    /// <param name="settings">The provider's entry in configuration.</param>
    void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings);
}

/// <summary>Where a provider lists its steps.</summary>
public interface ILicensePipelineBuilder
{
    /// <summary>Adds a step of the framework: <c>retry</c>, <c>header</c>, <c>query</c>, <c>customdata</c>, <c>token</c>, <c>challenge</c>, …</summary>
    /// <param name="step">The step's name.</param>
    /// <returns>This builder.</returns>
    ILicensePipelineBuilder Use(string step);

    /// <summary>Adds a step of the provider's own.</summary>
    /// <param name="name">The step's name, for people.</param>
    /// <param name="middleware">The step.</param>
    /// <returns>This builder.</returns>
    ILicensePipelineBuilder Use(string name, ILicenseMiddleware middleware);

    /// <summary>
    /// Adds the steps of a provider pack: a licence service as data (<c>docs/providers.md</c>). Its token comes from the provider's <c>Token</c>, its
    /// URLs from <c>Endpoints</c> before its own; <c>Settings</c> stay the plugin's.
    /// </summary>
    /// <param name="pack">The pack: JSON, UTF-8.</param>
    /// <returns>This builder.</returns>
    ILicensePipelineBuilder UsePack(ReadOnlyMemory<byte> pack) => throw new NotSupportedException("this host takes no packs");
}
