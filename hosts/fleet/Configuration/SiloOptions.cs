using System.Net;

namespace Keyway.Fleet.Configuration;

/// <summary>Where a silo listens, and how it is found dead.</summary>
internal sealed record SiloOptions
{
    /// <summary>The address that other silos reach it at.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The port for other silos; 0: any free one.</summary>
    public int Port { get; init; }

    /// <summary>The port for clients of the cluster; 0: any free one.</summary>
    public int GatewayPort { get; init; }

    /// <summary>The port that it listens on, where that is another than the one it is reached at: behind a proxy. <see langword="null"/>: the same.</summary>
    public int? ListenPort { get; init; }

    public string? Name { get; init; }

    /// <summary>How often silos ask each other whether they are there.</summary>
    public TimeSpan Probe { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the directory of grains is spread over the silos, so that one that dies takes none of the others' grains along.</summary>
    public bool DistributedDirectory { get; init; } = true;

    /// <summary>Whether grains move to silos that have fewer.</summary>
    public bool Rebalance { get; init; } = true;

    /// <summary>A file (PEM) with the certificate that silos show each other, and its key; <see langword="null"/>: they talk in the clear.</summary>
    public string? Certificate { get; init; }
}
