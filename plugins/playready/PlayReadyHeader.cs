using System.Globalization;
using Keyway.Licensing;

namespace Keyway.PlayReady;

/// <summary>What a key's data is encrypted with, as a header says it.</summary>
internal enum HeaderAlgorithm
{
    /// <summary>Not said (4.3): the licence decides.</summary>
    None = 0,

    /// <summary>AES-128 in counter mode.</summary>
    AesCtr,

    /// <summary>AES-128 in cipher block chaining mode (4.3).</summary>
    AesCbc,

    /// <summary>The old cipher, which no scheme of Common Encryption uses.</summary>
    Cocktail,
}

/// <summary>One key of a header.</summary>
/// <param name="Id">The key identifier.</param>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Checksum">The checksum; empty: none.</param>
internal readonly record struct HeaderKey(KeyId Id, HeaderAlgorithm Algorithm, ReadOnlyMemory<byte> Checksum);

/// <summary>A PlayReady Header (WRMHEADER), versions 4.0.0.0 to 4.3.0.0.</summary>
internal sealed partial record PlayReadyHeader
{
    /// <summary>The markup as found. It goes into the challenge as it is: never written anew.</summary>
    public required string Markup { get; init; }

    /// <summary>4.0.0.0, 4.1.0.0, 4.2.0.0 or 4.3.0.0.</summary>
    public required string Version { get; init; }

    /// <summary>The keys in order. Empty in live headers whose keys come on demand.</summary>
    public required IReadOnlyList<HeaderKey> Keys { get; init; }

    /// <summary>LA_URL: the licence service.</summary>
    public string? LicenseUrl { get; init; }

    /// <summary>LUI_URL: a page for people. Nothing is ever sent there.</summary>
    public string? PageUrl { get; init; }

    /// <summary>DS_ID: the domain service.</summary>
    public Guid? DomainService { get; init; }

    /// <summary>DECRYPTORSETUP is ONDEMAND: the keys are not known up front.</summary>
    public bool OnDemand { get; init; }

    /// <summary>PROTECTINFO@LICENSEREQUESTED; advisory.</summary>
    public bool? LicenseRequested { get; init; }

    /// <summary>KEYLEN (4.0).</summary>
    public int? KeyLength { get; init; }

    /// <summary>How many characters of text CUSTOMATTRIBUTES holds; <see langword="null"/>: there are none.</summary>
    public int? CustomAttributes { get; init; }

    /// <summary>Reads initialisation data of any form into the shape that the framework knows.</summary>
    /// <exception cref="ProtectionHeaderException">The data cannot be read. Its text ends with the protocol's code.</exception>
    public static ProtectionHeader Read(InitializationData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Kind != InitializationDataKind.Pssh)
            throw PlayReadyError.Header(data.System, new PlayReadyFault(PlayReadyCode.HeaderInvalid, $"initialisation data of kind {data.Kind} is not PlayReady's"));
        if (!TryOpen(data.Payload, out PlayReadyInitData init, out PlayReadyHeader? header, out PlayReadyFault fault))
            throw PlayReadyError.Header(data.System, fault);

        IEnumerable<KeyId> ids = [.. data.BoxKeyIds, .. init.BoxKeyIds, .. header?.Keys.Select(key => key.Id) ?? []];
        return new ProtectionHeader
        {
            System = data.System,
            Data = data.Payload,
            KeyIds = [.. ids.Distinct()],
            LicenseUrl = Uri.TryCreate(header?.LicenseUrl, UriKind.Absolute, out Uri? url) ? url : null,
            Facts = [.. Describe(init, header)],
        };
    }

    /// <summary>Opens initialisation data of any form. A header is absent where the data names keys in its box only, or carries licences only.</summary>
    public static bool TryOpen(ReadOnlyMemory<byte> payload, out PlayReadyInitData init, out PlayReadyHeader? header, out PlayReadyFault fault)
    {
        header = null;
        if (!PlayReadyInitData.TryRead(payload, out init, out fault)) return false;
        return init.Markup is null || TryParse(init.Markup, out header, out fault);
    }

    /// <summary>Writes a header for keys that content has no header for, in the canonical form that generators must follow.</summary>
    public static PlayReadyHeader Write(IEnumerable<KeyId> ids, HeaderAlgorithm algorithm)
    {
        // 4.3 is needed for CBC, and where the algorithm is not known.
        string version = algorithm == HeaderAlgorithm.AesCtr ? "4.2.0.0" : "4.3.0.0";
        string attribute = algorithm switch { HeaderAlgorithm.AesCtr => " ALGID=\"AESCTR\"", HeaderAlgorithm.AesCbc => " ALGID=\"AESCBC\"", _ => "" };
        IReadOnlyList<HeaderKey> keys = [.. ids.Select(id => new HeaderKey(id, algorithm, default))];
        string list = string.Concat(keys.Select(key => $"<KID{attribute} VALUE=\"{KeyIdOrder.ToBase64(key.Id)}\"></KID>"));
        return new PlayReadyHeader
        {
            Version = version,
            Keys = keys,
            Markup = $"<WRMHEADER xmlns=\"{PlayReadyConstants.HeaderNamespace}\" version=\"{version}\"><DATA><PROTECTINFO><KIDS>{list}</KIDS></PROTECTINFO></DATA></WRMHEADER>",
        };
    }

    private static IEnumerable<HeaderFact> Describe(PlayReadyInitData init, PlayReadyHeader? header)
    {
        if (header is null) yield return new HeaderFact { Name = "Header", Value = "none" };
        else
        {
            yield return new HeaderFact { Name = "Version", Value = header.Version };
            foreach (HeaderKey key in header.Keys)
                yield return new HeaderFact { Name = "Key", Value = $"{key.Id} {NameOf(key.Algorithm)}{(key.Checksum.IsEmpty ? "" : $" checksum {Convert.ToBase64String(key.Checksum.Span)}")}" };
            if (header.KeyLength is int length) yield return new HeaderFact { Name = "KeyLength", Value = length.ToString(CultureInfo.InvariantCulture) };
            if (header.LicenseUrl is not null) yield return new HeaderFact { Name = "LicenseUrl", Value = header.LicenseUrl };
            if (header.PageUrl is not null) yield return new HeaderFact { Name = "PageUrl", Value = header.PageUrl };
            if (header.DomainService is Guid service) yield return new HeaderFact { Name = "DomainService", Value = service.ToString("D") };
            if (header.OnDemand) yield return new HeaderFact { Name = "DecryptorSetup", Value = "ONDEMAND" };
            if (header.LicenseRequested is bool requested) yield return new HeaderFact { Name = "LicenseRequested", Value = requested ? "true" : "false" };
            if (header.CustomAttributes is int size) yield return new HeaderFact { Name = "CustomAttributes", Value = $"{size} characters" };
        }

        foreach (int size in init.LicenseStores) yield return new HeaderFact { Name = "EmbeddedLicenseStore", Value = $"{size} bytes, not opened: its content is not public" };
        foreach (string note in init.Notes) yield return new HeaderFact { Name = "Note", Value = note };
    }

    private static string NameOf(HeaderAlgorithm algorithm) => algorithm switch
    {
        HeaderAlgorithm.AesCtr => "AESCTR",
        HeaderAlgorithm.AesCbc => "AESCBC",
        HeaderAlgorithm.Cocktail => "COCKTAIL",
        _ => "algorithm not said",
    };
}
