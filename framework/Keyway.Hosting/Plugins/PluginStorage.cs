using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Keyway.Plugins;

namespace Keyway.Hosting.Plugins;

/// <summary>Keeps the values of one plugin in a folder of its own, a file each, encrypted under a key of its own.</summary>
/// <remarks>
/// <code>
///  0   8  "keywayps"
///  8   4  version, 1                                       big-endian
/// 12  12  nonce, random
/// 24   n  AES-256-GCM: 2 bytes length of the name, the name, the value
///    16  tag; the first 24 bytes, the plugin's id and the name are its associated data
/// </code>
/// The key is made of the secret <c>plugin-storage</c> and the plugin's id (HKDF-SHA-256), the file's name of the key and the value's name: neither tells what it is.
/// Threads: any. A file is written beside its name and renamed; of two processes that write one value, the last wins.
/// </remarks>
internal sealed class PluginStorage(string folder, string pluginId, Func<CancellationToken, ValueTask<IMemoryOwner<byte>>> secret) : IPluginStorage, IDisposable
{
    /// <summary>The name of the secret that the files are encrypted under, in a host's configuration.</summary>
    public const string SecretName = "plugin-storage";

    private const string Extension = ".value";
    private const int VersionAt = 8;
    private const int NonceAt = 12;
    private const int HeaderLength = 24;
    private const int TagLength = 16;
    private const uint Version = 1;

    private readonly string _folder = Path.Combine(folder, pluginId);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private byte[]? _key;

    private static ReadOnlySpan<byte> Magic => "keywayps"u8;

    public ValueTask<IMemoryOwner<byte>?> ReadAsync(string name, CancellationToken cancellationToken) => WithKeyAsync<IMemoryOwner<byte>?>(name, key =>
    {
        string path = Path.Combine(_folder, FileOf(key, name));
        if (!File.Exists(path)) return null;
        FileInfo file = new(path);
        if (file.LinkTarget is not null || file.Length > Longest) throw new PluginStorageException(name, $"{path} is no value of a plugin");
        return Open(key, name, path);
    }, cancellationToken);

    public async ValueTask WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => await WithKeyAsync(name, key =>
    {
        if (content.Length > PluginLimits.StoredValueBytes) throw new PluginStorageException(name, $"a value has at most {PluginLimits.StoredValueBytes} bytes, this one {content.Length}");
        if (PrivateFolder.Make(folder) is { } outer) throw new PluginStorageException(name, outer);
        if (PrivateFolder.Make(_folder) is { } inner) throw new PluginStorageException(name, inner);
        string file = FileOf(key, name);
        long others = 0;
        foreach (FileInfo each in new DirectoryInfo(_folder).EnumerateFiles($"*{Extension}"))
            if (each.Name != file) others += each.Length;
        if (others + content.Length > PluginLimits.StoredBytes) throw new PluginStorageException(name, $"a plugin keeps at most {PluginLimits.StoredBytes} bytes");
        PrivateFolder.Write(_folder, file, Seal(key, name, content.Span));
        return true;
    }, cancellationToken).ConfigureAwait(false);

