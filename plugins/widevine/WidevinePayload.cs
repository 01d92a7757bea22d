using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Keyway.Licensing;

namespace Keyway.Widevine;

/// <summary>One payload: the bytes that go to the service unchanged, and what they say if they are a WidevinePsshData.</summary>
internal sealed class WidevinePayload
{
    private WidevinePayload(ByteString data, Wire.WidevinePsshData? message, int subLicenses, string? groupMasterKeyId)
    {
        Data = data;
        Message = message;
        SubLicenses = subLicenses;
        GroupMasterKeyId = groupMasterKeyId;
        KeyIds = message is null ? [] :
            [.. message.KeyIds.Concat(message.EntitledKeys.Select(entry => entry.KeyId))
                .Select(id => TryReadKeyId(id.Span, out KeyId key) ? key : (KeyId?)null).OfType<KeyId>().Distinct()];
    }

    /// <summary>Byte for byte as found.</summary>
    public ByteString Data { get; }

    /// <summary>The decoded payload, or <see langword="null"/> when it is something else.</summary>
    public Wire.WidevinePsshData? Message { get; }

    /// <summary>What field 11 said before it became the type: how many sub-licences there are.</summary>
    public int SubLicenses { get; }

    /// <summary>What field 12 said before it became the key sequence.</summary>
    public string? GroupMasterKeyId { get; }

    /// <summary>
    /// The keys that it names by something that a <c>tenc</c> box can hold. Others (a public test stream says <c>"0"</c>) name keys of the service's
    /// own: naming their hash here would only claim that the header is for other content than it is.
    /// </summary>
    public IReadOnlyList<KeyId> KeyIds { get; }

    public Wire.WidevinePsshData.Types.Type Type => Message?.Type ?? Wire.WidevinePsshData.Types.Type.Single;

    /// <summary>Reads 16 bytes, or 32 hexadecimal digits that spell them.</summary>
    public static bool TryReadKeyId(ReadOnlySpan<byte> id, out KeyId key)
    {
        if (KeyId.TryRead(id, out key)) return true;
        if (id.Length != 32) return false;
        Span<char> digits = stackalloc char[32];
        return Encoding.ASCII.TryGetChars(id, digits, out int written) && KeyId.TryParse(digits[..written], out key);
    }

    /// <summary>The key that a licence's container or an entitled key names, whatever its length.</summary>
    public static KeyId ToKeyId(ReadOnlySpan<byte> id) => TryReadKeyId(id, out KeyId key) ? key : KeyId.FromOpaque(id);

    public static WidevinePayload Read(ReadOnlySpan<byte> data)
    {
        ByteString bytes = ByteString.CopyFrom(data);
        try
        {
            Wire.WidevinePsshData message = Wire.WidevinePsshData.Parser.ParseFrom(bytes);
            (int subLicenses, string? group) = ReadOldFields(bytes);

            // A blob may happen to be valid protobuf. Without one known field it is not ours.
            Wire.WidevinePsshData known = Wire.WidevinePsshData.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
            bool ours = known.CalculateSize() > 0 || subLicenses > 0 || group is not null;
            return new WidevinePayload(bytes, ours ? message : null, subLicenses, group);
        }
        catch (InvalidProtocolBufferException)
        {
            return new WidevinePayload(bytes, null, 0, null);
        }
    }

    /// <summary>The payload for keys that are known by nothing but their identifiers.</summary>
    public static WidevinePayload FromKeyIds(IEnumerable<KeyId> ids, bool contentIdToo)
    {
        Wire.WidevinePsshData message = new();
        foreach (KeyId id in ids)
        {
            byte[] bytes = new byte[KeyId.Size];
            id.Write(bytes);
            message.KeyIds.Add(UnsafeByteOperations.UnsafeWrap(bytes));
        }

        if (contentIdToo && message.KeyIds.Count == 1) message.ContentId = message.KeyIds[0];
        return new WidevinePayload(message.ToByteString(), message, 0, null);
    }

