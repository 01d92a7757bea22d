using Keyway.Licensing;

namespace Keyway;

/// <summary>A provider, ready for use, and the key systems that it serves.</summary>
/// <param name="Service">Its service.</param>
/// <param name="KeySystems">The key systems, by name. Empty: all.</param>
public sealed record ConfiguredProvider(LicenseService Service, IReadOnlyList<string> KeySystems);
