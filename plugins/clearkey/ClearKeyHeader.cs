using Keyway.Licensing;

namespace Keyway.ClearKey;

/// <summary>Reads initialisation data (W3C EME Initialization Data Format Registry).</summary>
/// <remarks>
/// <code>
/// cenc     pssh of 1077efec-…  version 1: the identifiers stand in the box, and there is no data
///          pssh of e2719d58-…  the same; older packagers write version 0 without any identifier, or keyids JSON as the data
/// keyids   {"kids":["base64url", …]}
/// webm     one identifier of any length, nothing around it
/// </code>
/// </remarks>
internal static class ClearKeyHeader
{
    /// <summary>Reads initialisation data.</summary>
    /// <param name="data">The data; content is not trusted.</param>
    /// <returns>The header.</returns>
    /// <exception cref="ProtectionHeaderException">The data cannot be read.</exception>
    public static ProtectionHeader Read(InitializationData data) => data.Kind switch
    {
        InitializationDataKind.Pssh => ReadPssh(data),
        InitializationDataKind.KeyIds => ReadKeyIds(data),
        InitializationDataKind.WebM => ReadWebM(data),
        _ => throw new ProtectionHeaderException(data.System, $"initialisation data of kind {data.Kind} is not ClearKey's"),
    };

    /// <summary>
    /// The identifiers of a header as a server knows them. The header itself carries them: what is not 16 bytes long stands in its data,
    /// and is recognised because it hashes to the identifier that the framework uses.
    /// </summary>
    /// <param name="header">A header that <see cref="Read"/> made.</param>
    /// <returns>The identifiers, in the header's order.</returns>
    public static IEnumerable<ClearKeyId> Identifiers(ProtectionHeader header)
    {
        List<ClearKeyId> originals = [];
        if (LooksLikeJson(header.Data.Span)) KeyIdList.TryRead(header.Data.Span, originals, out _);
        if (header.Data.Length is > 0 and <= ClearKeyConstants.MaxIdLength) originals.Add(ClearKeyId.Opaque(header.Data));

        foreach (KeyId id in header.KeyIds)
        {
            int found = originals.FindIndex(original => original.Id == id);
            yield return found < 0 ? ClearKeyId.Of(id) : originals[found];
        }
    }

    private static ProtectionHeader ReadPssh(InitializationData data)
    {
        if (data.System != ClearKeyConstants.CommonSystem && data.System != ClearKeyConstants.DashIfSystem)
            throw new ProtectionHeaderException(data.System, "not a system of ClearKey");

        List<ClearKeyId> ids = [.. data.BoxKeyIds.Select(ClearKeyId.Of)];
        bool json = LooksLikeJson(data.Payload.Span);
        if (json && !KeyIdList.TryRead(data.Payload.Span, ids, out string reason))
            throw new ProtectionHeaderException(data.System, reason);

        // Other data says nothing that a request needs, so it is reported and passed over.
        string content = data.Payload.Length switch
        {
            0 => "none",
            int length when json => $"list of key identifiers, {length} bytes",
            int length => $"{length} bytes, not read",
        };
        string format = data.System == ClearKeyConstants.CommonSystem ? "pssh of the W3C common system" : "pssh of DASH-IF ClearKey";
        return Make(data, format, ids, new HeaderFact { Name = "data", Value = content });
    }

    private static ProtectionHeader ReadKeyIds(InitializationData data)
    {
        List<ClearKeyId> ids = [];
        if (!KeyIdList.TryRead(data.Payload.Span, ids, out string reason)) throw new ProtectionHeaderException(data.System, reason);
        return ids.Count > 0 ? Make(data, "keyids", ids) : throw new ProtectionHeaderException(data.System, "the list 'kids' is empty");
    }

    private static ProtectionHeader ReadWebM(InitializationData data) => data.Payload.Length is > 0 and <= ClearKeyConstants.MaxIdLength
        ? Make(data, "webm", [ClearKeyId.Opaque(data.Payload)])
        : throw new ProtectionHeaderException(
            data.System, $"a key identifier is 1 to {ClearKeyConstants.MaxIdLength} bytes long, not {data.Payload.Length}");

    private static ProtectionHeader Make(InitializationData data, string format, List<ClearKeyId> ids, params ReadOnlySpan<HeaderFact> more)
    {
        List<HeaderFact> facts = [new HeaderFact { Name = "format", Value = format }, .. more];
        List<ClearKeyId> distinct = [.. ids.DistinctBy(id => id.Id)];
        foreach (ClearKeyId id in distinct)
        {
            string original = id.Original.Length == KeyId.Size ? "" : $" (of {id.Original.Length} bytes, {Base64Text.Encode(id.Original.Span)})";
            facts.Add(new HeaderFact { Name = "key", Value = id.Id + original });
        }

        return new ProtectionHeader { System = data.System, Data = data.Payload, KeyIds = [.. distinct.Select(id => id.Id)], Facts = facts };
    }

    private static bool LooksLikeJson(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> trimmed = data.TrimStart(" \t\r\n"u8);
        return trimmed.Length > 0 && trimmed[0] == (byte)'{';
    }
}
