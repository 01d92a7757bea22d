using System.Security.Cryptography;
using Keyway.Cpix;
using Keyway.Decryption;
using Keyway.Mp4;

namespace Keyway.Cli;

/// <summary>The keys of <c>--cpix</c>. A class of its own, so that nobody else loads it.</summary>
internal sealed class CpixKeys : IDisposable
{
    private readonly CpixDocument _document;
    private readonly List<string> _warnings;
    private byte[] _vector = [];

    private CpixKeys(CpixDocument document, List<string> warnings) => (_document, _warnings) = (document, warnings);

    /// <summary>Reads a document, and opens what is encrypted in it.</summary>
    /// <param name="cpix">The file; <c>-</c>: standard input.</param>
    /// <param name="cpixKey">The file of the recipient's private key; <see langword="null"/>: there is none.</param>
    /// <param name="io">Standard input.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="UsageException">A file cannot be read, or is no private key.</exception>
    /// <exception cref="CpixException">The document gives no keys.</exception>
    public static async Task<CpixKeys> ReadAsync(string cpix, string? cpixKey, CommandIo io, CancellationToken cancellationToken)
    {
        if (cpix.StartsWith("http", StringComparison.OrdinalIgnoreCase) && cpix.Contains("://", StringComparison.Ordinal)) throw new UsageException("--cpix takes a file: keys are not fetched");
        CpixDocument document = await ReadFileAsync(cpix, io, cancellationToken);
        try
        {
            List<string> warnings = [.. document.Notes.Select(static note => $"--cpix: {note}")];
            if (cpixKey is not { } file) return new CpixKeys(document, warnings);
            using RSA recipient = PrivateKeyFile.Read(file, "--cpix-key", out bool isOpenToOthers);
            if (isOpenToOthers) warnings.Add($"--cpix-key: others may read {file} (chmod 600 closes it)");
            if (document.IsLocked) document.Unlock(recipient);
            else warnings.Add("--cpix-key: nothing in the document is encrypted");
            return new CpixKeys(document, warnings);
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    /// <summary>Adds every key.</summary>
    public void AddTo(RawMediaKeys keys) => _document.AddTo(keys);

    /// <summary>Adds the key of segments that name none: the one that the user names, or the one that there can be no doubt about.</summary>
    /// <returns>Its identifier.</returns>
    public KeyId AddTo(RawKeyRing keys, DecryptRequest request, ProtectionScheme scheme)
    {
        if (request.Keys.Length > 0 || request.KeyFile is not null) throw new UsageException("segments of HLS have one key: --cpix, --key or --key-file");
        KeyId id = Choose(request.Kid);
        _document.AddTo(keys, id, scheme);
        return id;
    }

    /// <summary>The vector that stands with a key; <see langword="null"/>: none.</summary>
    public byte[]? VectorOf(KeyId id)
    {
        _vector = GC.AllocateArray<byte>(16, pinned: true);
        return _document.TryGetInitializationVector(id, _vector) ? _vector : null;
    }

    /// <summary>Adds what is to be known of the document.</summary>
    public void Warn(List<string> warnings) => warnings.AddRange(_warnings);

    /// <summary>Adds what is to be known of the document, and whether it was of use.</summary>
    /// <param name="warnings">Takes it.</param>
    /// <param name="ids">What the samples named.</param>
    public void Warn(List<string> warnings, IEnumerable<KeyId> ids)
    {
        Warn(warnings);
        // What names no key was opened by a rule.
        if (!ids.Any(id => id == default || _document.ContentKeys.Any(key => key.Id == id))) warnings.Add("no sample asked for a key of --cpix");
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_vector);
        _document.Dispose();
    }

    private static async Task<CpixDocument> ReadFileAsync(string file, CommandIo io, CancellationToken cancellationToken)
    {
        try
        {
            return await CpixFile.ReadAsync(file, io, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--cpix: {exception.Message}");
        }
    }

    private KeyId Choose(string? kid)
    {
        if (kid is not null) return KeyId.TryParse(kid, out KeyId named) ? named : throw new UsageException("--kid is not a key id (32 hexadecimal digits)");
        if (_document.ContentKeys.Count == 1) return _document.ContentKeys[0].Id;
        try
        {
            if (_document.FindKey(new CpixContext()) is { } id) return id;
        }
        catch (CpixException exception) when (exception.Kind == CpixErrorKind.Undecided)
        {
            // Nothing is known of segments but that they are there.
        }

        throw new UsageException($"segments of HLS name no key, and --cpix has {_document.ContentKeys.Count}: --kid KID says which ({string.Join(", ", _document.ContentKeys.Take(8).Select(static key => key.Id.ToString()))}{(_document.ContentKeys.Count > 8 ? " …" : "")})");
    }
}
