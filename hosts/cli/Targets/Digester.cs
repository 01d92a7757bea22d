using System.Security.Cryptography;

namespace Keyway.Cli.Targets;

/// <summary>Takes a SHA-256. A class of its own, so that cryptography is loaded only where one is wanted.</summary>
internal sealed class Digester : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The digest so far, in lower-case hexadecimal.</summary>
    public string Text => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    public void Dispose() => _hash.Dispose();
}
