using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Keyway.Cdm.Wire;
using Keyway.ClearKey;
using Keyway.Licensing;

namespace Keyway.Cdm;

/// <summary>Initialisation data: which keys it names, for people and for the framework; and what of it a module is given.</summary>
/// <remarks>
/// A module reads its own data: here only what names keys is looked at.
/// <code>
/// org.w3.clearkey      as the key system clearkey reads it
/// com.widevine.alpha   pssh box: identifiers of the box, and those of the data (WidevinePsshData, field 2)
/// others               pssh box: identifiers of the box
/// </code>
/// </remarks>
internal static class CdmHeader
{
    /// <summary>Reads initialisation data.</summary>
    /// <exception cref="ProtectionHeaderException">It cannot be read, or is not this module's.</exception>
    public static ProtectionHeader Read(InitializationData data, CdmOptions options)
    {
        if (!options.Systems.Contains(data.System)) throw new ProtectionHeaderException(data.System, $"is not what {options.ModuleKeySystem} reads");
        if (options.IsClearKey) return ClearKeyHeader.Read(data);
        if (data.Kind != InitializationDataKind.Pssh) throw new ProtectionHeaderException(data.System, $"initialisation data of kind {data.Kind} is not read");
        if (data.Payload.Length > CdmLimits.InitData) throw new ProtectionHeaderException(data.System, $"{data.Payload.Length} bytes; {CdmLimits.InitData} are the most that are read");

        List<KeyId> ids = [.. data.BoxKeyIds];
        List<HeaderFact> facts = [new HeaderFact { Name = "format", Value = $"pssh of {options.ModuleKeySystem}" }];
        if (data.System == CdmConstants.Widevine) WidevineData.Read(data.Payload.Span, ids, facts);
        facts.Add(new HeaderFact { Name = "data", Value = string.Create(CultureInfo.InvariantCulture, $"{data.Payload.Length} bytes") });
        ids = [.. ids.Distinct()];
        foreach (KeyId id in ids) facts.Add(new HeaderFact { Name = "key", Value = id.ToString() });
        return new ProtectionHeader { System = data.System, Data = data.Payload, KeyIds = ids, Facts = facts };
    }

    /// <summary>What a module is given to make a session of.</summary>
    /// <param name="request">What the session is for.</param>
    /// <param name="options">Which module.</param>
    /// <returns>The kind and the bytes.</returns>
    /// <exception cref="LicenseServiceException">Nothing that the module reads names a key.</exception>
    public static (CdmInitDataType Type, byte[] Data) InitDataOf(SessionRequest request, CdmOptions options)
    {
        List<ProtectionHeader> own = [.. request.Headers.Where(header => options.Systems.Contains(header.System))];
        if (options.IsClearKey) return ClearKeyData(request, own, options);

        List<ReadOnlyMemory<byte>> boxes = [];
        foreach (ProtectionHeader header in own)
            if (header.Kind == InitializationDataKind.Pssh && !header.Box.IsEmpty && !boxes.Exists(known => known.Span.SequenceEqual(header.Box.Span))) boxes.Add(header.Box);
        return boxes.Count > 0 ? (CdmInitDataType.Cenc, Joined(boxes, options))
            : throw CdmError.Header(options, $"the content has no pssh box of {options.ModuleKeySystem}, and what a request without one is made of is the module's secret");
    }

    /// <summary>
    /// Whole boxes where they name every key; a list of identifiers where they do not, or are those of DASH-IF, which modules do not read (W3C EME, "cenc" Initialization
    /// Data Format: the common system's box).
    /// </summary>
    private static (CdmInitDataType Type, byte[] Data) ClearKeyData(SessionRequest request, List<ProtectionHeader> own, CdmOptions options)
    {
        List<ClearKeyId> wanted = [.. own.SelectMany(ClearKeyHeader.Identifiers), .. request.Keys.Select(static key => ClearKeyId.Of(key.Id))];
        wanted = [.. wanted.DistinctBy(static id => id.Id)];
        if (wanted.Count == 0) throw CdmError.Header(options, "neither the headers nor the content name a key");

        if (own.Count > 0 && own.TrueForAll(static header => header is { Kind: InitializationDataKind.Pssh, Box.IsEmpty: false } && header.System == ClearKeyConstants.CommonSystem && header.Data.IsEmpty)
            && wanted.TrueForAll(id => own.Exists(header => header.KeyIds.Contains(id.Id))))
        {
            return (CdmInitDataType.Cenc, Joined(own.ConvertAll(static header => header.Box), options));
        }

        if (own is [{ Kind: InitializationDataKind.WebM } single] && wanted.Count == 1) return (CdmInitDataType.WebM, single.Data.ToArray());
        ArrayBufferWriter<byte> list = new();
        using (Utf8JsonWriter json = new(list))
        {
            json.WriteStartObject();
            json.WriteStartArray("kids"u8);
            foreach (ClearKeyId id in wanted) json.WriteStringValue(Base64Url.EncodeToString(id.Original.Span));
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return (CdmInitDataType.KeyIds, Bounded(list.WrittenSpan.ToArray(), options));
    }

    private static byte[] Joined(List<ReadOnlyMemory<byte>> boxes, CdmOptions options)
    {
        byte[] all = new byte[boxes.Sum(static box => box.Length)];
        int at = 0;
        foreach (ReadOnlyMemory<byte> box in boxes)
        {
            box.CopyTo(all.AsMemory(at));
            at += box.Length;
        }

        return Bounded(all, options);
    }

    private static byte[] Bounded(byte[] data, CdmOptions options) =>
        data.Length <= CdmLimits.InitData ? data : throw CdmError.Header(options, $"{data.Length} bytes of initialisation data; {CdmLimits.InitData} are the most");
}
