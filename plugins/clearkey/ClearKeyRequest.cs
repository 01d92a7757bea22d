using System.Buffers;
using System.Text.Json;

namespace Keyway.ClearKey;

/// <summary>Writes a licence request (W3C EME, Clear Key, "License Request Format").</summary>
/// <remarks>
/// <code>
/// {"kids":["LwVHf8JLtPrv2GUXFW2v_A","0DdtU9od-Bh5L3xbv0Xf_A"],"type":"temporary"}
/// </code>
/// </remarks>
internal static class ClearKeyRequest
{
    /// <summary>Writes a request.</summary>
    /// <param name="ids">The keys to ask for.</param>
    /// <param name="destination">Where to write it.</param>
    public static void Write(IEnumerable<ClearKeyId> ids, IBufferWriter<byte> destination)
    {
        using Utf8JsonWriter json = new(destination);
        json.WriteStartObject();
        json.WriteStartArray("kids"u8);
        foreach (ClearKeyId id in ids) json.WriteStringValue(Base64Text.Encode(id.Original.Span));
        json.WriteEndArray();
        json.WriteString("type"u8, ClearKeyConstants.SessionType);
        json.WriteEndObject();
    }
}
