using System.Text.Json.Serialization;

namespace Keyway.Fleet.Grains;

/// <summary>What is to be watched: all that is kept of a stream. Of secrets only their names, <c>secret:NAME</c>.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.StreamSpec")]
internal sealed record StreamSpec
{
    /// <summary>Its name: letters, digits, <c>.</c>, <c>_</c> and <c>-</c>, 128 at most.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>Where its manifest is. What is secret in it stands there as <c>{secret:NAME}</c>.</summary>
    [Id(1)]
    public required string Address { get; init; }

    /// <summary>The provider that has its licences; <see langword="null"/>: the one of the first route that fits, or none.</summary>
    [Id(2)]
    public string? Provider { get; init; }

    /// <summary>The key system; <see langword="null"/>: the first that fits.</summary>
    [Id(3)]
    public string? KeySystem { get; init; }

    /// <summary>The licence URL, where no provider says it.</summary>
    [Id(4)]
    public string? LicenseUrl { get; init; }

    /// <summary>With which other streams licences are shared: those of the same scope, provider and keys.</summary>
    [Id(5)]
    public string Scope { get; init; } = "fleet";

    /// <summary>How often its manifest is looked at; <see langword="null"/>: as often as those of all.</summary>
    [Id(6)]
    public int? PeriodSeconds { get; init; }

    /// <summary>How often a segment is decrypted; <see langword="null"/>: as often as those of all; 0: never, and no licence is asked for.</summary>
    [Id(7)]
    public int? DecryptEverySeconds { get; init; }

    /// <summary>Headers for content, sent to the stream's own origin. Each value is <c>secret:NAME</c>.</summary>
    [Id(8)]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether configuration names it: then configuration takes it away, too.</summary>
    [Id(9), JsonIgnore]
    public bool IsConfigured { get; init; }

    /// <summary>Whether two say the same.</summary>
    public bool IsSame(StreamSpec other) => this with { Headers = other.Headers } == other && Headers.Count == other.Headers.Count
        && Headers.All(header => other.Headers.TryGetValue(header.Key, out string? value) && value == header.Value);
}