    public ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken) => WithKeyAsync(name, key =>
    {
        string path = Path.Combine(_folder, FileOf(key, name));
        if (!File.Exists(path)) return false;
        File.Delete(path);
        DiskSync.FlushFolder(_folder);
        return true;
    }, cancellationToken);

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_key);
        _gate.Dispose();
    }

    private static int Longest => HeaderLength + 2 + PluginLimits.StoredNameLength + PluginLimits.StoredValueBytes + TagLength;

    private static bool IsName(string name) => name.Length is > 0 and <= PluginLimits.StoredNameLength && name[0] is not ('_' or '.')
        && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');

    private static string FileOf(byte[] key, string name) => $"{Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(name)))}{Extension}";

    private byte[] Associated(ReadOnlySpan<byte> header, string name) => [.. header, .. Encoding.ASCII.GetBytes($"{pluginId}/{name}")];

    private byte[] Seal(byte[] key, string name, ReadOnlySpan<byte> content)
    {
        byte[] file = new byte[HeaderLength + 2 + name.Length + content.Length + TagLength];
        Magic.CopyTo(file);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(VersionAt), Version);
        RandomNumberGenerator.Fill(file.AsSpan(NonceAt, HeaderLength - NonceAt));
        byte[] clear = GC.AllocateUninitializedArray<byte>(2 + name.Length + content.Length, pinned: true);
        try
        {
            BinaryPrimitives.WriteUInt16BigEndian(clear, (ushort)name.Length);
            Encoding.ASCII.GetBytes(name, clear.AsSpan(2));
            content.CopyTo(clear.AsSpan(2 + name.Length));
            using AesGcm cipher = new(key, TagLength);
            cipher.Encrypt(file.AsSpan(NonceAt, HeaderLength - NonceAt), clear, file.AsSpan(HeaderLength, clear.Length), file.AsSpan(HeaderLength + clear.Length), Associated(file.AsSpan(0, HeaderLength), name));
            return file;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    private ZeroedMemory Open(byte[] key, string name, string path)
    {
        byte[] file = File.ReadAllBytes(path);
        if (file.Length < HeaderLength + 2 + name.Length + TagLength || !file.AsSpan().StartsWith(Magic)) throw new PluginStorageException(name, $"{path} is no value of a plugin");
        uint version = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(VersionAt));
        if (version != Version) throw new PluginStorageException(name, $"{path} is of version {version}, and this version reads {Version}");
        byte[] clear = GC.AllocateUninitializedArray<byte>(file.Length - HeaderLength - TagLength, pinned: true);
        try
        {
            using AesGcm cipher = new(key, TagLength);
            cipher.Decrypt(file.AsSpan(NonceAt, HeaderLength - NonceAt), file.AsSpan(HeaderLength, clear.Length), file.AsSpan(HeaderLength + clear.Length), clear, Associated(file.AsSpan(0, HeaderLength), name));
            return new ZeroedMemory(clear.AsSpan(2 + name.Length));
        }
        catch (AuthenticationTagMismatchException exception)
        {
            throw new PluginStorageException(name, $"{path} is damaged, or somebody has changed it", exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    private async ValueTask<T> WithKeyAsync<T>(string name, Func<byte[], T> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsName(name)) throw new PluginStorageException(name.Length <= PluginLimits.StoredNameLength ? name : name[..PluginLimits.StoredNameLength], "not a name: 1 to 256 of A-Z a-z 0-9 . _ -, the first neither _ nor .");
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return work(_key ??= await ReadKeyAsync(name, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new PluginStorageException(name, exception.Message, exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask<byte[]> ReadKeyAsync(string name, CancellationToken cancellationToken)
    {
        byte[] root = GC.AllocateUninitializedArray<byte>(FileLicenseStore.LicenseFile.KeyLength, pinned: true);
        try
        {
            using IMemoryOwner<byte> read = await secret(cancellationToken).ConfigureAwait(false);
            if (!FileLicenseStore.LicenseFile.TryReadKey(read.Memory.Span, root))
                throw new PluginStorageException(name, $"the secret '{SecretName}' is not {root.Length} bytes, {2 * root.Length} hexadecimal digits or their base64");
            byte[] key = GC.AllocateUninitializedArray<byte>(root.Length, pinned: true);
            HKDF.DeriveKey(HashAlgorithmName.SHA256, root, key, [], Encoding.UTF8.GetBytes($"keyway plugin storage {pluginId}"));
            return key;
        }
        catch (SecretException exception)
        {
            throw new PluginStorageException(name, $"there is no key for it: {exception.Message}", exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(root);
        }
    }

    private sealed class ZeroedMemory : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes;

        public ZeroedMemory(ReadOnlySpan<byte> content)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(content.Length, pinned: true);
            content.CopyTo(_bytes);
        }

        public Memory<byte> Memory => _bytes;

        public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
    }
}
