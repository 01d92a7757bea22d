using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>One frame of the parent. Ownership: whoever took it from the <see cref="Inlet"/>, until <see cref="Inlet.Return"/>.</summary>
/// <param name="Head">How it begins.</param>
/// <param name="Memory">What its fields lie in, from 0.</param>
internal readonly record struct Frame(FrameHead Head, byte[] Memory)
{
    /// <summary>The fields.</summary>
    public ReadOnlySpan<byte> Fields => Memory.AsSpan(0, Head.Length);
}
