using System.Text;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;
using KeyType = Keyway.Sandbox.Widevine.Wire.KeyContainer.Types.KeyType;
using Variant = Keyway.Sandbox.Widevine.Wire.ContentIdentification.ContentIdVariantOneofCase;

namespace Keyway.Sandbox.Widevine;

/// <summary>Decides which keys a request gets: by key identifiers, else by content id, else none.</summary>
/// <param name="keys">The content keys.</param>
/// <param name="entitlements">The entitlement keys.</param>
internal sealed class KeyChooser(ContentKeys keys, Entitlements entitlements)
{
    private const int LongestRequestId = 255;

    /// <summary>Decides.</summary>
    /// <param name="content">What the request says of its content.</param>
    /// <param name="terms">The terms of the licence, which may name other keys.</param>
    /// <returns>What it gets.</returns>
    /// <exception cref="RefusedException">A key is not known, or the request names none.</exception>
    public Wanted Choose(ContentIdentification? content, LicenseTerms terms)
    {
        (ByteString id, LicenseType type, IReadOnlyList<byte[]> payloads, byte[]? webm) = Split(content);
        if (id.Length is 0 or > LongestRequestId) throw new RefusedException("bad-request", $"The request_id must have 1 to {LongestRequestId} bytes.");
        if (!Enum.IsDefined(type)) throw new RefusedException("bad-request", "The license_type is not STREAMING, OFFLINE or AUTOMATIC.");

        List<GrantedKey> granted = [];
        List<byte[]> groups = [];
        uint scheme = 0;
        if (terms.Keys.Length > 0) granted.AddRange(Named(terms.Keys));
        else if (webm is not null) granted.Add(Content(webm) ?? throw Unknown("key", webm));
        else
        {
            if (payloads.Count == 0) throw new RefusedException("bad-request", "The request brings no pssh_data.");
            foreach (byte[] payload in payloads)
            {
                WidevinePsshData data = Read(payload);
                granted.AddRange(Choose(data, terms));
                groups.AddRange(data.GroupIds.Select(group => group.ToByteArray()));
                if (data.ProtectionScheme != 0) scheme = data.ProtectionScheme;
            }
        }

        // Two payloads may ask for the same key.
        return new Wanted(id.ToByteArray(), type, [.. granted.DistinctBy(key => Convert.ToHexString(key.Id))], groups, scheme);
    }

    private static (ByteString Id, LicenseType Type, IReadOnlyList<byte[]> Payloads, byte[]? Webm) Split(ContentIdentification? content) => content?.ContentIdVariantCase switch
    {
        Variant.WidevinePsshData => (content.WidevinePsshData.RequestId, content.WidevinePsshData.LicenseType, content.WidevinePsshData.PsshData.Select(data => data.ToByteArray()).ToList(), null),
        Variant.WebmKeyId => (content.WebmKeyId.RequestId, content.WebmKeyId.LicenseType, [], content.WebmKeyId.Header.ToByteArray()),
        Variant.InitData when content.InitData.InitDataType == ContentIdentification.Types.InitContent.Types.InitDataType.Webm =>
            (content.InitData.RequestId, content.InitData.LicenseType, [], content.InitData.InitData.ToByteArray()),
        Variant.InitData => (content.InitData.RequestId, content.InitData.LicenseType, Payloads(content.InitData.InitData.Span), null),
        _ => throw new RefusedException("bad-request", "A NEW request must say of what content: widevine_pssh_data, webm_key_id or init_data."),
    };

    private IEnumerable<GrantedKey> Choose(WidevinePsshData data, LicenseTerms terms) => data.Type switch
    {
        WidevinePsshData.Types.Type.Single => Single(data),
        WidevinePsshData.Types.Type.Entitlement => Entitlement(data, terms.EntitlementKeySize),
        _ => throw new RefusedException("bad-request", "The pssh_data is of type ENTITLED_KEY: it is opened by an entitlement key, and not by a request."),
    };

