using System.Security.Cryptography;

namespace Keyway.Cdm.Host.Loading;

/// <summary>The bytes of a module, read once: what was checked is what is loaded, whatever happens to the file meanwhile.</summary>
internal sealed class ModuleImage
{
    private ModuleImage(string path, byte[] bytes) => (Path, Bytes) = (path, bytes);

    /// <summary>Where it was.</summary>
    public string Path { get; }

    /// <summary>The bytes.</summary>
    public byte[] Bytes { get; }

    /// <summary>Reads it.</summary>
    /// <exception cref="HostException">It is not there, cannot be read, or is no module for its size.</exception>
    public static ModuleImage Read(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (file.Length is 0 or > HostLimits.Module) throw new HostException($"the module has {file.Length} bytes, and {HostLimits.Module} at most are read");
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return new ModuleImage(path, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new HostException($"the module cannot be read: {e.Message}");
        }
    }

    /// <summary>Compares it with what it must be.</summary>
    /// <param name="pin">SHA-256, or nothing: any will do.</param>
    /// <exception cref="HostException">It is another.</exception>
    public void Check(ReadOnlySpan<byte> pin)
    {
        if (pin.IsEmpty) return;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Bytes, hash);
        if (!hash.SequenceEqual(pin)) throw new HostException($"the module is not the one that is pinned: its SHA-256 is {Convert.ToHexStringLower(hash)}");
    }
}
