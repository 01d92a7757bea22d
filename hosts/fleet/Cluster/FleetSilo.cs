using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Versions.Compatibility;
using Orleans.Versions.Selector;
using StackExchange.Redis;

namespace Keyway.Fleet.Cluster;

/// <summary>Makes a silo of what configuration says.</summary>
internal static class FleetSilo
{
    public static void Configure(ISiloBuilder silo, FleetOptions options)
    {
        (int port, int gateway) = (options.Silo.Port > 0 ? options.Silo.Port : FreePort(options.Silo.Address), options.Silo.GatewayPort > 0 ? options.Silo.GatewayPort : FreePort(options.Silo.Address));
        switch (options.Cluster)
        {
            case ClusterKind.Redis:
                ConfigurationOptions redis = ConfigurationOptions.Parse(options.Connection!);
                // A store that is away for a while is waited for.
                redis.AbortOnConnectFail = false;
                silo.UseRedisClustering(clustering => clustering.ConfigurationOptions = redis);
                silo.AddRedisGrainStorage(RosterGrain.Storage, storage => storage.ConfigurationOptions = redis);
                break;
            case ClusterKind.PostgreSql:
                silo.UseAdoNetClustering(clustering => (clustering.Invariant, clustering.ConnectionString) = ("Npgsql", options.Connection!));
                silo.AddAdoNetGrainStorage(RosterGrain.Storage, storage => (storage.Invariant, storage.ConnectionString) = ("Npgsql", options.Connection!));
                break;
            default:
                silo.UseLocalhostClustering(port, gateway, null, options.ServiceId, options.ClusterId);
                silo.AddMemoryGrainStorage(RosterGrain.Storage);
                break;
        }

        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.ClusterId, options.ServiceId));
        silo.Configure<Orleans.Configuration.SiloOptions>(each => each.SiloName = NameOf(options));
        silo.Configure<EndpointOptions>(endpoints =>
        {
            (endpoints.AdvertisedIPAddress, endpoints.SiloPort, endpoints.GatewayPort) = (options.Silo.Address, port, gateway);
            endpoints.SiloListeningEndpoint = new IPEndPoint(options.Silo.Address, options.Silo.ListenPort ?? port);
            endpoints.GatewayListeningEndpoint = new IPEndPoint(options.Silo.Address, gateway);
        });
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = options.Silo.Probe;
            membership.NumVotesForDeathDeclaration = 2;
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(20);
            membership.DefunctSiloExpiration = TimeSpan.FromHours(6);
            membership.DefunctSiloCleanupPeriod = TimeSpan.FromHours(1);
        });
        // For so long nothing that a dead silo had is made anew, in case it lives and does not know: a partition costs a second licence then, and a crash nothing but time.
        silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = 2 * options.Silo.Probe);
        silo.Configure<SiloMessagingOptions>(static messaging => messaging.ResponseTimeout = FleetTimes.Response);
        silo.Configure<GrainVersioningOptions>(static versions => (versions.DefaultCompatibilityStrategy, versions.DefaultVersionSelectorStrategy) = (nameof(BackwardCompatible), nameof(AllCompatibleVersions)));
#pragma warning disable ORLEANSEXP002, ORLEANSEXP003 // Both are used behind settings of their own, and docs/fleet.md says what goes without them.
        if (options.Silo.DistributedDirectory) silo.AddDistributedGrainDirectory();
        if (options.Silo.Rebalance && options.Cluster != ClusterKind.Local) silo.AddActivationRebalancer();
#pragma warning restore ORLEANSEXP002, ORLEANSEXP003
        if (options.Silo.Certificate is { } pem)
        {
            X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(pem);
            silo.UseTls(certificate, tls =>
            {
                tls.OnAuthenticateAsClient = (_, client) => client.TargetHost = certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false);
                // Silos show each other the one certificate that they all have.
                tls.RemoteCertificateMode = Orleans.Connections.Security.RemoteCertificateMode.RequireCertificate;
                tls.RemoteCertificateValidation = (shown, _, _) => shown is not null && shown.GetCertHash(System.Security.Cryptography.HashAlgorithmName.SHA256).AsSpan().SequenceEqual(certificate.GetCertHash(System.Security.Cryptography.HashAlgorithmName.SHA256));
            });
        }

        if (options.Web.DashboardPort is not null) silo.AddDashboard(static dashboard => dashboard.HideTrace = true);
    }

    private static string NameOf(FleetOptions options) => options.Silo.Name ?? $"{Environment.MachineName.ToLowerInvariant()}-{Environment.ProcessId}";

    private static int FreePort(IPAddress address)
    {
        using Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
