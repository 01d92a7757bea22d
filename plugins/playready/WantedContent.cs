using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.PlayReady;

/// <summary>What a session is for: the keys, the headers that ask for them, and what the headers say of each key.</summary>
internal sealed class WantedContent
{
    private WantedContent(IReadOnlyList<PlayReadyHeader> headers, IReadOnlyDictionary<KeyId, ProtectionScheme> keys, IReadOnlyDictionary<KeyId, HeaderKey> said)
    {
        Headers = headers;
        Keys = keys;
        Said = said;
    }

    /// <summary>The headers, each once, in the order of the request.</summary>
    public IReadOnlyList<PlayReadyHeader> Headers { get; }

    /// <summary>The wanted keys and the scheme that each is wanted for.</summary>
    public IReadOnlyDictionary<KeyId, ProtectionScheme> Keys { get; }

    /// <summary>What the headers say of each key. The first that has a checksum counts.</summary>
    public IReadOnlyDictionary<KeyId, HeaderKey> Said { get; }

    /// <summary>Reads a request.</summary>
    /// <exception cref="LicenseServiceException">With <see cref="LicenseErrorKind.HeaderUnsupported"/>: a header cannot be read, or nothing names a key.</exception>
    public static WantedContent Of(SessionRequest request)
    {
        List<PlayReadyHeader> headers = [];
        List<KeyId> named = [];
        int stores = 0;
        foreach (ProtectionHeader source in request.Headers.Where(header => header.System == PlayReadyConstants.System || header.System == PlayReadyConstants.SwappedSystem))
        {
            if (!PlayReadyHeader.TryOpen(source.Data, out PlayReadyInitData init, out PlayReadyHeader? header, out PlayReadyFault fault)) throw PlayReadyError.Of(fault);
            stores += init.LicenseStores.Count;
            named.AddRange(source.KeyIds);
            named.AddRange(init.BoxKeyIds);
            if (header is null) continue;
            named.AddRange(header.Keys.Select(key => key.Id));
            if (!headers.Any(other => other.Markup == header.Markup)) headers.Add(header);
        }

        Dictionary<KeyId, ProtectionScheme> keys = [];
        foreach (WantedKey key in request.Keys) keys.TryAdd(key.Id, key.Scheme);
        if (keys.Count == 0)
            foreach (KeyId id in named) keys.TryAdd(id, ProtectionScheme.None);

        if (headers.Count == 0) headers.AddRange(WriteHeaders(keys));
        if (headers.Count == 0)
        {
            throw stores > 0
                ? PlayReadyError.Of(PlayReadyCode.HeaderNotSet, "there is an embedded licence store and no header; its content is not public, so it is not opened")
                : PlayReadyError.Of(PlayReadyCode.HeaderNotSet, "there is no header, and nothing names a key");
        }

        Dictionary<KeyId, HeaderKey> said = [];
        foreach (HeaderKey key in headers.SelectMany(header => header.Keys))
            if (!said.TryGetValue(key.Id, out HeaderKey other) || (other.Checksum.IsEmpty && !key.Checksum.IsEmpty)) said[key.Id] = key;
        return new WantedContent(headers, keys, said);
    }

    /// <summary>Writes headers for content that has none and names its keys elsewhere: one for each algorithm, which 4.3 does not let stand together.</summary>
    private static IEnumerable<PlayReadyHeader> WriteHeaders(Dictionary<KeyId, ProtectionScheme> keys) => keys
        .GroupBy(
            key => key.Value switch
            {
                ProtectionScheme.Cenc or ProtectionScheme.Cens => HeaderAlgorithm.AesCtr,
                ProtectionScheme.Cbc1 or ProtectionScheme.Cbcs => HeaderAlgorithm.AesCbc,
                _ => HeaderAlgorithm.None,
            },
            key => key.Key)
        .Select(group => PlayReadyHeader.Write(group, group.Key));
}
