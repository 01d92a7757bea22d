using Keyway;
using Keyway.Hosting;
using Keyway.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keyway in a host's container.</summary>
public static class KeywayServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="KeywayHost"/>, also as <see cref="IKeyway"/> where there is none yet, started with the application: <c>services.AddKeyway(configuration.GetSection("Keyway"))</c>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The section <c>Keyway</c>.</param>
    /// <param name="configure">
    /// What the host adds in code, after logging, clock, bus (an <see cref="IMessageBus"/> for the transport <c>MessagePipe</c>) and configuration were taken
    /// from the container.
    /// </param>
    /// <returns>The services.</returns>
    /// <exception cref="InvalidOperationException">Keyway was added already, with another section or with something in code: a container has one.</exception>
    public static IServiceCollection AddKeyway(this IServiceCollection services, IConfigurationSection section, Func<KeywayHostOptions, KeywayHostOptions>? configure = null) =>
        Add(services, section, configure is null ? null : (_, options) => configure(options));

    /// <summary>As <see cref="AddKeyway(IServiceCollection, IConfigurationSection, Func{KeywayHostOptions, KeywayHostOptions})"/>, for what is taken from the container.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The section <c>Keyway</c>.</param>
    /// <param name="configure">What the host adds in code; it is given the container.</param>
    /// <returns>The services.</returns>
    /// <exception cref="InvalidOperationException">Keyway was added already, with another section or with something in code: a container has one.</exception>
    public static IServiceCollection AddKeyway(this IServiceCollection services, IConfigurationSection section, Func<IServiceProvider, KeywayHostOptions, KeywayHostOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, section, configure);
    }

    /// <summary>Adds <see cref="KeywayHealthCheck"/>: <c>services.AddHealthChecks().AddKeyway()</c>.</summary>
    /// <param name="builder">The host's health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="tags">Its tags.</param>
    /// <returns>The builder.</returns>
    public static IHealthChecksBuilder AddKeyway(this IHealthChecksBuilder builder, string name = "keyway", params IEnumerable<string> tags)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(name, static provider => new KeywayHealthCheck(provider.GetRequiredService<KeywayHost>()), failureStatus: null, tags));
    }

    private static IServiceCollection Add(IServiceCollection services, IConfigurationSection section, Func<IServiceProvider, KeywayHostOptions, KeywayHostOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        if (services.Select(static service => service.ImplementationInstance).OfType<Registration>().FirstOrDefault() is { } before)
        {
            if (before.Path == section.Path && !before.HasCode && configure is null) return services;
            throw new InvalidOperationException($"AddKeyway was called before, for the section '{before.Path}': a container has one KeywayHost");
        }

        services.AddSingleton(new Registration(section.Path, configure is not null));
        services.AddSingleton(provider =>
        {
            KeywayHostOptions options = new()
            {
                Logging = provider.GetService<ILoggerFactory>(),
                Clock = provider.GetService<TimeProvider>() ?? TimeProvider.System,
                Configuration = provider.GetService<IConfiguration>() as IConfigurationRoot,
                MessagePipe = provider.GetService<IMessageBus>() is { } bus ? _ => bus : null,
            };
            return new KeywayHost(section, configure is null ? options : configure(provider, options));
        });
        // What a test put there stays.
        services.TryAddSingleton<IKeyway>(static provider => provider.GetRequiredService<KeywayHost>());
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<KeywayHost>());
        return services;
    }

    private sealed record Registration(string Path, bool HasCode);
}