    private IEnumerable<GrantedKey> Single(WidevinePsshData data)
    {
        // Identifiers of another length stand for nothing here, as the "0" of an early test stream; then its content id counts.
        List<byte[]> kids = [.. data.KeyIds.Select(id => Kid(id.Span)).OfType<byte[]>()];
        if (kids.Count > 0) return kids.Select(kid => Content(kid) ?? throw Unknown("key", kid));
        if (data.ContentId.Length == 0)
            throw data.KeyIds.Count > 0 ? Unknown("key", data.KeyIds[0].ToByteArray()) : new RefusedException("bad-request", "The content id is missing, and there is no key id.");

        string content = Encoding.UTF8.GetString(data.ContentId.Span);
        List<GrantedKey> title = [.. keys.All.Where(key => key.Content == content).Select(Granted)];
        if (title.Count > 0) return title;
        return Content(data.ContentId.ToByteArray()) is { } key ? [key] : throw Unknown("content", data.ContentId.ToByteArray());
    }

    private IEnumerable<GrantedKey> Entitlement(WidevinePsshData data, int size)
    {
        List<byte[]> ids = [.. data.KeyIds.Select(id => id.ToByteArray())];
        if (ids.Count == 0 && data.ContentId.Length > 0) ids.Add(entitlements.IdOf(data.ContentId.Span));
        if (ids.Count == 0) throw new RefusedException("bad-request", "The ENTITLEMENT has neither a key id nor a content id.");
        return ids.Select(id => new GrantedKey(id, entitlements.Find(id, size) ?? throw Unknown("entitlement", id), KeyType.Entitlement, ""));
    }

    private IEnumerable<GrantedKey> Named(string list) => list == "all"
        ? keys.All.Select(Granted)
        : list.Split(',').Select(kid => Parameters.Hex("keys", kid)).Select(kid => Content(kid) ?? throw Unknown("key", kid));

    private GrantedKey? Content(byte[] kid) => keys.Find(Convert.ToHexStringLower(kid)) is { } key ? Granted(key) : null;

    private static GrantedKey Granted(ContentKey key) => new(Convert.FromHexString(key.Kid), key.Key, KeyType.Content, key.Label);

    private static byte[]? Kid(ReadOnlySpan<byte> id)
    {
        if (id.Length == 16) return id.ToArray();
        if (id.Length != 32) return null;

        // Some packagers write the identifier as text.
        byte[] kid = new byte[16];
        return Convert.FromHexString(Encoding.Latin1.GetString(id), kid, out _, out int written) == System.Buffers.OperationStatus.Done && written == 16 ? kid : null;
    }

    private static List<byte[]> Payloads(ReadOnlySpan<byte> boxes)
    {
        try
        {
            return [.. PsshBox.ReadAll(boxes).Select(WithKids)];
        }
        catch (FormatException e)
        {
            throw new RefusedException("bad-request", e.Message);
        }

        // Identifiers in the box count where the payload has none.
        static byte[] WithKids(PsshBox box)
        {
            if (box.Kids.Count == 0) return box.Data;
            WidevinePsshData data = Read(box.Data);
            if (data.KeyIds.Count > 0) return box.Data;
            data.KeyIds.AddRange(box.Kids.Select(kid => ByteString.CopyFrom(Convert.FromHexString(kid))));
            return data.ToByteArray();
        }
    }

    private static WidevinePsshData Read(byte[] payload)
    {
        try
        {
            return WidevinePsshData.Parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new RefusedException("bad-request", "The pssh_data is no WidevinePsshData. ?keys=KID,KID says which keys it stands for.");
        }
    }

    private static RefusedException Unknown(string what, byte[] id) =>
        new("unknown-key", $"The {what} {Convert.ToHexStringLower(id)} is not known here.") { Status = StatusCodes.Status404NotFound };
}
