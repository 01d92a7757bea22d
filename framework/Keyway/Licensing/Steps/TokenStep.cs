using System.Buffers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>Where a token goes.</summary>
internal enum TokenPlacement
{
    Header = 0,
    Query,
    CustomData,
}

/// <summary>
/// <c>token</c>: attaches a token that it is given. When the service says that the token is bad or too old, it asks for another, once, and lets the
/// rest run again: a fresh challenge goes out with the fresh token.
/// </summary>
/// <remarks>
/// Settings: <c>Source</c> (<c>secret:NAME</c>; absent: the application's own source, which also comes first where both are there),
/// <c>Placement</c> (Header, Query, CustomData), <c>Name</c> (of the header or member; <c>Authorization</c>), <c>Prefix</c> (<c>"Bearer "</c>).
/// </remarks>
internal sealed class TokenStep : ILicenseMiddleware
{
    private readonly StepValue? _source;
    private readonly TokenPlacement _placement;
    private readonly string _name;
    private readonly string _prefix;

    public TokenStep(IConfigurationSection section, StepContext context)
    {
        StepSettings settings = new(section, "Source", "Placement", "Name", "Prefix");
        _source = settings.Secret("Source", context.Secrets);
        _placement = settings.Choice("Placement", TokenPlacement.Header);
        string? name = settings.Text("Name");
        _prefix = settings.Text("Prefix") ?? (_placement == TokenPlacement.Header && name is null ? "Bearer " : "");
        _name = name ?? (_placement == TokenPlacement.Header ? "Authorization" : "");
        if (_placement == TokenPlacement.Query && name is null) settings.Wrong("Name", "missing: the query member that carries the token");
        if (_placement == TokenPlacement.Header && RequestMembers.WhyNotHeader(_name) is { } reason) settings.Wrong("Name", reason);
        settings.Check();
    }

    public IReadOnlyCollection<string> SecretMembers => _name.Length == 0 ? [] : [_name];

    public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        ExchangeStart start = new(exchange);
        await AttachAsync(exchange, TokenReason.First, cancellationToken).ConfigureAwait(false);
        try
        {
            await next(exchange, cancellationToken).ConfigureAwait(false);
        }
        catch (LicenseServiceException refusal) when (refusal.Kind is LicenseErrorKind.TokenExpired or LicenseErrorKind.TokenInvalid or LicenseErrorKind.TokenReused)
        {
            start.Restore(exchange);
            await AttachAsync(exchange, TokenReason.Rejected, cancellationToken).ConfigureAwait(false);
            await next(exchange, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask AttachAsync(LicenseExchange exchange, TokenReason reason, CancellationToken cancellationToken)
    {
        string token = _prefix + await ReadAsync(exchange, reason, cancellationToken).ConfigureAwait(false);
        switch (_placement)
        {
            case TokenPlacement.Header:
                exchange.Request = exchange.Request.WithHeader(_name, token);
                break;
            case TokenPlacement.Query:
                exchange.Request = exchange.Request.WithQuery(_name, token, verbatim: false);
                break;
            default:
                exchange.CustomData = token;
                break;
        }
    }

    private async ValueTask<string> ReadAsync(LicenseExchange exchange, TokenReason reason, CancellationToken cancellationToken)
    {
        string token = "";
        if (exchange.Tokens is { } tokens)
        {
            TokenRequest request = new() { KeyIds = exchange.KeyIds, KeySystem = exchange.KeySystem, Reason = reason };
            using IMemoryOwner<byte> owner = await tokens(request, cancellationToken).ConfigureAwait(false);
            // A pooled owner may be longer than its token.
            token = StepValue.TextOf(owner.Memory.Span.TrimEnd((byte)0));
        }
        else if (_source is not null) token = await _source.ResolveAsync(exchange, cancellationToken).ConfigureAwait(false);

        ExchangeRun.KeepSecret(exchange, token);
        if (token.Length > 0) return token;
        throw new LicenseServiceException(LicenseErrorKind.TokenMissing, $"the pipeline of '{exchange.Provider}' needs a token, and nobody gave one")
        {
            Advice = "give a source of tokens, or configure Source of the step 'token'",
        };
    }
}
