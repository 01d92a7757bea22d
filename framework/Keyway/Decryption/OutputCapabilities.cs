using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>What a sink hands decrypted samples on to, and how it protects that.</summary>
/// <remarks>
/// A sink that permits more than <see cref="None"/> is made in code, by an embedding host that has the right to: never by a flag, a file
/// or the environment.
/// </remarks>
public sealed record OutputCapabilities
{
    /// <summary>An export sink (file, pipe, response, reading caller) without any output protection.</summary>
    public static OutputCapabilities None { get; } = new();

    /// <summary>Whether the sink hands on clear compressed samples. Then a key needs <see cref="OutputRequirement.ClearExport"/>.</summary>
    /// <value><see langword="true"/>.</value>
    public bool Exports { get; init; } = true;

    /// <summary>The level of HDCP that every digital output has; <see cref="HdcpLevel.NoDigitalOutput"/> where there is no digital output.</summary>
    public HdcpLevel Hdcp { get; init; }

    /// <summary>The highest level that each path meets; 999 for a path that the sink does not have.</summary>
    public ProtectionLevels Levels { get; init; }

    /// <summary>The restrictions that the sink knows and meets.</summary>
    public IReadOnlyList<Guid> Restrictions { get; init; } = [];
}
