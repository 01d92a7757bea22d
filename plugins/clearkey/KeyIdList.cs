using System.Text.Json;

namespace Keyway.ClearKey;

/// <summary>Reads <c>{"kids":["base64url", …]}</c> (W3C EME "keyids" Initialization Data Format).</summary>
internal static class KeyIdList
{
    /// <summary>Reads the list.</summary>
    /// <param name="json">The JSON text, UTF-8.</param>
    /// <param name="ids">Where the identifiers are added. When the method returns <see langword="false"/>, some may have been.</param>
    /// <param name="reason">Why not.</param>
    /// <returns><see langword="false"/> when the text is not such an object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, List<ClearKeyId> ids, out string reason)
    {
        Utf8JsonReader reader = new(json);
        try
        {
            reason = Read(ref reader, ids);
        }
        catch (JsonException e)
        {
            reason = $"not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})";
        }
        catch (InvalidOperationException)
        {
            reason = $"text that is not UTF-8 (before byte {reader.BytesConsumed})";   // the reader checks strings only when they are taken
        }

        return reason.Length == 0;
    }

    private static string Read(ref Utf8JsonReader reader, List<ClearKeyId> ids)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return "not a JSON object";

        bool seen = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            bool kids = reader.ValueTextEquals("kids"u8);
            reader.Read();
            if (!kids)
            {
                reader.Skip();
                continue;
            }

            if (seen) return "the member 'kids' stands twice";
            seen = true;
            if (reader.TokenType != JsonTokenType.StartArray) return "'kids' is not a list";
            for (int i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
            {
                if (!Base64Text.TryDecodeId(ref reader, out ClearKeyId id)) return $"'kids' entry {i} is not a key identifier in base64url";
                ids.Add(id);
            }
        }

        reader.Read();   // nothing may follow
        return seen ? "" : "there is no member 'kids'";
    }
}
