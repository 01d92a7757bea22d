using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Configuration;

/// <summary>The section <c>Fleet</c>, checked.</summary>
internal sealed record FleetOptions
{
    public const string SectionName = "Fleet";

    public ClusterKind Cluster { get; init; }

    /// <summary>The connection string of Redis or PostgreSQL. A secret: it goes to their client and nowhere else.</summary>
    public string? Connection { get; init; }

    /// <summary>The name of the cluster: silos of one name work together.</summary>
    public string ClusterId { get; init; } = "fleet";

    /// <summary>What the roster is stored under: it outlives clusters of other names.</summary>
    public string ServiceId { get; init; } = "keyway";

    public SiloOptions Silo { get; init; } = new();

    public WebOptions Web { get; init; } = new();

    /// <summary>How often a manifest is looked at.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How often a segment of each stream is really decrypted.</summary>
    public TimeSpan DecryptEvery { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a segment of each stream is fetched, turn by turn.</summary>
    public TimeSpan SegmentEvery { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>How often initialisation segments are compared with the manifest.</summary>
    public TimeSpan InspectEvery { get; init; } = TimeSpan.FromMinutes(15);

    public Thresholds Thresholds { get; init; } = new();

    public BudgetOptions Budget { get; init; } = new();

    public AlertOptions Alerts { get; init; } = new();

    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>How much each provider is asked, by name; the others have <see cref="ProviderLimit"/>'s own numbers.</summary>
    public IReadOnlyDictionary<string, ProviderLimit> Providers { get; init; } = new Dictionary<string, ProviderLimit>();

    /// <summary>Secrets that streams may name, and the origins that each may go to.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Uri>> Secrets { get; init; } = new Dictionary<string, IReadOnlyList<Uri>>();

    /// <summary>The streams of configuration and of the file.</summary>
    public IReadOnlyList<StreamSpec> Streams { get; init; } = [];

    /// <summary>The names of those of them that are of the file.</summary>
    public IReadOnlySet<string> FileStreams { get; init; } = new HashSet<string>();

    /// <summary>The file with further streams, watched for changes; <see langword="null"/>: there is none.</summary>
    public string? StreamFile { get; init; }

    /// <summary>Whether a sandbox is started and watched: where no streams are configured.</summary>
    public bool Sandbox { get; init; }

    /// <summary>What is no mistake and looks like one.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
