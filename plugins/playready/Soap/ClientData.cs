using System.Security.Cryptography;
using System.Text;

namespace Keyway.PlayReady.Soap;

/// <summary>The encrypted part of a challenge: the device's certificate chain and what the client can do.</summary>
/// <remarks>
/// <code>
/// M = m·G with a fresh m      X = x of M, 32 bytes      IV = X[0..15]   key = X[16..31]
/// wrapped = ElGamal(server key, M)                       cipher value = IV ‖ AES-128-CBC(key, IV, plaintext, PKCS#7)
/// </code>
/// </remarks>
internal sealed record ClientData
{
    /// <summary>The wrapped session point: 128 bytes.</summary>
    public required ReadOnlyMemory<byte> WrappedKey { get; init; }

    /// <summary>IV and ciphertext.</summary>
    public required ReadOnlyMemory<byte> CipherValue { get; init; }

    /// <summary>What is encrypted. Only what is true is listed: licences for CBC content can be opened.</summary>
    public static byte[] Plaintext(ReadOnlySpan<byte> chain) => Encoding.UTF8.GetBytes(
        $"<Data><CertificateChains><CertificateChain>{Convert.ToBase64String(chain)}</CertificateChain></CertificateChains>"
        + "<Features><Feature Name=\"AESCBC\"></Feature><REE><AESCBCS></AESCBCS></REE></Features></Data>");

    /// <summary>Encrypts to a licence service, with a session point that is used once.</summary>
    /// <param name="serverKey">The service's key, x‖y.</param>
    /// <param name="plaintext">What to encrypt.</param>
    public static ClientData Encrypt(ReadOnlySpan<byte> serverKey, ReadOnlySpan<byte> plaintext)
    {
        using ECDiffieHellman session = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        byte[] point = P256.PublicKey(session);
        try
        {
            byte[] wrapped = new byte[ElGamal.WrappedLength];
            if (!ElGamal.TryWrap(serverKey, point, wrapped)) throw PlayReadyError.Of(PlayReadyCode.CryptoFailed, "the client data could not be encrypted to the configured server key");
            return new ClientData { WrappedKey = wrapped, CipherValue = EncryptWith(point.AsSpan(0, P256.Coordinate), plaintext) };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(point);
        }
    }

    /// <summary>Encrypts with the x of a session point.</summary>
    internal static byte[] EncryptWith(ReadOnlySpan<byte> x, ReadOnlySpan<byte> plaintext)
    {
        using Aes aes = Aes.Create();
        aes.SetKey(x[16..]);
        return [.. x[..16], .. aes.EncryptCbc(plaintext, x[..16])];
    }
}
