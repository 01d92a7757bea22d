namespace Keyway.Cdm.Wire;

/// <summary>How far the platform lets the child be shut in.</summary>
internal enum SandboxLevel : uint
{
    /// <summary>A process of its own, and nothing else.</summary>
    Process = 0,

    /// <summary>Some of what there is for the platform, not all: the text says what.</summary>
    Partial,

    /// <summary>Everything that there is for the platform.</summary>
    Full,
}