    /// <summary>
    /// Two JSON forms name keys: HLS signalling version 1 (<c>provider</c>, <c>content_id</c> in base64, <c>key_ids</c> in hexadecimal) and the
    /// W3C's list (<c>kids</c> in base64url).
    /// </summary>
    public static WidevinePayload FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            Wire.WidevinePsshData message = new();
            if (root.TryGetProperty("provider", out JsonElement provider)) message.Provider = provider.GetString() ?? "";
            if (root.TryGetProperty("content_id", out JsonElement content)) message.ContentId = ByteString.FromBase64(content.GetString() ?? "");
            if (root.TryGetProperty("key_ids", out JsonElement keys))
                foreach (JsonElement key in keys.EnumerateArray()) message.KeyIds.Add(ByteString.CopyFrom(Convert.FromHexString(key.GetString() ?? "")));
            if (root.TryGetProperty("kids", out JsonElement kids))
                foreach (JsonElement kid in kids.EnumerateArray()) message.KeyIds.Add(ByteString.CopyFrom(Base64Url.DecodeFromChars(kid.GetString() ?? "")));
            if (message.CalculateSize() == 0) throw WidevineError.BadHeader("JSON that names neither keys nor content");
            return new WidevinePayload(message.ToByteString(), message, 0, null);
        }
        catch (Exception cause) when (cause is JsonException or FormatException or InvalidOperationException)
        {
            throw WidevineError.BadHeader("JSON that is not of a known form", cause);
        }
    }

    public void AddFacts(List<HeaderFact> facts)
    {
        if (Message is not Wire.WidevinePsshData message)
        {
            facts.Add(new HeaderFact { Name = "payload", Value = $"{Data.Length} bytes that are not a WidevinePsshData; handed on as they are" });
            return;
        }

        facts.Add(new HeaderFact { Name = "type", Value = (int)message.Type switch { 0 => "SINGLE", 1 => "ENTITLEMENT", 2 => "ENTITLED_KEY", int other => WidevineHeader.Number(other) } });
        if (message.HasAlgorithm)
            facts.Add(new HeaderFact { Name = "algorithm", Value = (int)message.Algorithm switch { 0 => "UNENCRYPTED", 1 => "AESCTR", int other => WidevineHeader.Number(other) } });
        foreach (ByteString id in message.KeyIds)
            facts.Add(new HeaderFact { Name = "key_id", Value = Convert.ToHexStringLower(id.Span) + (TryReadKeyId(id.Span, out _) ? "" : $" ({id.Length} bytes: the service's own name)") });
        if (message.HasProvider) facts.Add(new HeaderFact { Name = "provider", Value = message.Provider });
        if (message.HasContentId) facts.Add(new HeaderFact { Name = "content_id", Value = WidevineHeader.Text(message.ContentId.Span) });
        if (message.HasTrackType) facts.Add(new HeaderFact { Name = "track_type", Value = message.TrackType });
        if (message.HasPolicy) facts.Add(new HeaderFact { Name = "policy", Value = message.Policy });
        if (message.HasCryptoPeriodIndex) facts.Add(new HeaderFact { Name = "crypto_period_index", Value = WidevineHeader.Number(message.CryptoPeriodIndex) });
        if (message.HasGroupedLicense) facts.Add(new HeaderFact { Name = "grouped_license", Value = $"{message.GroupedLicense.Length} bytes; group bundles are not supported" });
        if (message.HasProtectionScheme) facts.Add(new HeaderFact { Name = "protection_scheme", Value = Scheme(message.ProtectionScheme) });
        if (message.HasCryptoPeriodSeconds) facts.Add(new HeaderFact { Name = "crypto_period_seconds", Value = WidevineHeader.Number(message.CryptoPeriodSeconds) });
        if (SubLicenses > 0) facts.Add(new HeaderFact { Name = "sub_licenses", Value = $"{SubLicenses}; sub-licences are not supported" });
        if (message.HasKeySequence) facts.Add(new HeaderFact { Name = "key_sequence", Value = WidevineHeader.Number(message.KeySequence) });
        if (GroupMasterKeyId is not null) facts.Add(new HeaderFact { Name = "group_master_key_id", Value = GroupMasterKeyId });
        foreach (ByteString group in message.GroupIds) facts.Add(new HeaderFact { Name = "group_id", Value = $"{WidevineHeader.Text(group.Span)}; group bundles are not supported" });
        foreach (Wire.WidevinePsshData.Types.EntitledKey entry in message.EntitledKeys)
            facts.Add(new HeaderFact { Name = "entitled_key", Value = $"{Convert.ToHexStringLower(entry.KeyId.Span)} under entitlement {Convert.ToHexStringLower(entry.EntitlementKeyId.Span)}" });
        if (message.HasVideoFeature) facts.Add(new HeaderFact { Name = "video_feature", Value = message.VideoFeature });
    }

    private static string Scheme(uint code) => code switch
    {
        0x63656E63 => "cenc",
        0x63626331 => "cbc1",
        0x63656E73 => "cens",
        0x63626373 => "cbcs",
        _ => $"0x{code:x8}",
    };

    /// <summary>Fields 11 and 12 as they were until 2018: length-delimited. The generated reader takes those for unknown fields.</summary>
    private static (int SubLicenses, string? GroupMasterKeyId) ReadOldFields(ByteString data)
    {
        using CodedInputStream input = data.CreateCodedInput();
        int subLicenses = 0;
        string? group = null;
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (tag == WireFormat.MakeTag(11, WireFormat.WireType.LengthDelimited))
            {
                input.ReadBytes();
                subLicenses++;
            }
            else if (tag == WireFormat.MakeTag(12, WireFormat.WireType.LengthDelimited)) group = WidevineHeader.Text(input.ReadBytes().Span);
            else input.SkipLastField();
        }

        return (subLicenses, group);
    }
}
