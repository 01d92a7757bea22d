namespace Keyway.Fleet.Configuration;

/// <summary>From when on something is said.</summary>
internal sealed record Thresholds
{
    public TimeSpan Clock { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long before it is needed a licence for the next key should be there.</summary>
    public TimeSpan RotationLead { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan SlowLicense { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan LicenseExpiry { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How much faster than it is played a segment has to come.</summary>
    public double SegmentSpeed { get; init; } = 1.2;
}
