using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Licensing.Recording;

/// <summary>Bodies under AES-256-GCM: 12 bytes nonce, the body, 16 bytes tag. Each is bound to its place in the record.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class RecordSeal : IDisposable
{
    public const int KeyBytes = 32;

    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly Lock _gate = new();
    private readonly AesGcm _cipher;

    public RecordSeal(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeyBytes) throw new ArgumentException($"the key of bodies is {KeyBytes} bytes long", nameof(key));
        _cipher = new AesGcm(key, TagBytes);
    }

    public static string NameOf(string session, bool isToken, int exchange, int attempt, string side) =>
        string.Create(CultureInfo.InvariantCulture, $"keyway record 1 {session} {(isToken ? "token" : "license")} {exchange} {attempt} {side}");

    public byte[] Seal(ReadOnlySequence<byte> body, string name)
    {
        byte[] clear = GC.AllocateUninitializedArray<byte>((int)body.Length, pinned: true);
        try
        {
            body.CopyTo(clear);
            byte[] sealedBody = new byte[NonceBytes + clear.Length + TagBytes];
            RandomNumberGenerator.Fill(sealedBody.AsSpan(0, NonceBytes));
            lock (_gate) _cipher.Encrypt(sealedBody.AsSpan(0, NonceBytes), clear, sealedBody.AsSpan(NonceBytes, clear.Length), sealedBody.AsSpan(NonceBytes + clear.Length), Encoding.UTF8.GetBytes(name));
            return sealedBody;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <returns>The body; <see langword="null"/>: it was sealed under another key, for another place, or was changed.</returns>
    public byte[]? Open(ReadOnlySpan<byte> sealedBody, string name)
    {
        if (sealedBody.Length < NonceBytes + TagBytes) return null;
        byte[] clear = new byte[sealedBody.Length - NonceBytes - TagBytes];
        try
        {
            lock (_gate) _cipher.Decrypt(sealedBody[..NonceBytes], sealedBody[NonceBytes..^TagBytes], sealedBody[^TagBytes..], clear, Encoding.UTF8.GetBytes(name));
            return clear;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    public void Dispose() => _cipher.Dispose();
}
