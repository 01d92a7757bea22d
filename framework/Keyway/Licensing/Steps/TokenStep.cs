using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;
using Keyway.Licensing.Tokens;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>Where a token goes.</summary>
internal enum TokenPlacement
{
    Header = 0,
    Query,
    CustomData,

    /// <summary>Where templates of later steps name it, <c>{token}</c>; it is fetched when the first of them does.</summary>
    None,
}

/// <summary>
/// <c>token</c>: attaches a token, or has one ready for templates of later steps. When the service says that the token is bad, another is fetched, once, and the
/// rest runs again: a fresh challenge goes out with the fresh token.
/// </summary>
/// <remarks>
/// Settings: where it comes from and how long it serves (<see cref="TokenSettings"/>); <c>Source</c> is another word for <c>Secret</c>. The application's own source
/// comes first where there is one. <c>Placement</c> (Header, Query, CustomData, None), <c>Name</c> (of the header or member; <c>Authorization</c>), <c>Prefix</c> (<c>"Bearer "</c>).
/// </remarks>
internal sealed class TokenStep : ILicenseMiddleware
{
    private readonly TokenSettings _settings;
    private readonly TokenSources _tokens;
    private readonly TemplateScope _scope;
    private readonly TokenPlacement _placement;
    private readonly string _name;
    private readonly string _prefix;

    public TokenStep(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        _scope = context.Scope;
        _settings = TokenSettings.Read(reader, _scope.Names);
        string? source = reader.Member("source") is { } node ? TokenSettings.SecretName(node, reader.Mistakes) : null;
        if (source is not null && _settings.Secret is not null) reader.Wrong("source", "'Secret' says the same in other words: give one of them");
        _placement = reader.Choice<TokenPlacement>("placement") ?? TokenPlacement.Header;
        string? name = reader.Text("name"), prefix = reader.Text("prefix");
        _prefix = prefix ?? (_placement == TokenPlacement.Header && name is null ? "Bearer " : "");
        _name = name ?? (_placement == TokenPlacement.Header ? "Authorization" : "");
        if (_placement == TokenPlacement.Query && name is null) reader.Wrong("name", "missing: the query member that carries the token");
        if (_placement == TokenPlacement.Header && RequestMembers.WhyNotHeader(_name) is { } reason) reader.Wrong("name", reason);
        if (_placement == TokenPlacement.None && (name ?? prefix) is not null) reader.Wrong(name is null ? "prefix" : "name", "templates say where the token goes");
        if (_settings.Http is { } recipe && !RequestStep.TrySettle(recipe.Url, _scope, out _, out string? why)) reader.Mistakes.Add(recipe.Url.Path, why);
        reader.Check();
        _settings = _settings with { Secret = _settings.Secret ?? source };
        // What goes where it is told is written as it is, as ever; what a template names is one line.
        if (reader.Node.Find("read") is null && _placement != TokenPlacement.None) _settings = _settings with { Reads = [TokenReading.Raw] };
        _tokens = new TokenSources(_scope, context.Clock, _settings);
        _scope.TokenBringsUrl |= _settings.BringsUrl;
    }

    public IReadOnlyCollection<string> SecretMembers => _name.Length == 0 ? [] : [_name];

    /// <summary>Where the tokens come from.</summary>
    public TokenSources Sources => _tokens;

    public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        ExchangeStart start = new(exchange);
        AttemptValues first = Begin(exchange, TokenReason.First, rejected: null);
        await AttachAsync(exchange, first, cancellationToken).ConfigureAwait(false);
        try
        {
            await next(exchange, cancellationToken).ConfigureAwait(false);
        }
        catch (LicenseServiceException refusal) when (first.Token is not null && _settings.IsBadToken(refusal))
        {
            start.Restore(exchange);
            AttemptValues second = Begin(exchange, TokenReason.Rejected, first.Token);
            ServiceToken token;
            try
            {
                token = await second.TokenAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (KeywayException failure)
            {
                throw Explained(refusal, $"and no other token was to be had: {failure.Message}");
            }

            // The same once more would be refused once more, and perhaps billed. A service that one is attached for may have been wrong.
            if (_placement == TokenPlacement.None && token.Value == first.Token.Value) throw Explained(refusal, "and the source of tokens gave the same again");
            await AttachAsync(exchange, second, cancellationToken).ConfigureAwait(false);
            await next(exchange, cancellationToken).ConfigureAwait(false);
            Count(exchange, second);
            return;
        }

        Count(exchange, first);
    }

    private AttemptValues Begin(LicenseExchange exchange, TokenReason reason, ServiceToken? rejected)
    {
        AttemptValues values = new(_scope, exchange, _tokens, reason, rejected);
        ExchangeRun.Of(exchange).Values = values;
        return values;
    }

    private async ValueTask AttachAsync(LicenseExchange exchange, AttemptValues values, CancellationToken cancellationToken)
    {
        if (_placement == TokenPlacement.None) return;
        string token = _prefix + (await values.TokenAsync(cancellationToken).ConfigureAwait(false)).Value;
        switch (_placement)
        {
            case TokenPlacement.Header:
                exchange.Request = exchange.Request.WithHeader(_name, token);
                break;
            case TokenPlacement.Query:
                exchange.Request = exchange.Request.WithQuery(_name, token);
                break;
            default:
                exchange.CustomData = token;
                break;
        }
    }

    private void Count(LicenseExchange exchange, AttemptValues attempt)
    {
        if (attempt.Token is not null && exchange.Kind is not (ChallengeKind.ServerCertificate or ChallengeKind.Individualization)) _tokens.Redeemed();
    }

    private static LicenseServiceException Explained(LicenseServiceException refusal, string more) => new(refusal.Kind, $"{refusal.Message}, {more}", refusal)
    {
        ProviderCode = refusal.ProviderCode,
        Status = refusal.Status,
        Advice = refusal.Advice,
        Retryable = false,
    };
}
