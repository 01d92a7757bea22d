using System.Buffers;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Steps;

/// <summary><c>challenge</c>: the key system writes its challenge. Steps before it set what the challenge carries, steps after it see the bytes.</summary>
/// <param name="choosesUrl">Whether a URL that the challenge names is used; <see langword="false"/>: a later step chooses.</param>
internal sealed class ChallengeStep(bool choosesUrl = true) : LicenseRequestDecorator
{
    public override async ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        ExchangeRun run = ExchangeRun.Of(exchange);
        SecretBuffer challenge = run.Challenge = ExchangeRun.BufferFor(exchange);
        ChallengeRequest request = new() { Kind = exchange.Kind, CustomData = exchange.CustomData };
        ChallengeInfo info = await run.Source.WriteAsync(request, challenge, cancellationToken).ConfigureAwait(false);
        if (info.Kind != ChallengeKind.None) exchange.Kind = info.Kind;

        LicenseRequest changed = exchange.Request with { ContentType = info.ContentType };
        foreach ((string name, string value) in info.Headers)
            if (RequestMembers.WhyNotHeader(name) is null) changed = changed.WithHeader(name, value);
        run.MessageUrl = info.Url;
        if (choosesUrl && info.Url is { } url)
        {
            run.Origins.Check(url, "the challenge", from: run.BaseUrl);
            changed = changed with { Url = KeepQuery(changed.Url, run.BaseUrl, url) };
        }

        exchange.Request = changed;
        exchange.Body = new ReadOnlySequence<byte>(challenge.Written);
        run.ChallengeReady?.Invoke(exchange.Kind, challenge.Written.Length);
    }

    // What steps before this one added to the query belongs to the new address too.
    private static Uri KeepQuery(Uri current, Uri original, Uri replacement)
    {
        string added = RequestMembers.AddedQuery(current, original);
        return added.Length == 0 ? replacement : RequestMembers.AppendQuery(replacement, added);
    }
}
