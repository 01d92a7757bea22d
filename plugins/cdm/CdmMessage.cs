using System.Security.Cryptography;
using Keyway.Licensing;

namespace Keyway.Cdm;

/// <summary>A message of the module for its service. Kept until it has been answered, as a module says it once and services are asked twice.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Bytes">Its bytes. A secret.</param>
internal sealed record CdmMessage(ChallengeKind Kind, byte[] Bytes) : IDisposable
{
    public void Dispose() => CryptographicOperations.ZeroMemory(Bytes);

    public override string ToString() => Kind.ToString();
}
