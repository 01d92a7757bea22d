using System.Security.Cryptography;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>What the child answered to a call. Ownership: the caller's, whose disposal clears it.</summary>
/// <param name="Type">Which answer.</param>
/// <param name="Fields">Its fields.</param>
internal sealed record ChildAnswer(FrameType Type, byte[] Fields) : IDisposable
{
    /// <summary>Its fields, to be read.</summary>
    public FrameReader Read() => new(Fields);

    public void Dispose() => CryptographicOperations.ZeroMemory(Fields);

    public override string ToString() => Type.ToString();
}
