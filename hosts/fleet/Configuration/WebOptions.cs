namespace Keyway.Fleet.Configuration;

/// <summary>The page, the interface and what machines ask.</summary>
internal sealed record WebOptions
{
    public Uri Url { get; init; } = new("http://127.0.0.1:8790");

    /// <summary>Names that the page may be asked under, beside those of this machine.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>What whoever changes something has to show; <see langword="null"/>: nothing, where only this machine can ask. A secret.</summary>
    public string? Token { get; init; }

    /// <summary>The port of the Orleans Dashboard, on loopback; <see langword="null"/>: there is none.</summary>
    public int? DashboardPort { get; init; }
}
