using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Answers;

/// <summary>Reads bodies: base64 of either alphabet, and members of JSON by dotted path.</summary>
internal static class BodyText
{
    /// <summary>A body without the byte order mark that some services put before it.</summary>
    public static ReadOnlySequence<byte> WithoutMark(ReadOnlySequence<byte> body)
    {
        SequenceReader<byte> reader = new(body);
        return reader.IsNext("\uFEFF"u8, advancePast: true) ? reader.UnreadSequence : body;
    }

    /// <summary>Decodes base64 or base64url, with or without padding and white space.</summary>
    public static bool TryDecodeBase64(ReadOnlySequence<byte> text, SecretBuffer destination)
    {
        text = WithoutMark(text);
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

    /// <summary>Finds a member by its path: <c>error.code</c>, <c>licenses.0.data</c>.</summary>
    public static JsonElement? Find(JsonDocument document, string path)
    {
        try
        {
            return Walk(document, path);
        }
        catch (InvalidOperationException)
        {
            // A name with half a surrogate pair, which no path can mean.
            return null;
        }
    }

    /// <summary>The text of a string; <see langword="null"/> where it is no text: the parser looks at neither UTF-8 nor surrogates before somebody wants it.</summary>
    public static string? TextOf(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static JsonElement? Walk(JsonDocument document, string path)
    {
        JsonElement element = document.RootElement;
        foreach (string name in path.Split('.'))
        {
            if (element.ValueKind == JsonValueKind.Array && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < element.GetArrayLength())
                element = element[index];
            else if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element)) return null;
        }

        return element;
    }

    /// <summary>Reads an array of numbers, one a byte.</summary>
    public static bool TryReadNumbers(JsonElement numbers, SecretBuffer destination)
    {
        if (numbers.ValueKind != JsonValueKind.Array) return false;
        foreach (JsonElement number in numbers.EnumerateArray())
        {
            if (number.ValueKind != JsonValueKind.Number || !number.TryGetByte(out byte value)) return false;
            destination.GetSpan(1)[0] = value;
            destination.Advance(1);
        }

        return true;
    }

    /// <summary>Writes the text of a JSON string. Without escapes no copy is left in a string.</summary>
    public static void WriteText(JsonElement text, SecretBuffer destination)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(text)[1..^1];
        // Base64 needs no escapes but that of its slash, which some services write.
        if (raw.Contains((byte)'\\') && TextOf(text) is { } plain) destination.Write(Encoding.UTF8.GetBytes(plain));
        else destination.Write(raw);
    }
}
