namespace Keyway.Fleet.Configuration;

/// <summary>Where measurements go.</summary>
internal sealed record TelemetryOptions
{
    public bool Prometheus { get; init; } = true;

    /// <summary>Whether <c>/metrics/streams</c> has series of every stream.</summary>
    public bool StreamSeries { get; init; }

    /// <summary>Where OTLP goes; <see langword="null"/>: nowhere.</summary>
    public Uri? Otlp { get; init; }
}
