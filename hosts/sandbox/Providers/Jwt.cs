using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Keyway.Sandbox.Providers;

/// <summary>JSON Web Tokens with HMAC-SHA-256: RFC 7519, RFC 7515 3.1, RFC 7518 3.2.</summary>
internal static class Jwt
{
    private const string Header = """{"alg":"HS256","typ":"JWT"}""";

    /// <summary>Makes one.</summary>
    /// <param name="claims">The claims, a JSON object.</param>
    /// <param name="key">The key.</param>
    /// <returns>The token.</returns>
    public static string Make(ReadOnlySpan<byte> claims, byte[] key)
    {
        string signed = $"{Encode(Encoding.ASCII.GetBytes(Header))}.{Encode(claims)}";
        return $"{signed}.{Encode(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>Reads one.</summary>
    /// <param name="token">The token.</param>
    /// <param name="key">The key.</param>
    /// <returns>Its claims, or <see langword="null"/>: it is none, or another key signed it.</returns>
    public static JsonElement? Read(string token, byte[] key)
    {
        if (token.Split('.') is not [string header, string claims, string signature]) return null;
        if (Decode(header) is not { } head || Decode(claims) is not { } body || Decode(signature) is not { } mac) return null;
        if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"{header}.{claims}")), mac)) return null;
        try
        {
            using JsonDocument first = JsonDocument.Parse(head), second = JsonDocument.Parse(body);
            bool isRight = first.RootElement.ValueKind == JsonValueKind.Object && first.RootElement.TryGetProperty("alg", out JsonElement algorithm)
                && algorithm.ValueKind == JsonValueKind.String && algorithm.ValueEquals("HS256") && second.RootElement.ValueKind == JsonValueKind.Object;
            return isRight ? second.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static byte[]? Decode(string text)
    {
        if (text.AsSpan().IndexOfAny('+', '/', '=') >= 0) return null;
        string padded = text.Replace('-', '+').Replace('_', '/') + new string('=', (4 - text.Length % 4) % 4);
        byte[] bytes = new byte[padded.Length];
        return Convert.TryFromBase64String(padded, bytes, out int length) ? bytes[..length] : null;
    }
}
