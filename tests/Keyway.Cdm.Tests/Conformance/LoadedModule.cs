using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>What the child says of a module that it has loaded.</summary>
internal sealed record LoadedModule(int Interface, string Version, SandboxLevel Level, string Sandbox);
