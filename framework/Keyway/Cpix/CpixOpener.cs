using System.Globalization;
using System.Security.Cryptography;
using Keyway.Cpix.Xml;

namespace Keyway.Cpix;

/// <summary>Opens the keys that a document has for one recipient: MAC first, all of them, and only then a key.</summary>
internal sealed class CpixOpener(string source, RSA recipient) : IDisposable
{
    private const int BlockBytes = 16;

    // Both as long as their algorithms have them; a MAC key may be any length.
    private const int DocumentKeyBytes = 32;

    private readonly List<Opened> _keys = [];
    private readonly List<byte[]> _macKeys = [];
    private readonly byte[] _plain = GC.AllocateArray<byte>(Math.Max(CpixLimits.CipherBytes, (recipient.KeySize + 7) / 8), pinned: true);

    /// <summary>Opens keys.</summary>
    /// <param name="deliveries">What the document says to this recipient.</param>
    /// <param name="keys">Keys that are encrypted.</param>
    /// <param name="store">Where they are put.</param>
    /// <returns>Those that are this recipient's, each with its place in the store.</returns>
    /// <exception cref="CpixException">They cannot be opened; nothing was put anywhere.</exception>
    public List<(CpixContentKey Key, int Slot)> Open(IReadOnlyList<CpixRecipient> deliveries, IReadOnlyList<CpixContentKey> keys, KeyStore store)
    {
        foreach (CpixRecipient delivery in deliveries) Unwrap(delivery);
        List<(CpixContentKey Key, Opened With)> own = [];
        foreach (CpixContentKey key in keys)
            if (FindFor(key) is { } with) own.Add((key, with));
        foreach ((CpixContentKey key, Opened with) in own)
        {
            RequireAlgorithm(key.Encrypted!, CpixNames.Aes256Cbc, "AES-256-CBC");
            Verify(key.Encrypted!, with.MacKey);
        }

        byte[] opened = GC.AllocateArray<byte>(own.Count * KeyStore.SlotBytes, pinned: true);
        try
        {
            for (int i = 0; i < own.Count; i++) Decrypt(own[i].Key, own[i].With.Key, opened.AsSpan(i * KeyStore.SlotBytes, KeyStore.SlotBytes));
            List<(CpixContentKey, int)> placed = [];
            for (int i = 0; i < own.Count; i++) placed.Add((own[i].Key, store.Add(opened.AsSpan(i * KeyStore.SlotBytes, KeyStore.SlotBytes))));
            return placed;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(opened);
        }
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_plain);
        foreach (Opened key in _keys) CryptographicOperations.ZeroMemory(key.Key);
        foreach (byte[] key in _macKeys) CryptographicOperations.ZeroMemory(key);
        _keys.Clear();
    }

    private void Unwrap(CpixRecipient delivery)
    {
        if (delivery.DocumentKeys.Count == 0) return;
        if (delivery.Mac?.Key is not { } wrapped) throw Refuse("there is no MACMethod with a key: nothing tells whether the keys were changed, and they are not opened", delivery.Path, CpixErrorKind.NotSupported);
        if (_macKeys.Count == CpixLimits.DocumentKeys) throw Refuse($"there are more than {CpixLimits.DocumentKeys} entries for one recipient", delivery.Path, CpixErrorKind.Malformed);
        if (delivery.Mac.Algorithm != CpixNames.HmacSha512) throw Unsupported(delivery.Mac.Algorithm, "HMAC-SHA512", delivery.Mac.Path);
        byte[] macKey = UnwrapKey(wrapped, static length => length >= CpixLimits.LeastMacKeyBytes);
        _macKeys.Add(macKey);
        // Services put a code over wrapped keys as well, that of the MAC key included.
        if (wrapped.Mac is not null) Verify(wrapped, macKey);
        foreach (DocumentKey key in delivery.DocumentKeys)
        {
            if (_keys.Count == CpixLimits.DocumentKeys) throw Refuse($"there are more than {CpixLimits.DocumentKeys} document keys for one recipient", key.Path, CpixErrorKind.Malformed);
            if (key.Algorithm is { Length: > 0 } algorithm && algorithm != CpixNames.Aes256Cbc) throw Unsupported(algorithm, "AES-256-CBC", key.Path);
            if (key.Value!.Mac is not null) Verify(key.Value, macKey);
            _keys.Add(new Opened(key, UnwrapKey(key.Value, static length => length == DocumentKeyBytes), macKey));
        }
    }

    private byte[] UnwrapKey(EncryptedValue wrapped, Func<int, bool> isLength)
    {
        RequireAlgorithm(wrapped, CpixNames.RsaOaep, "RSA-OAEP with SHA-1");
        if (wrapped.Parameter is { } parameter) throw Refuse($"RSA-OAEP with {parameter} is not opened: only SHA-1 and no label", wrapped.Path, CpixErrorKind.NotSupported);
        try
        {
            if (recipient.TryDecrypt(wrapped.Cipher, _plain, RSAEncryptionPadding.OaepSHA1, out int length) && isLength(length))
            {
                byte[] key = GC.AllocateUninitializedArray<byte>(length, pinned: true);
                _plain.AsSpan(0, length).CopyTo(key);
                return key;
            }
        }
        catch (CryptographicException)
        {
            // Its words tell padding from length.
        }
        finally
        {
            CryptographicOperations.ZeroMemory(_plain);
        }

        throw CannotBeOpened(wrapped.Path);
    }

    /// <summary>The document key that opens a content key: the one that lists it, or the one that lists none.</summary>
    private Opened? FindFor(CpixContentKey key)
    {
        Opened? listed = null, any = null;
        foreach (Opened each in _keys)
        {
            if (each.Said.KeyIds is { } ids && !ids.Contains(key.Id)) continue;
            ref Opened? found = ref each.Said.KeyIds is null ? ref any : ref listed;
            if (found is not null && !CryptographicOperations.FixedTimeEquals(found.Key, each.Key)) throw Refuse($"two document keys are said to open key {key.Id}", each.Said.Path, CpixErrorKind.Malformed);
            found ??= each;
        }

        return listed ?? any;
    }

    private void Verify(EncryptedValue value, byte[] macKey)
    {
        if (value.Mac is not { } mac) throw Refuse("there is no ValueMAC: nothing tells whether it was changed, and it is not opened", value.Path, CpixErrorKind.NotAuthentic);
        Span<byte> computed = stackalloc byte[HMACSHA512.HashSizeInBytes];
        HMACSHA512.HashData(macKey, value.Cipher, computed);
        if (!CryptographicOperations.FixedTimeEquals(computed, mac)) throw Refuse("the message authentication code (ValueMAC) does not hold: the document was changed, and no key is taken from it", value.Path, CpixErrorKind.NotAuthentic);
    }

    private void Decrypt(CpixContentKey key, byte[] documentKey, Span<byte> destination)
    {
        EncryptedValue value = key.Encrypted!;
        int length = value.Cipher.Length - BlockBytes;
        if (length < BlockBytes || length % BlockBytes != 0) throw CannotBeOpened(value.Path);
        try
        {
            using Aes aes = Aes.Create();
            aes.SetKey(documentKey);
            int written = aes.DecryptCbc(value.Cipher.AsSpan(BlockBytes), value.Cipher.AsSpan(0, BlockBytes), _plain, PaddingMode.None);
            // Of padding the last byte alone says something (XML Encryption 1.1, 5.2).
            int padding = _plain[written - 1];
            if (padding is 0 or > BlockBytes) throw CannotBeOpened(value.Path);
            if (written - padding != KeyStore.SlotBytes) throw Refuse(string.Create(CultureInfo.InvariantCulture, $"key {key.Id} has {written - padding} bytes instead of {KeyStore.SlotBytes}"), value.Path, CpixErrorKind.Malformed);
            _plain.AsSpan(0, KeyStore.SlotBytes).CopyTo(destination);
        }
        catch (CryptographicException)
        {
            throw CannotBeOpened(value.Path);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(_plain);
        }
    }

    private void RequireAlgorithm(EncryptedValue value, string algorithm, string name)
    {
        if (value.Algorithm != algorithm) throw Unsupported(value.Algorithm, name, value.Path);
    }

    private CpixException Unsupported(string? algorithm, string name, string path) =>
        Refuse(algorithm is null ? $"no algorithm is named, where {name} is expected" : $"the algorithm {algorithm} is not opened: only {name} is", path, CpixErrorKind.NotSupported);

    private CpixException CannotBeOpened(string path) => Refuse("the keys cannot be opened with this recipient's key", path, CpixErrorKind.CannotBeOpened);

    private CpixException Refuse(string reason, string path, CpixErrorKind kind) => new(source, kind, new FormatError(reason, path, -1));

    private sealed record Opened(DocumentKey Said, byte[] Key, byte[] MacKey);
}
