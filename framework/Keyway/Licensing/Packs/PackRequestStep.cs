using System.Buffers;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Packs;

/// <summary>
/// <c>request</c> of a pack: chooses the URL, and writes method, headers, query and body. It stands after the challenge, when it is known what that
/// really is: a request for the service's certificate may go elsewhere.
/// </summary>
internal sealed class PackRequestStep(BoundPack pack) : LicenseRequestDecorator
{
    public override IReadOnlyCollection<string> SecretMembers => pack.SecretMembers;

    public override async ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        BoundRequest wanted = pack.For(exchange);
        PackExchange values = PackExchange.Of(exchange, pack);
        string url = await ChooseAsync(exchange, wanted, values, cancellationToken).ConfigureAwait(false);
        foreach ((string name, PackValue? value) in wanted.Query)
        {
            if (value is null) url = PackQuery.With(url, name, null);
            else if (await value.TextAsync(ValueEncoding.Raw, values, cancellationToken).ConfigureAwait(false) is { } text)
                url = PackQuery.With(url, name, value.Verbatim ? text : Uri.EscapeDataString(text));
        }

        LicenseRequest request = exchange.Request with { Url = new Uri(url), Method = wanted.Method ?? exchange.Request.Method };
        foreach ((string name, PackValue? value) in wanted.Headers)
        {
            if (value is null) request = request.WithoutHeader(name);
            else if (await value.TextAsync(ValueEncoding.Raw, values, cancellationToken).ConfigureAwait(false) is { } text) request = request.WithHeader(name, text);
        }

        string? contentType = wanted.Body == PackBody.Challenge ? request.ContentType : wanted.Body.ContentType;
        if (wanted.Body == PackBody.None) exchange.Body = ReadOnlySequence<byte>.Empty;
        else if (wanted.Body != PackBody.Challenge)
        {
            SecretBuffer body = ExchangeRun.BufferFor(exchange);
            await wanted.Body.WriteAsync(values, body, cancellationToken).ConfigureAwait(false);
            exchange.Body = new ReadOnlySequence<byte>(body.Written);
        }

        exchange.Request = request with { ContentType = wanted.ContentType ?? contentType };
    }

    private async ValueTask<string> ChooseAsync(LicenseExchange exchange, BoundRequest wanted, PackExchange values, CancellationToken cancellationToken)
    {
        ExchangeRun run = ExchangeRun.Of(exchange);
        string chosen = await FindAsync(exchange, run, wanted, values, cancellationToken).ConfigureAwait(false);
        if (!Uri.TryCreate(chosen, UriKind.Absolute, out Uri? url))
            throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"the pack '{pack.Pack.Name}' makes no URL of what it was given");
        run.Origins.Check(url, $"the provider '{exchange.Provider}'");
        // A path may hold a token; the origin does not.
        run.UrlChosen?.Invoke(values.IsIn(url.AbsolutePath) ? new Uri(url, "/") : new Uri(url.GetLeftPart(UriPartial.Path)));
        return chosen;
    }

    private async ValueTask<string> FindAsync(LicenseExchange exchange, ExchangeRun run, BoundRequest wanted, PackExchange values, CancellationToken cancellationToken)
    {
        if (wanted is { HasUrlOfKind: true, Url: { } ofKind }) return await FillAsync(ofKind, values, cancellationToken).ConfigureAwait(false);
        // Whoever runs a pipeline by itself has named the URL.
        if (run.Urls is not { } candidates) return exchange.Request.Url.AbsoluteUri;
        LicenseUrlHint? untrusted = null;
        foreach (PackUrlSource source in pack.Pack.UrlFrom)
        {
            switch (source)
            {
                case PackUrlSource.Caller when candidates.Caller is { } caller:
                    return caller.AbsoluteUri;
                case PackUrlSource.Configuration when pack.Configured(exchange.KeySystem) is { } configured:
                    return await FillAsync(configured, values, cancellationToken).ConfigureAwait(false);
                case PackUrlSource.Token when pack.Tokens is { Settings.BringsUrl: true } tokens && tokens.HasSource(exchange):
                    if ((await values.TokenAsync(cancellationToken).ConfigureAwait(false)).Url is { } withToken) return withToken;
                    break;
                case PackUrlSource.Provider when wanted.Url is { } own:
                    return await FillAsync(own, values, cancellationToken).ConfigureAwait(false);
                case PackUrlSource.Message when run.MessageUrl is { } message:
                    if (run.Origins.Trusts(message)) return message.AbsoluteUri;
                    untrusted ??= new LicenseUrlHint(message, "the challenge");
                    break;
                case PackUrlSource.Manifest or PackUrlSource.Header:
                    LicenseUrlHint[] hints = [.. candidates.Content.Where(hint => hint.IsOfHeader == (source == PackUrlSource.Header) && hint.Url.IsAbsoluteUri)];
                    if (hints.FirstOrDefault(hint => run.Origins.Trusts(hint.Url)) is { } known) return known.Url.AbsoluteUri;
                    untrusted ??= hints.FirstOrDefault();
                    break;
            }
        }

        // What content names is not followed, and the refusal says where it would have gone.
        if (untrusted is not null) run.Origins.Check(untrusted.Url, untrusted.Source);
        throw new LicenseServiceException(LicenseErrorKind.LicenseUrlMissing, $"nobody names a licence URL for {exchange.KeySystem}")
        {
            Advice = $"give a licence URL, or configure Endpoints:{exchange.KeySystem} of the provider '{exchange.Provider}'",
        };
    }

    private static async ValueTask<string> FillAsync(PackValue url, PackExchange values, CancellationToken cancellationToken) =>
        await url.TextAsync(url.Verbatim ? ValueEncoding.Raw : ValueEncoding.Url, values, cancellationToken).ConfigureAwait(false) ?? "";
}
