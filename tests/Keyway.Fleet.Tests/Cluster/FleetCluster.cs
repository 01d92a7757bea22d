using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Keyway.Fleet.Service;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Keyway.Fleet.Cluster;

/// <summary>Silos in the tests' own process, each with an engine of its own, and a service that counts what it is asked.</summary>
internal sealed class FleetCluster : IAsyncDisposable
{
    private FleetCluster(InProcessTestCluster cluster, StreamService service) => (Silos, Service) = (cluster, service);

    public InProcessTestCluster Silos { get; }

    public StreamService Service { get; }

    public IGrainFactory Grains => Silos.Client;

    /// <param name="silos">How many silos.</param>
    /// <param name="options">How they watch.</param>
    /// <param name="isWatching">Whether streams of the roster are watched.</param>
    /// <param name="hostile">What the service has for those who ask for hostile manifests.</param>
    public static async Task<FleetCluster> StartAsync(int silos, FleetOptions? options = null, bool isWatching = false, IReadOnlyList<byte[]>? hostile = null)
    {
        StreamService service = await StreamService.StartAsync(SampleKeys.Folder, hostile: hostile);
        options ??= new FleetOptions();
        SharedStorage storage = new();
        InProcessTestClusterBuilder builder = new((short)silos);
        // The directory that the program uses, as Orleans's test cluster takes it.
#pragma warning disable ORLEANSEXP003 // As in the program.
        builder.Options.UseDistributedGrainDirectory = true;
#pragma warning restore ORLEANSEXP003
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Configure<GrainDirectoryOptions>(static directory => directory.RangeLeaseDuration = TimeSpan.FromSeconds(1));
            silo.Services.AddKeyedSingleton<IGrainStorage>(RosterGrain.Storage, storage);
            silo.Configure<SiloMessagingOptions>(static messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(30));
            silo.Configure<ClusterMembershipOptions>(static membership => (membership.ProbeTimeout, membership.NumVotesForDeathDeclaration) = (TimeSpan.FromSeconds(1), 1));
            FleetApp.AddServices(silo.Services, options, Engine());
            silo.Services.AddSingleton(services => new StreamSeed(options, services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<ILogger<StreamSeed>>()));
            if (isWatching) silo.Services.AddSingleton<Shepherd>().AddHostedService(static services => services.GetRequiredService<Shepherd>());
        });
        builder.ConfigureSiloHost(static (_, host) => host.Logging.SetMinimumLevel(LogLevel.None));
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        return new FleetCluster(cluster, service);
    }

    /// <summary>A stream of the service, with key set NUMBER modulo the sets.</summary>
    public StreamSpec Stream(int number, int sets = 1) => new() { Name = $"stream-{number}", Address = Service.Stream(number, sets).AbsoluteUri, KeySystem = "clearkey", LicenseUrl = new Uri(Service.Url, "clearkey").AbsoluteUri };

    /// <summary>Waits until something is so.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, string what, double seconds = 30)
    {
        long end = Environment.TickCount64 + (long)(seconds * 1000);
        while (!await holds())
        {
            if (Environment.TickCount64 > end) throw new TimeoutException(what);
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Silos.StopAllSilosAsync();
        await Silos.DisposeAsync();
        await Service.DisposeAsync();
    }

    private static IConfigurationSection Engine() => new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["Keyway:Plugins:Directory"] = "plugins",
        ["Keyway:Plugins:Unknown"] = "Refuse",
        ["Keyway:Plugins:Allow:clearkey"] = "",
        ["Keyway:KeySystems:clearkey:Plugin"] = "clearkey",
    }).Build().GetSection("Keyway");
}
