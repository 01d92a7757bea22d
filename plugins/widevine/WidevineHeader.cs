using System.Globalization;
using System.Text;
using Keyway.Licensing;

namespace Keyway.Widevine;

/// <summary>Initialisation data of this system: one or more payloads, in whatever form the content carried them.</summary>
/// <remarks>
/// <code>
/// data ::= WidevinePsshData                       the content of a pssh box: the usual case
///        | pssh box { pssh box }                  whole boxes: payloads and box KIDs are taken from ours, others passed over
///        | JSON                                   HLS signalling version 1, or a list of KIDs: turned into a payload
///        | anything else                          a service's own blob: handed on as it is, or refused (setting)
/// </code>
/// </remarks>
internal sealed class WidevineHeader
{
    private WidevineHeader(IReadOnlyList<WidevinePayload> payloads, IReadOnlyList<KeyId> boxKeyIds)
    {
        Payloads = payloads;
        List<KeyId> ids = [];
        foreach (KeyId id in boxKeyIds.Concat(payloads.SelectMany(payload => payload.KeyIds)))
            if (!ids.Contains(id)) ids.Add(id);
        KeyIds = ids;
    }

    public IReadOnlyList<WidevinePayload> Payloads { get; }

    /// <summary>Every key that box or payload names by 16 bytes. Neither list is authoritative: the licence decides.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; }

    /// <summary>Reads initialisation data.</summary>
    /// <exception cref="ProtectionHeaderException">It is of a kind that is not supported, or damaged.</exception>
    public static WidevineHeader Read(ReadOnlySpan<byte> data, IReadOnlyList<KeyId> boxKeyIds, WidevineOptions options)
    {
        if (data.Length > WidevineConstants.MaxInitDataLength)
            throw WidevineError.BadHeader($"{data.Length} bytes; {WidevineConstants.MaxInitDataLength} are the most that are read");
        List<KeyId> ids = [.. boxKeyIds];
        List<WidevinePayload> payloads = [];
        if (WidevineBoxes.IsBox(data)) WidevineBoxes.Read(data, payloads, ids);
        else if (data.TrimStart(" \r\n\t"u8).StartsWith("{"u8)) payloads.Add(WidevinePayload.FromJson(data));
        else if (!data.IsEmpty) payloads.Add(WidevinePayload.Read(data));

        // A version 1 box without data, or a common-system box beside ours, leaves only the KIDs.
        if (payloads.Count == 0 && ids.Count > 0) payloads.Add(WidevinePayload.FromKeyIds(ids, options.ContentIdFromKeyId));
        if (payloads.Count == 0) throw WidevineError.BadHeader("no data and no key id");
        if (options.UnknownPayloads == UnknownPayloads.Refuse && payloads.Any(payload => payload.Message is null))
            throw WidevineError.BadHeader("the data is not a WidevinePsshData, and the setting UnknownPayloads refuses others");
        return new WidevineHeader(payloads, ids);
    }

    /// <summary>The framework's view of it.</summary>
    public ProtectionHeader ToProtectionHeader(ReadOnlyMemory<byte> data)
    {
        List<HeaderFact> facts = [];
        foreach (WidevinePayload payload in Payloads) payload.AddFacts(facts);
        return new ProtectionHeader
        {
            System = WidevineConstants.System,
            Data = data,
            KeyIds = KeyIds,
            ContentId = Payloads.Select(payload => payload.Message)
                .Where(message => message is { HasContentId: true, ContentId.IsEmpty: false })
                .Select(message => Text(message!.ContentId.Span)).FirstOrDefault(),
            Facts = facts,
        };
    }

    /// <summary>Text where the bytes are printable UTF-8, else hexadecimal digits.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            string text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
            if (!text.Any(char.IsControl)) return text;
        }
        catch (DecoderFallbackException)
        {
            // Not text.
        }

        return Convert.ToHexStringLower(bytes);
    }

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
