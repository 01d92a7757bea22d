using System.Buffers;
using System.Collections.Immutable;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Tokens;

namespace Keyway.Licensing.Templates;

/// <summary>One exchange as the steps of a pack see it: what its templates name, and the token that it has by now.</summary>
internal sealed class PackExchange(BoundPack pack, LicenseExchange exchange, TokenReason reason, PackToken? rejected) : ITemplateValues
{
    // What must not be seen in a refusal's text, whatever its form.
    private ImmutableArray<string> _secrets = [];

    public bool IsPreview => false;

    /// <summary>The token, if something has named it.</summary>
    public PackToken? Token { get; private set; }

    /// <summary>The exchange's state in this attempt; made where nobody has.</summary>
    public static PackExchange Of(LicenseExchange exchange, BoundPack pack)
    {
        ExchangeRun run = ExchangeRun.Of(exchange);
        return run.Pack ??= new PackExchange(pack, exchange, TokenReason.First, rejected: null);
    }

    public async ValueTask<TemplateValue?> FindAsync(string name, bool optional, CancellationToken cancellationToken)
    {
        if (name.StartsWith(StepValue.SecretPrefix, StringComparison.Ordinal)) return await SecretAsync(name, cancellationToken).ConfigureAwait(false);
        switch (name)
        {
            case PackNames.Token when optional && Token is null && !pack.Tokens!.HasSource(exchange):
                return null;
            case PackNames.Token:
                return new TemplateValue((await TokenAsync(cancellationToken).ConfigureAwait(false)).Value);
            case PackNames.Challenge:
                return new TemplateValue(exchange.Body.ToArray(), null);
            case PackNames.CustomData:
                if (exchange.CustomData is { } custom)
                {
                    Hide(custom);
                    return new TemplateValue(custom);
                }

                return optional ? null : throw ExchangeValues.Missing(exchange, name);
        }

        if (pack.Pack.Names.Parameter(name) is { } parameter) return await ParameterAsync(parameter, optional, cancellationToken).ConfigureAwait(false);
        return ExchangeValues.Find(exchange, name) ?? (optional ? null : throw ExchangeValues.Missing(exchange, name));
    }

    public async ValueTask<PackToken> TokenAsync(CancellationToken cancellationToken)
    {
        if (Token is not null) return Token;
        Token = await pack.Tokens!.GetAsync(this, exchange, reason, rejected, cancellationToken).ConfigureAwait(false);
        Hide(Token.Value);
        return Token;
    }

    /// <summary>Takes secrets out of a service's words: by their names, by their looks, and those of this exchange wherever they stand.</summary>
    public string Mask(string text)
    {
        foreach (string secret in _secrets)
            text = text.Replace(secret, Redactor.Mask, StringComparison.Ordinal).Replace(Uri.EscapeDataString(secret), Redactor.Mask, StringComparison.Ordinal);
        return pack.Redactor.Text(ExchangeRun.Find(exchange)?.Mask(text) ?? text);
    }

    /// <summary>Whether a secret of this exchange stands in a text.</summary>
    public bool IsIn(string text) => _secrets.Any(secret => text.Contains(secret, StringComparison.Ordinal) || text.Contains(Uri.EscapeDataString(secret), StringComparison.Ordinal));

    private async ValueTask<TemplateValue?> ParameterAsync(PackParameter parameter, bool optional, CancellationToken cancellationToken)
    {
        string? text = parameter.PerPresentation && exchange.Values.TryGetValue(parameter.Name, out string? given) ? given : pack.Settings.Text(parameter.Name);
        if (text is null) return optional || parameter.Optional ? null : throw ExchangeValues.Missing(exchange, parameter.Name);
        if (parameter.Secret && text.StartsWith(StepValue.SecretPrefix, StringComparison.Ordinal)) return await SecretAsync(text, cancellationToken).ConfigureAwait(false);
        if (parameter.Secret) Hide(text);
        return new TemplateValue(text);
    }

    private async ValueTask<TemplateValue> SecretAsync(string reference, CancellationToken cancellationToken)
    {
        using IMemoryOwner<byte> secret = await pack.Context.Secrets.ReadAsync(reference[StepValue.SecretPrefix.Length..], cancellationToken).ConfigureAwait(false);
        string text = StepValue.TextOf(secret.Memory.Span);
        Hide(text);
        return new TemplateValue(text);
    }

    private void Hide(string secret)
    {
        if (secret.Length > 0 && !_secrets.Contains(secret)) _secrets = _secrets.Add(secret);
        ExchangeRun.KeepSecret(exchange, secret);
    }
}
