namespace Keyway.Containers.TransportStream;

/// <summary>What the beginning of a transport stream, or of packed audio, says of it.</summary>
internal sealed record TransportStreamInspection
{
    public required ContainerKind Kind { get; init; }

    /// <summary>The elementary streams, program by program. Packed audio has one.</summary>
    public required IReadOnlyList<InspectedStream> Streams { get; init; }

    /// <summary>Identifiers of conditional access systems that the tables name.</summary>
    public IReadOnlyList<ushort> AccessSystems { get; init; } = [];

    /// <summary>What else protects it, that is not opened here: scrambled packets, Common Encryption of transport streams; <see langword="null"/>: nothing.</summary>
    public string? OtherProtection { get; init; }
}
