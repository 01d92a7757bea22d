using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;
using Keyway.Plugins;

namespace Keyway.Licensing.Templates;

/// <summary>A configured value: the name of a secret (<c>secret:NAME</c>), or a <see cref="TextTemplate"/>.</summary>
/// <remarks>Names are those of <see cref="LicenseExchange.Values"/>, and those of <see cref="ExchangeValues"/>; <c>kid</c> is the first of the exchange's keys.</remarks>
internal sealed class StepValue
{
    public const string SecretPrefix = "secret:";

    private readonly ISecretReader _secrets;
    private readonly string? _secret;
    private readonly TextTemplate _template;

    private StepValue(ISecretReader secrets, string? secret, TextTemplate template) => (_secrets, _secret, _template) = (secrets, secret, template);

    public bool IsSecret => _secret is not null;

    public static bool TryParse(string text, ISecretReader secrets, out StepValue value, [NotNullWhen(false)] out string? reason)
    {
        reason = null;
        value = new StepValue(secrets, null, TextTemplate.Empty);
        if (text.StartsWith(SecretPrefix, StringComparison.Ordinal))
        {
            string name = text[SecretPrefix.Length..];
            if (!IsSecretName(name)) reason = "not a secret's name: lower-case letters, digits, dots, dashes, at most 64";
            else value = new StepValue(secrets, name, TextTemplate.Empty);
        }
        else if (TextTemplate.TryParse(text, out TextTemplate? template, out reason)) value = new StepValue(secrets, null, template);
        return reason is null;
    }

    public async ValueTask<string> ResolveAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (_secret is null) return Fill(exchange);
        using IMemoryOwner<byte> secret = await _secrets.ReadAsync(_secret, cancellationToken).ConfigureAwait(false);
        string text = TextOf(secret.Memory.Span);
        ExchangeRun.KeepSecret(exchange, text);
        return text;
    }

    /// <summary>A secret as text: files often end in a line break that is no part of it.</summary>
    public static string TextOf(ReadOnlySpan<byte> secret) => Encoding.UTF8.GetString(secret.TrimEnd("\r\n"u8));

    public static bool IsSecretName(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(name[0]) &&
        name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-');

    private string Fill(LicenseExchange exchange)
    {
        using SecretBuffer text = new();
        foreach (TemplatePart part in _template.Parts)
        {
            TemplateValue value = part.IsName ? ExchangeValues.Find(exchange, part.Text) ?? throw ExchangeValues.Missing(exchange, part.Text) : new TemplateValue(part.Text);
            if (!TextTemplate.TryWrite(part, value, ValueEncoding.Raw, text))
                throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"the value '{part.Text}' cannot be written as the pipeline of '{exchange.Provider}' wants it");
        }

        return Encoding.UTF8.GetString(text.Written.Span);
    }
}
