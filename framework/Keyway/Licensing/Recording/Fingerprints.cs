using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Licensing.Recording;

/// <summary>Short names of values: equal values have equal ones, and without the key, which is nowhere but here, no value can be tried out against them.</summary>
internal sealed class Fingerprints : IDisposable
{
    private const int KeyBytes = 32;
    private const int Shown = 4;    // enough to see what is equal in one record

    /// <summary>The length of a short name, in hexadecimal digits.</summary>
    public const int Digits = 2 * Shown;

    private readonly byte[] _key = GC.AllocateUninitializedArray<byte>(KeyBytes, pinned: true);

    public Fingerprints() => RandomNumberGenerator.Fill(_key);

    public string Of(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        try
        {
            return Of(new ReadOnlySequence<byte>(bytes));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    public string Of(ReadOnlySequence<byte> value)
    {
        using IncrementalHash hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        foreach (ReadOnlyMemory<byte> part in value) hash.AppendData(part.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, Shown));
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_key);
}
