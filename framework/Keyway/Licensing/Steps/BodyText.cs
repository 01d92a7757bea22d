using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Keyway.Licensing.Steps;

/// <summary>Reads bodies: base64 of either alphabet, and members of JSON by dotted path.</summary>
internal static class BodyText
{
    /// <summary>Decodes base64 or base64url, with or without padding and white space.</summary>
    public static bool TryDecodeBase64(ReadOnlySequence<byte> text, SecretBuffer destination)
    {
        using SecretBuffer plain = new();
        Span<byte> characters = plain.GetSpan(checked((int)text.Length) + 3);
        int length = 0;
        foreach (ReadOnlyMemory<byte> segment in text)
        {
            foreach (byte c in segment.Span)
            {
                if (c is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'=') continue;
                characters[length++] = c switch { (byte)'-' => (byte)'+', (byte)'_' => (byte)'/', _ => c };
            }
        }

        while (length % 4 != 0) characters[length++] = (byte)'=';
        OperationStatus status = Base64.DecodeFromUtf8(characters[..length], destination.GetSpan(length), out int consumed, out int written);
        plain.Advance(length);
        if (status != OperationStatus.Done || consumed != length) return false;
        destination.Advance(written);
        return true;
    }

    /// <summary>Parses a body as JSON if it begins like an object.</summary>
    public static JsonDocument? TryParseObject(ReadOnlySequence<byte> body)
    {
        SequenceReader<byte> reader = new(body);
        reader.AdvancePastAny((byte)' ', (byte)'\t', (byte)'\r', (byte)'\n');
        if (!reader.TryPeek(out byte first) || first != (byte)'{') return null;
        try
        {
            return JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Finds a member by its path: <c>error.code</c>.</summary>
    public static JsonElement? Find(JsonDocument document, string path)
    {
        JsonElement element = document.RootElement;
        foreach (string name in path.Split('.'))
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element)) return null;
        return element;
    }
}
