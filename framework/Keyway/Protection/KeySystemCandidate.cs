using Keyway.Licensing;

namespace Keyway.Protection;

/// <summary>A configured key system.</summary>
public sealed record KeySystemCandidate
{
    /// <summary>Its name in the configuration.</summary>
    public required string Name { get; init; }

    /// <summary>Its place in the order: the smallest comes first.</summary>
    public int Priority { get; init; }

    /// <summary>What it is and can do; <see langword="null"/> when its plugin is not there.</summary>
    public KeySystemDescriptor? Descriptor { get; init; }

    /// <summary>The key system; <see langword="null"/> when its plugin is not there, or when only its description is known.</summary>
    public IKeySystem? KeySystem { get; init; }

    /// <summary>Why it is not there, or cannot be used here: it is not chosen then. <see langword="null"/>: it can.</summary>
    public string? Absence { get; init; }

    /// <summary>The candidate of a key system.</summary>
    /// <param name="name">Its name in the configuration.</param>
    /// <param name="priority">Its place in the order.</param>
    /// <param name="system">The key system.</param>
    /// <returns>The candidate.</returns>
    public static KeySystemCandidate Of(string name, int priority, IKeySystem system) => new() { Name = name, Priority = priority, Descriptor = system.Descriptor, KeySystem = system };
}
