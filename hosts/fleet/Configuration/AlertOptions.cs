namespace Keyway.Fleet.Configuration;

/// <summary>When somebody is told.</summary>
internal sealed record AlertOptions
{
    /// <summary>How long something has to be wrong.</summary>
    public TimeSpan For { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long it has to be right again.</summary>
    public TimeSpan ResolveAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many streams of one origin or provider with one fault make one alert.</summary>
    public int GroupFrom { get; init; } = 5;

    /// <summary>How many times in <see cref="FlapWindow"/> an alert may come back before it stays.</summary>
    public int Flaps { get; init; } = 3;

    public TimeSpan FlapWindow { get; init; } = TimeSpan.FromMinutes(10);

    public IReadOnlyList<WebhookOptions> Webhooks { get; init; } = [];
}
