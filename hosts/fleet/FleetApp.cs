using System.Text.Json.Serialization;
using Keyway.Fleet.Alerts;
using Keyway.Fleet.Api;
using Keyway.Fleet.Cluster;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Keyway.Fleet.Metrics;
using Keyway.Fleet.Page;
using Keyway.Fleet.Watching;
using Keyway.Hosting;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orleans.Dashboard;

namespace Keyway.Fleet;

/// <summary>The program: one silo, the page and the interface.</summary>
internal static partial class FleetApp
{
    /// <summary>Makes it.</summary>
    /// <param name="builder">With configuration read.</param>
    /// <param name="options">What configuration says, checked.</param>
    /// <param name="added">Streams that nobody configured: those of the sandbox.</param>
    public static WebApplication Build(WebApplicationBuilder builder, FleetOptions options, IReadOnlyList<StreamSpec> added)
    {
        AddServices(builder.Services, options, builder.Configuration.GetSection("Keyway"));
        builder.Services.AddSingleton<Shepherd>().AddHostedService(static services => services.GetRequiredService<Shepherd>());
        builder.Services.AddSingleton<StreamSeed>(services => new StreamSeed(options, services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<ILogger<StreamSeed>>()) { Added = added });
        builder.Services.AddHostedService<Drain>();
        builder.Services.AddOpenApi();
        builder.Services.Configure<JsonOptions>(static json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter()));
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(40));
        AddTelemetry(builder, options.Telemetry);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = FleetLimits.RequestBytes;
            kestrel.AddServerHeader = false;
        });
        string[] urls = options.Web.DashboardPort is { } dashboard ? [options.Web.Url.AbsoluteUri, $"http://127.0.0.1:{dashboard}"] : [options.Web.Url.AbsoluteUri];
        builder.WebHost.UseUrls(urls);
        builder.UseOrleans(silo => FleetSilo.Configure(silo, options));

        WebApplication app = builder.Build();
        if (options.Web.DashboardPort is { } port)
        {
            // It shows what it likes to whoever asks: on a port of its own, and on loopback.
            app.MapWhen(context => context.Connection.LocalPort == port, static branch => branch.UseRouting().UseEndpoints(static endpoints => endpoints.MapOrleansDashboard()));
        }

        app.UseMiddleware<WebGuard>();
        PageEndpoints.Map(app);
        FleetApi.Map(app);
        HealthEndpoints.Map(app);
        ProbeEndpoint.Map(app, options);
        app.MapOpenApi();
        if (options.Telemetry.Prometheus) app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }

    /// <summary>Says what is no mistake and looks like one.</summary>
    public static void Warn(WebApplication app, FleetOptions options)
    {
        foreach (string warning in options.Warnings) Log.Warned(app.Logger, warning);
    }

    /// <summary>What grains need: the engine behind budgets and coordinator, and what watches with it.</summary>
    public static void AddServices(IServiceCollection services, FleetOptions options, IConfigurationSection keyway)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(options);
        services.AddSingleton<SiloRegistry>();
        services.AddSingleton<FleetMeter>();
        services.AddSingleton<Budgets>();
        services.AddSingleton<ProviderPermits>();
        services.AddSingleton<SiloCoordinator>();
        services.AddSingleton<StreamWatcher>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton(provider => new StreamOptions(new StreamSecrets(provider.GetRequiredService<KeywayHost>().Options.Secrets, options.Secrets.Keys).Read));
        services.AddKeyway(keyway, static (provider, host) => host with
        {
            Coordinator = provider.GetRequiredService<SiloCoordinator>(),
            BeforeContent = provider.GetRequiredService<Budgets>().Before,
        });
    }

    private static void AddTelemetry(WebApplicationBuilder builder, TelemetryOptions telemetry)
    {
        IOpenTelemetryBuilder open = builder.Services.AddOpenTelemetry().ConfigureResource(static resource => resource.AddService("keyway-fleet"));
        open.WithMetrics(metrics =>
        {
            metrics.AddMeter(FleetMeter.Name, Diagnostics.KeywayTelemetry.Meter, "Microsoft.Orleans").AddRuntimeInstrumentation();
            if (telemetry.Prometheus) metrics.AddPrometheusExporter();
            if (telemetry.Otlp is { } otlp) metrics.AddOtlpExporter(exporter => exporter.Endpoint = otlp);
        });
        if (telemetry.Otlp is { } traces) open.WithTracing(tracing => tracing.AddSource(Diagnostics.KeywayTelemetry.ActivitySource).AddOtlpExporter(exporter => exporter.Endpoint = traces));
    }

    private static partial class Log
    {
        [LoggerMessage(400, LogLevel.Warning, "configuration: {Warning}")]
        public static partial void Warned(ILogger logger, string warning);
    }
}
