using System.Security.Cryptography;
using System.Text.Json;

namespace Keyway.Sandbox.Providers;

/// <summary>
/// The tokens of all providers here: JSON Web Tokens that one key signs. What is inside another provider's token is its own affair and of no
/// interest to a client; Axinom's is documented to be one of these.
/// </summary>
/// <param name="data">Where the key is kept.</param>
/// <param name="clock">The time.</param>
internal sealed class ProviderTokens(DataFolder data, TimeProvider clock)
{
    /// <summary>The file.</summary>
    public const string File = "providers.json";

    private const int LeastKey = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _used = new(StringComparer.Ordinal);
    private byte[]? _key;

    private byte[] Key
    {
        get
        {
            lock (_lock) return _key ??= Load();
        }
    }

    /// <summary>Makes a token.</summary>
    /// <param name="provider">For whose service.</param>
    /// <param name="query">How: <c>ttl</c> in seconds, <c>uses</c>, <c>now</c>.</param>
    /// <param name="ttl">How long it lasts when nothing is said.</param>
    /// <param name="uses">For how many licences it is good when nothing is said; 0: any number.</param>
    /// <returns>The token.</returns>
    /// <exception cref="FormatException">A value is not right.</exception>
    public string Make(string provider, IQueryCollection query, int ttl, int uses)
    {
        long life = Number("ttl", ttl), most = Number("uses", uses);
        return Jwt.Make(
            JsonSerializer.SerializeToUtf8Bytes(new { aud = provider, jti = RandomNumberGenerator.GetHexString(16, lowercase: true), exp = Now(query).ToUnixTimeSeconds() + life, uses = most }),
            Key);

        long Number(string name, int otherwise) =>
            !query.ContainsKey(name) ? otherwise : Parameters.Number(name, query[name].ToString()) is >= 0 and <= int.MaxValue and long number ? number : throw Parameters.Wrong(name, query[name].ToString(), "a number");
    }

    /// <summary>Judges a token.</summary>
    /// <param name="provider">Whose service it is given to.</param>
    /// <param name="token">The token; <see langword="null"/>: there is none.</param>
    /// <param name="query">The request's query, which may name the time.</param>
    /// <returns>The ticket.</returns>
    /// <exception cref="ProviderException">It is not good.</exception>
    public Ticket Judge(string provider, string? token, IQueryCollection query)
    {
        if (token is null) throw new ProviderException(Refusal.Missing, "There is no token.");
        if (token.Length == 0) throw new ProviderException(Refusal.Empty, "The token is empty.");
        if (Jwt.Read(token, Key) is not { } claims) throw new ProviderException(Refusal.Signature, "The token is none of this service's.");

        // A token that somebody else signed with the key says what it says; only what is there can be judged.
        if (Text("aud") is { } audience && audience != provider) throw new ProviderException(Refusal.Signature, "The token is another service's.");
        if (Number("exp") is { } expires && expires <= Now(query).ToUnixTimeSeconds()) throw new ProviderException(Refusal.Expired, "The token has expired.");
        Ticket ticket = new(Text("jti") ?? "", (int)(Number("uses") ?? 0));
        lock (_lock)
        {
            if (ticket.Uses > 0 && _used.GetValueOrDefault(ticket.Name) >= ticket.Uses) throw new ProviderException(Refusal.Reused, "The token has been used.");
        }

        return ticket;

        string? Text(string name) => claims.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        long? Number(string name) => claims.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : null;
    }

    /// <summary>Uses a token for a licence.</summary>
    /// <param name="ticket">It.</param>
    /// <param name="issue">Makes the answer.</param>
    /// <param name="isKept">Whether the answer will arrive.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="ProviderException">Another request has just used it.</exception>
    public byte[] Use(Ticket ticket, Func<byte[]> issue, bool isKept)
    {
        if (ticket.Uses == 0) return issue();
        lock (_lock)
        {
            int used = _used.GetValueOrDefault(ticket.Name);
            if (used >= ticket.Uses) throw new ProviderException(Refusal.Reused, "The token has been used.");
            _used[ticket.Name] = used + 1;
        }

        bool isIssued = false;
        try
        {
            byte[] answer = issue();
            isIssued = true;
            return answer;
        }
        finally
        {
            if (!isIssued || !isKept)
                lock (_lock) _used[ticket.Name]--;
        }
    }

    private DateTimeOffset Now(IQueryCollection query) => query.ContainsKey("now")
        ? Parameters.Number("now", query["now"].ToString()) is >= 0 and <= uint.MaxValue and long seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : throw Parameters.Wrong("now", query["now"].ToString(), "Unix seconds")
        : clock.GetUtcNow();

    private byte[] Load()
    {
        (string path, byte[] content) = data.ReadOrCreate(File, () => JsonSerializer.SerializeToUtf8Bytes(new { communicationKey = RandomNumberGenerator.GetBytes(32) }));
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            byte[] key = document.RootElement.GetProperty("communicationKey").GetBytesFromBase64();
            return key.Length >= LeastKey ? key : throw new FormatException("the key is too short");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new SandboxException($"""{path}: not of the form "communicationKey": "BASE64" ({e.Message}). Remove it, and a new key is made.""", e);
        }
    }
}
