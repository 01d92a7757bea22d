using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Cli;

/// <summary>Reads an RSA private key in PEM (RFC 7468) from a file. What is read of it is zeroed, and no message repeats a letter of it.</summary>
internal static class PrivateKeyFile
{
    // A key of 16 384 bits has 13 KiB, and certificates may stand beside it.
    private const int Longest = 64 << 10;

    /// <summary>Reads one.</summary>
    /// <param name="file">The file.</param>
    /// <param name="option">The option that names it, for messages.</param>
    /// <param name="isOpenToOthers">Whether others than its owner may read the file.</param>
    /// <exception cref="UsageException">It cannot be read, or is none.</exception>
    public static RSA Read(string file, string option, out bool isOpenToOthers)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Longest + 1, pinned: true);
        char[] letters = GC.AllocateUninitializedArray<char>(Longest + 1, pinned: true);
        try
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            isOpenToOthers = !OperatingSystem.IsWindows() && (File.GetUnixFileMode(stream.SafeFileHandle) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;
            int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > Longest) throw new UsageException($"{option}: {file} is too long for a private key");
            return Import(letters.AsSpan(0, Encoding.Latin1.GetChars(bytes.AsSpan(0, length), letters)), $"{option}: {file}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{option}: {exception.Message}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(letters.AsSpan()));
        }
    }

    private static RSA Import(ReadOnlySpan<char> pem, string where)
    {
        if (pem.Contains("ENCRYPTED", StringComparison.Ordinal))
            throw new UsageException($"{where}: the private key is encrypted, and no passphrase is asked for (openssl pkey -in FILE -out OPEN writes it without one)");
        if (!pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal)) throw new UsageException($"{where}: there is no private key in it: PEM with BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY is read");
        RSA key = RSA.Create();
        try
        {
            key.ImportFromPem(pem);
            return key;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new UsageException($"{where}: this is not one RSA private key in PEM");
        }
    }
}
