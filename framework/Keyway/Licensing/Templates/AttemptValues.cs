using System.Buffers;
using System.Collections.Immutable;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Templates;

/// <summary>One attempt of an exchange as templates see it: what they name, and the token that it has by now.</summary>
/// <param name="scope">The pipeline's scope.</param>
/// <param name="exchange">The exchange.</param>
/// <param name="tokens">Who gives the token; <see langword="null"/>: the pipeline has no step <c>token</c> here, and <c>{token}</c> is a value of the application's like any other.</param>
/// <param name="reason">Why a token is wanted.</param>
/// <param name="rejected">The token that was no good.</param>
internal sealed class AttemptValues(TemplateScope scope, LicenseExchange exchange, ITokenSource? tokens = null, TokenReason reason = TokenReason.First, ServiceToken? rejected = null) : ITemplateValues
{
    // What must not be seen in a refusal's text, whatever its form.
    private ImmutableArray<string> _secrets = [];

    public bool IsPreview => false;

    /// <summary>Who gives the token.</summary>
    public ITokenSource? Tokens => tokens;

    /// <summary>The token, if something has named it.</summary>
    public ServiceToken? Token { get; private set; }

    /// <summary>The exchange's values in this attempt; made where nobody has.</summary>
    public static AttemptValues Of(LicenseExchange exchange, TemplateScope scope)
    {
        ExchangeRun? run = ExchangeRun.Find(exchange);
        if (run?.Values is AttemptValues known) return known;
        AttemptValues values = new(scope, exchange);
        if (run is not null) run.Values = values;
        return values;
    }

    public async ValueTask<TemplateValue?> FindAsync(string name, bool optional, CancellationToken cancellationToken)
    {
        if (SecretText.IsReference(name)) return await SecretAsync(name, cancellationToken).ConfigureAwait(false);
        switch (name)
        {
            case TemplateNames.Token when tokens is not null && optional && Token is null && !tokens.HasSource(exchange):
                return null;
            case TemplateNames.Token when tokens is not null:
                return new TemplateValue((await TokenAsync(cancellationToken).ConfigureAwait(false)).Value);
            case TemplateNames.Challenge:
                return new TemplateValue(Body(), null);
            case TemplateNames.CustomData when exchange.CustomData is { } custom:
                Hide(custom);
                return new TemplateValue(custom);
        }

        if (scope.Names.Parameter(name) is { } parameter) return await ParameterAsync(parameter, optional, cancellationToken).ConfigureAwait(false);
        return ExchangeValues.Find(exchange, name) ?? (optional ? null : throw ExchangeValues.Missing(exchange, name));
    }

    public async ValueTask<ServiceToken> TokenAsync(CancellationToken cancellationToken)
    {
        if (Token is not null) return Token;
        Token = await tokens!.GetAsync(this, exchange, reason, rejected, cancellationToken).ConfigureAwait(false);
        Hide(Token.Value);
        return Token;
    }

    /// <summary>Takes secrets out of a service's words: by their names, by their looks, and those of this exchange wherever they stand.</summary>
    public string Mask(string text)
    {
        foreach (string secret in _secrets)
            text = text.Replace(secret, Redactor.Mask, StringComparison.Ordinal).Replace(Uri.EscapeDataString(secret), Redactor.Mask, StringComparison.Ordinal);
        return scope.Redactor.Text(ExchangeRun.Find(exchange)?.Mask(text) ?? text);
    }

    /// <summary>Whether a secret of this exchange stands in a text.</summary>
    public bool IsIn(string text) => _secrets.Any(secret => text.Contains(secret, StringComparison.Ordinal) || text.Contains(Uri.EscapeDataString(secret), StringComparison.Ordinal));

    // In one piece, and in no memory that stays as it is.
    private ReadOnlyMemory<byte> Body()
    {
        if (exchange.Body.IsSingleSegment) return exchange.Body.First;
        SecretBuffer body = ExchangeRun.BufferFor(exchange);
        foreach (ReadOnlyMemory<byte> piece in exchange.Body) body.Write(piece.Span);
        return body.Written;
    }

    private async ValueTask<TemplateValue?> ParameterAsync(PackParameter parameter, bool optional, CancellationToken cancellationToken)
    {
        string? text = parameter.PerPresentation && exchange.Values.TryGetValue(parameter.Name, out string? given) ? given : scope.Settings.Text(parameter.Name);
        if (text is null) return optional || parameter.Optional ? null : throw ExchangeValues.Missing(exchange, parameter.Name);
        if (parameter.Secret && SecretText.IsReference(text)) return await SecretAsync(text, cancellationToken).ConfigureAwait(false);
        if (parameter.Secret) Hide(text);
        return new TemplateValue(text);
    }

    private async ValueTask<TemplateValue> SecretAsync(string reference, CancellationToken cancellationToken)
    {
        using IMemoryOwner<byte> secret = await scope.Secrets.ReadAsync(reference[SecretText.Prefix.Length..], cancellationToken).ConfigureAwait(false);
        string text = SecretText.Of(secret.Memory.Span);
        Hide(text);
        return new TemplateValue(text);
    }

    private void Hide(string secret)
    {
        if (secret.Length > 0 && !_secrets.Contains(secret)) _secrets = _secrets.Add(secret);
        ExchangeRun.KeepSecret(exchange, secret);
    }
}
