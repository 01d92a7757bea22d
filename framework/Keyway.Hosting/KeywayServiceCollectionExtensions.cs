using Keyway.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keyway in a host's container.</summary>
public static class KeywayServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="KeywayHost"/>, started with the application: <c>services.AddKeyway(configuration.GetSection("Keyway"))</c>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The section <c>Keyway</c>.</param>
    /// <param name="configure">What the host adds in code, after logging and clock were taken from the container.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddKeyway(this IServiceCollection services, IConfigurationSection section, Func<KeywayHostOptions, KeywayHostOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.AddSingleton(provider =>
        {
            KeywayHostOptions options = new() { Logging = provider.GetService<ILoggerFactory>(), Clock = provider.GetService<TimeProvider>() ?? TimeProvider.System, Configuration = provider.GetService<IConfiguration>() as IConfigurationRoot };
            return new KeywayHost(section, configure is null ? options : configure(options));
        });
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<KeywayHost>());
        return services;
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
}
