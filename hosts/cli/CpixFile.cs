using System.Security.Cryptography;
using Keyway.Cpix;

namespace Keyway.Cli;

/// <summary>Reads CPIX documents from files, whose bytes are zeroed: they may hold keys in the clear.</summary>
internal static class CpixFile
{
    // One more than a document may have: then it is told that it has too many.
    private const int Longest = (1 << 20) + 1;

    /// <summary>Reads a document.</summary>
    /// <exception cref="IOException">The file cannot be read, or not by this user (<see cref="UnauthorizedAccessException"/>).</exception>
    /// <exception cref="CpixException">It is none.</exception>
    public static async Task<CpixDocument> ReadAsync(string file, CommandIo io, CancellationToken cancellationToken)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Longest, pinned: true);
        try
        {
            await using Stream stream = file == "-" ? io.OpenInput() : new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
            int length = await stream.ReadAtLeastAsync(bytes, Longest, throwOnEndOfStream: false, cancellationToken);
            return CpixDocument.Read(bytes.AsSpan(0, length), file == "-" ? "standard input" : file);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }
}
