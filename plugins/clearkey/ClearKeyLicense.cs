using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Licensing;

namespace Keyway.ClearKey;

/// <summary>A licence: a JSON Web Key set (W3C EME, Clear Key, "License Format"; RFC 7517). Disposing it clears the keys.</summary>
/// <remarks>
/// <code>
/// {"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A","k":"tQ0bJVWb6b0KPL6KtZIy_A"}],"type":"temporary"}
/// </code>
/// Strict about what it uses, ignores what it does not know. A member that stands twice is refused, because readers differ in which one
/// counts, and so is one identifier with two keys. Nothing of a licence is in the text of an exception, not even one letter.
/// </remarks>
internal sealed class ClearKeyLicense : IDisposable
{
    private readonly List<(KeyId Id, byte[] Key)> _keys = [];

    private ClearKeyLicense()
    {
    }

    /// <summary>The keys, each identifier once, 16 bytes each.</summary>
    public IReadOnlyList<(KeyId Id, byte[] Key)> Keys => _keys;

    /// <summary>Reads a licence.</summary>
    /// <param name="body">The answer's body.</param>
    /// <returns>The licence. Ownership: the caller's.</returns>
    /// <exception cref="LicenseServiceException">With <see cref="LicenseErrorKind.LicenseMalformed"/>.</exception>
    public static ClearKeyLicense Read(in ReadOnlySequence<byte> body)
    {
        ClearKeyLicense license = new();
        bool whole = false;
        Utf8JsonReader reader = new(WithoutMark(body));
        try
        {
            license.ReadSet(ref reader);
            whole = true;
            return license;
        }
        catch (JsonException e)
        {
            throw ClearKeyError.Malformed(ClearKeyAnswer.WhyNoJson(body) is { } shape ? $"not valid JSON: {shape}" : $"not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})");
        }
        catch (InvalidOperationException)
        {
            throw ClearKeyError.Malformed($"text that is not UTF-8 (before byte {reader.BytesConsumed})");   // the reader checks strings only when they are taken
        }
        finally
        {
            if (!whole) license.Dispose();
        }
    }

    /// <summary>Clears the keys.</summary>
    public void Dispose()
    {
        foreach ((_, byte[] key) in _keys) CryptographicOperations.ZeroMemory(key);
        _keys.Clear();
    }

    // RFC 8259, 8.1: a writer must not put a byte order mark before JSON; a reader may pass over one, because writers do.
    private static ReadOnlySequence<byte> WithoutMark(in ReadOnlySequence<byte> body)
    {
        SequenceReader<byte> reader = new(body);
        return reader.IsNext("\uFEFF"u8, advancePast: true) ? reader.UnreadSequence : body;
    }

    private void ReadSet(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) throw ClearKeyError.Malformed("not a JSON object: it is a text in quotes");
        if (reader.TokenType != JsonTokenType.StartObject) throw ClearKeyError.Malformed("not a JSON object");

        bool keys = false, type = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            if (reader.ValueTextEquals("keys"u8)) ReadKeys(ref reader, Once(ref keys, "keys"));
            else if (reader.ValueTextEquals("type"u8)) ReadType(ref reader, Once(ref type, "type"));
            else reader.Skip();
        }

        reader.Read();   // nothing may follow
        if (!keys) throw ClearKeyError.Malformed("there is no member 'keys'");
    }

    private void ReadKeys(ref Utf8JsonReader reader, string member)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) throw ClearKeyError.Malformed($"'{member}' is not a list");

        Dictionary<KeyId, byte[]> known = [];
        for (int i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            // Pinned, so that the collector leaves no copy behind that nobody clears.
            byte[] key = GC.AllocateArray<byte>(ClearKeyConstants.KeyLength, pinned: true);
            KeyId id = ReadKey(ref reader, i, key);
            if (known.TryAdd(id, key))
            {
                _keys.Add((id, key));
                continue;
            }

            bool same = CryptographicOperations.FixedTimeEquals(known[id], key);
            CryptographicOperations.ZeroMemory(key);
            if (!same) throw ClearKeyError.Malformed($"two different keys for {id}");
        }
    }

    private static KeyId ReadKey(ref Utf8JsonReader reader, int index, Span<byte> key)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw ClearKeyError.Malformed($"key {index} is not a JSON object");

        bool kty = false, kid = false, k = false;
        ClearKeyId id = default;
        bool done = false;
        try
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                if (reader.ValueTextEquals("kty"u8))
                {
                    Once(ref kty, "kty");
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.String || !reader.ValueTextEquals("oct"u8))
                        throw ClearKeyError.Malformed($"key {index} is not of type 'oct'");
                }
                else if (reader.ValueTextEquals("kid"u8))
                {
                    Once(ref kid, "kid");
                    reader.Read();
                    if (!Base64Text.TryDecodeId(ref reader, out id)) throw ClearKeyError.Malformed($"key {index} has no identifier in base64url");
                }
                else if (reader.ValueTextEquals("k"u8))
                {
                    Once(ref k, "k");
                    reader.Read();
                    if (!Base64Text.TryDecode(ref reader, key, out int length) || length != ClearKeyConstants.KeyLength)
                        throw ClearKeyError.Malformed($"key {index} is not {ClearKeyConstants.KeyLength} bytes in base64url");
                }
                else reader.Skip();
            }

            if (!kty || !kid || !k) throw ClearKeyError.Malformed($"key {index} lacks '{(!kty ? "kty" : !kid ? "kid" : "k")}'");
            done = true;
            return id.Id;
        }
        finally
        {
            if (!done) CryptographicOperations.ZeroMemory(key);
        }
    }

    private static void ReadType(ref Utf8JsonReader reader, string member)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String || !reader.ValueTextEquals(ClearKeyConstants.SessionType))
            throw ClearKeyError.Malformed($"'{member}' is not the one that was asked for, '{ClearKeyConstants.SessionType}'");
    }

    private static string Once(ref bool seen, string member)
    {
        if (seen) throw ClearKeyError.Malformed($"the member '{member}' stands twice");
        seen = true;
        return member;
    }
}
