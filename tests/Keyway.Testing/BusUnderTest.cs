using Keyway.Messaging;

namespace Keyway.Testing;

/// <summary>A bus, and how to ask it for its count of failures.</summary>
public sealed record BusUnderTest
{
    /// <summary>A bus without subscribers.</summary>
    public required IMessageBus Bus { get; init; }

    /// <summary>How many calls of a subscriber have failed.</summary>
    public required Func<long> Faults { get; init; }
}
