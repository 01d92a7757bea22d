using Keyway.Licensing;

namespace Keyway.Protection;

/// <summary>Has key systems read headers, and keeps beside what they understood what they were given.</summary>
internal static class HeaderReading
{
    /// <summary>Reads initialisation data.</summary>
    /// <param name="system">The key system.</param>
    /// <param name="data">The data.</param>
    /// <returns>The header, with the kind of its initialisation data and the whole box.</returns>
    /// <exception cref="ProtectionHeaderException">The data cannot be read.</exception>
    public static ProtectionHeader Read(this IKeySystem system, InitializationData data) => system.ParseHeader(data) is { } header
        ? header.Of(data)
        : throw new ProtectionHeaderException(data.System, "the key system gave no header");

    /// <summary>A header as what was read from some data.</summary>
    public static ProtectionHeader Of(this ProtectionHeader header, InitializationData data) => header with { Kind = data.Kind, Box = data.Box };
}
