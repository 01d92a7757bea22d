using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Keyway.Plugins;

namespace Keyway.Licensing.Steps;

/// <summary>A configured value: the name of a secret (<c>secret:NAME</c>), or a text with <c>{name}</c> in it; <c>{{</c> and <c>}}</c> are braces.</summary>
/// <remarks>
/// Names are those of <see cref="LicenseExchange.Values"/>, and <c>sessionId</c>, <c>kid</c> (32 digits) and <c>kid:uuid</c> (the first of the
/// exchange's keys).
/// </remarks>
internal sealed class StepValue
{
    public const string SecretPrefix = "secret:";

    private readonly ISecretReader _secrets;
    private readonly string? _secret;
    private readonly (string Text, bool IsName)[] _parts;

    private StepValue(ISecretReader secrets, string? secret, (string Text, bool IsName)[] parts) =>
        (_secrets, _secret, _parts) = (secrets, secret, parts);

    public bool IsSecret => _secret is not null;

    public static bool TryParse(string text, ISecretReader secrets, out StepValue value, [NotNullWhen(false)] out string? reason)
    {
        reason = null;
        value = new StepValue(secrets, null, []);
        if (text.StartsWith(SecretPrefix, StringComparison.Ordinal))
        {
            string name = text[SecretPrefix.Length..];
            if (!IsSecretName(name)) reason = "not a secret's name: lower-case letters, digits, dots, dashes, at most 64";
            else value = new StepValue(secrets, name, []);
        }
        else if (TrySplit(text, out List<(string, bool)> parts)) value = new StepValue(secrets, null, [.. parts]);
        else reason = "a brace without its partner: names stand as {name}, a brace itself as {{ or }}";
        return reason is null;
    }

    public async ValueTask<string> ResolveAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (_secret is null) return Fill(exchange);
        using IMemoryOwner<byte> secret = await _secrets.ReadAsync(_secret, cancellationToken).ConfigureAwait(false);
        return TextOf(secret.Memory.Span);
    }

    /// <summary>A secret as text: files often end in a line break that is no part of it.</summary>
    public static string TextOf(ReadOnlySpan<byte> secret) => Encoding.UTF8.GetString(secret.TrimEnd("\r\n"u8));

    private static bool IsSecretName(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(name[0]) &&
        name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-');

    private static bool TrySplit(string text, out List<(string Text, bool IsName)> parts)
    {
        parts = [];
        StringBuilder literal = new();
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c is not ('{' or '}')) literal.Append(c);
            else if (i + 1 < text.Length && text[i + 1] == c)
            {
                literal.Append(c);
                i++;
            }
            else
            {
                int end = c == '{' ? text.IndexOf('}', i) : -1;
                if (end <= i + 1) return false;
                if (literal.Length > 0) parts.Add((literal.ToString(), false));
                literal.Clear();
                parts.Add((text[(i + 1)..end], true));
                i = end;
            }
        }

        if (literal.Length > 0) parts.Add((literal.ToString(), false));
        return true;
    }

    private string Fill(LicenseExchange exchange)
    {
        StringBuilder text = new();
        foreach ((string part, bool isName) in _parts) text.Append(isName ? Named(part, exchange) : part);
        return text.ToString();
    }

    private static string Named(string name, LicenseExchange exchange)
    {
        if (exchange.Values.TryGetValue(name, out string? value)) return value;
        if (name == "sessionId") return exchange.Session.ToString();
        if (name is "kid" or "kid:uuid" && exchange.KeyIds.Count > 0)
        {
            string digits = exchange.KeyIds[0].ToString();
            return name == "kid" ? digits : $"{digits[..8]}-{digits[8..12]}-{digits[12..16]}-{digits[16..20]}-{digits[20..]}";
        }

        throw new LicenseServiceException(LicenseErrorKind.Unknown, $"the pipeline of '{exchange.Provider}' needs a value named '{name}', and nobody gave it")
        {
            Advice = $"give it with the presentation's values ({name}=…)",
        };
    }
}
