using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>request</c>: chooses the URL, and writes method, headers, query and body. It stands after the challenge, when it is known what that really is: a
/// request for the service's certificate may go elsewhere. <c>header</c>, <c>query</c>, <c>json.wrap</c> and one half of <c>base64</c> are short for it.
/// </summary>
/// <remarks>
/// Settings: <c>UrlFrom</c> (who names the URL), <c>Origins</c> (trusted besides those of its URLs), <c>Redact</c> (further names that hold secrets); <c>Url</c>,
/// <c>Method</c>, <c>ContentType</c>, <c>Headers</c>, <c>Query</c>, <c>Body</c>; and these again for one key system under <c>KeySystems</c>, for one kind of challenge
/// under <c>Kinds</c>. It chooses the URL where it names one, or says who does.
/// </remarks>
internal sealed class RequestStep : LicenseRequestDecorator, INamesValues
{
    private readonly TemplateScope _scope;
    private readonly StepBindings _bindings;
    private readonly IReadOnlyList<UrlSource> _urlFrom;
    private readonly Dictionary<string, ValueTemplate> _configured = new(StringComparer.OrdinalIgnoreCase);
    private readonly bool _appends;

    public RequestStep(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        _scope = context.Scope;
        _bindings = StepBindings.Read(reader, StepKind.Request, _scope);
        UrlSource[] from = [.. ReadUrlFrom(reader)];
        HashSet<Origin> origins = [.. ReadOrigins(reader)];
        string[] redact = [.. reader.Texts("redact").Select(static item => item.Text!)];
        ChoosesUrl = from.Length > 0 || _bindings.All.Any(static binding => binding.Url is not null);
        _urlFrom = from.Length > 0 ? from : Enum.GetValues<UrlSource>();
        if (ChoosesUrl) ReadEndpoints(reader.Mistakes);
        foreach (ValueTemplate url in Urls.Where(static url => url.Names.Contains(TemplateNames.CustomData))) reader.Mistakes.Add(url.Path, "a URL holds no custom data");
        foreach (ValueTemplate url in _configured.Values.Concat(Urls).Distinct())
        {
            if (TryOrigin(url, out Uri? start, out string? reason)) origins.Add(Origin.Of(start));
            // What is missing is reported already.
            else if (_scope.Settings.IsComplete) reader.Mistakes.Add(url.Path, reason);
        }

        reader.Check();
        Origins = origins;
        SecretMembers =
        [
            .. redact
                .Concat(_bindings.All.SelectMany(static binding => binding.Headers.Concat(binding.Query)).Where(member => member.Value?.Names.Any(_scope.Names.IsSecret) == true).Select(static member => member.Name))
                .Concat(_scope.Names.Secrets)
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];
    }

    private RequestStep(StepLayer layer, TemplateScope scope, bool appends)
    {
        (_scope, _appends, _urlFrom) = (scope, appends, []);
        _bindings = StepBindings.Of(layer, scope);
        SecretMembers = [.. _bindings.All.SelectMany(static binding => binding.Headers.Concat(binding.Query)).Where(member => member.Value!.Names.Any(scope.Names.IsSecret)).Select(static member => member.Name)];
    }

    /// <summary>Whether it chooses where the request goes, and the challenge does not.</summary>
    public bool ChoosesUrl { get; }

    /// <summary>Whether it writes the challenge into something, or decides by it.</summary>
    public bool NeedsChallenge => ChoosesUrl || _bindings.All.Any(static binding => binding.Body is { } body && body != BodyTemplate.Challenge && body.HasChallenge);

    /// <summary>The key systems that it serves, by name; none: all.</summary>
    public IReadOnlyCollection<string> KeySystems => _bindings.KeySystems;

    /// <summary>Origins that its URLs and settings name.</summary>
    public IReadOnlyCollection<Origin> Origins { get; } = [];

    public IEnumerable<string> Names => _bindings.All.SelectMany(static binding => binding.Names);

    public override IReadOnlyCollection<string> SecretMembers { get; }

    private IEnumerable<ValueTemplate> Urls => _bindings.All.Select(static binding => binding.Url).OfType<ValueTemplate>();

    /// <summary><c>header</c>: one header.</summary>
    public static RequestStep OfHeader(string name, ValueTemplate value, TemplateScope scope) => new(new StepLayer { Headers = [(name, [value])] }, scope, appends: false);

    /// <summary><c>query</c>: one more member of the query, whether there is one of that name or not.</summary>
    public static RequestStep OfQuery(string name, ValueTemplate value, TemplateScope scope) => new(new StepLayer { Query = [(name, [value])] }, scope, appends: true);

    /// <summary><c>json.wrap</c>, <c>base64</c>: a body that holds the challenge.</summary>
    public static RequestStep OfBody(BodyTemplate body, TemplateScope scope) => new(new StepLayer { Body = body }, scope, appends: false);

    /// <summary>Whether it serves a key system.</summary>
    public bool Serves(string keySystem) => _bindings.Find(keySystem, ChallengeKind.License) is not null;

    /// <summary>Where an exchange starts: nothing is sent there unless the step says so.</summary>
    public Uri? StartOf(string keySystem, IReadOnlyList<LicenseUrlHint> content)
    {
        if (_configured.GetValueOrDefault(keySystem) is { } configured && TryOrigin(configured, out Uri? start, out _)) return start;
        if (_bindings.Find(keySystem, ChallengeKind.License)?.Url is { } url && TryOrigin(url, out start, out _)) return start;
        if (content.FirstOrDefault(static hint => hint.Url.IsAbsoluteUri && Origin.IsHttp(hint.Url)) is { } hint) return hint.Url;
        return _scope.TokenBringsUrl ? new Uri("https://token.invalid/") : null;
    }

    public override async ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        StepBinding wanted = _bindings.For(exchange);
        AttemptValues values = AttemptValues.Of(exchange, _scope);
        string url = ChoosesUrl ? await ChooseAsync(exchange, wanted, values, cancellationToken).ConfigureAwait(false) : exchange.Request.Url.AbsoluteUri;
        bool changed = ChoosesUrl;
        foreach ((string name, ValueTemplate? value) in wanted.Query)
        {
            if (value is null) url = QueryMembers.With(url, name, null);
            else if (await value.TextAsync(ValueEncoding.Raw, values, cancellationToken).ConfigureAwait(false) is not { } text) continue;
            else if (_appends) url = RequestMembers.AppendQuery(new Uri(url), value.Verbatim ? $"{name}={text}" : $"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(text)}").AbsoluteUri;
            else url = QueryMembers.With(url, name, value.Verbatim ? text : Uri.EscapeDataString(text));
            changed = true;
        }

        LicenseRequest request = exchange.Request with { Url = changed ? new Uri(url) : exchange.Request.Url, Method = wanted.Method ?? exchange.Request.Method };
        foreach ((string name, ValueTemplate? value) in wanted.Headers)
        {
            if (value is null) request = request.WithoutHeader(name);
            else if (await value.TextAsync(ValueEncoding.Raw, values, cancellationToken).ConfigureAwait(false) is { } text) request = request.WithHeader(name, text);
        }

        string? contentType = wanted.Body == BodyTemplate.None ? null : wanted.Body.ContentType ?? request.ContentType;
        if (wanted.Body == BodyTemplate.None) exchange.Body = ReadOnlySequence<byte>.Empty;
        else if (wanted.Body != BodyTemplate.Challenge)
        {
            SecretBuffer body = ExchangeRun.BufferFor(exchange);
            await wanted.Body.WriteAsync(values, body, cancellationToken).ConfigureAwait(false);
            exchange.Body = new ReadOnlySequence<byte>(body.Written);
        }

        exchange.Request = request with { ContentType = wanted.ContentType ?? contentType };
    }

    private async ValueTask<string> ChooseAsync(LicenseExchange exchange, StepBinding wanted, AttemptValues values, CancellationToken cancellationToken)
    {
        ExchangeRun run = ExchangeRun.Of(exchange);
        string chosen = await FindAsync(exchange, run, wanted, values, cancellationToken).ConfigureAwait(false);
        if (!Uri.TryCreate(chosen, UriKind.Absolute, out Uri? url))
            throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"{_scope.Owner} makes no URL of what it was given");
        run.Origins.Check(url, $"the provider '{exchange.Provider}'");
        // A path may hold a token; the origin does not.
        run.UrlChosen?.Invoke(values.IsIn(url.AbsolutePath) ? new Uri(url, "/") : new Uri(url.GetLeftPart(UriPartial.Path)));
        string added = RequestMembers.AddedQuery(exchange.Request.Url, run.BaseUrl);
        return added.Length == 0 ? chosen : RequestMembers.AppendQuery(url, added).AbsoluteUri;
    }

    private async ValueTask<string> FindAsync(LicenseExchange exchange, ExchangeRun run, StepBinding wanted, AttemptValues values, CancellationToken cancellationToken)
    {
        if (wanted is { HasUrlOfKind: true, Url: { } ofKind }) return await FillAsync(ofKind, values, cancellationToken).ConfigureAwait(false);
        // The caller of a pipeline that runs by itself has named the URL.
        if (run.Urls is not { } candidates) return run.BaseUrl.AbsoluteUri;
        LicenseUrlHint? untrusted = null;
        foreach (UrlSource source in _urlFrom)
        {
            switch (source)
            {
                case UrlSource.Caller when candidates.Caller is { } caller:
                    return caller.AbsoluteUri;
                case UrlSource.Configuration when _configured.GetValueOrDefault(exchange.KeySystem) is { } configured:
                    return await FillAsync(configured, values, cancellationToken).ConfigureAwait(false);
                case UrlSource.Token when values.Tokens is { BringsUrl: true } tokens && tokens.HasSource(exchange):
                    if ((await values.TokenAsync(cancellationToken).ConfigureAwait(false)).Url is { } withToken) return withToken;
                    break;
                case UrlSource.Provider when wanted.Url is { } own:
                    return await FillAsync(own, values, cancellationToken).ConfigureAwait(false);
                case UrlSource.Message when run.MessageUrl is { } message:
                    if (run.Origins.Trusts(message)) return message.AbsoluteUri;
                    untrusted ??= new LicenseUrlHint(message, "the challenge");
                    break;
                case UrlSource.Manifest or UrlSource.Header:
                    LicenseUrlHint[] hints = [.. candidates.Content.Where(hint => hint.IsOfHeader == (source == UrlSource.Header) && hint.Url.IsAbsoluteUri)];
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

    private static async ValueTask<string> FillAsync(ValueTemplate url, AttemptValues values, CancellationToken cancellationToken) =>
        await url.TextAsync(url.Verbatim ? ValueEncoding.Raw : ValueEncoding.Url, values, cancellationToken).ConfigureAwait(false) ?? "";

    /// <summary>Reads who names the URL, the first that is there.</summary>
    public static IEnumerable<UrlSource> ReadUrlFrom(SettingReader reader)
    {
        List<UrlSource> sources = [];
        foreach (SettingNode item in reader.Texts("urlFrom"))
        {
            if (!SettingReader.TryChoice(item.Text!, out UrlSource source)) reader.Mistakes.Add(item, $"not one of {string.Join(", ", Enum.GetNames<UrlSource>().Select(static name => name.ToLowerInvariant()))}");
            else if (sources.Contains(source)) reader.Mistakes.Add(item, "stands here twice");
            else sources.Add(source);
        }

        return sources;
    }

    /// <summary>Reads the origins that are trusted besides those of URLs.</summary>
    public static IEnumerable<Origin> ReadOrigins(SettingReader reader)
    {
        List<Origin> origins = [];
        foreach (SettingNode item in reader.Texts("origins"))
        {
            if (Origin.TryParse(item.Text, out Origin origin)) origins.Add(origin);
            else reader.Mistakes.Add(item, "not an origin (https://host or https://host:port)");
        }

        return origins;
    }

    private void ReadEndpoints(SettingMistakes mistakes)
    {
        foreach (IConfigurationSection endpoint in _scope.Endpoints?.GetChildren() ?? [])
        {
            if (KeySystems.Count > 0 && !KeySystems.Contains(endpoint.Key, StringComparer.OrdinalIgnoreCase))
                mistakes.Add(endpoint.Path, $"{_scope.Owner} does not serve '{endpoint.Key}' (it serves {string.Join(", ", KeySystems)})");
            else if (ValueTemplate.Read(SettingNode.Of(endpoint), TemplatePlace.Endpoint, _scope.Names, mistakes) is [var value, ..]) _configured[endpoint.Key] = value;
        }
    }

    /// <summary>The part of a URL that must be known when the host starts: what it trusts.</summary>
    private bool TryOrigin(ValueTemplate url, [NotNullWhen(true)] out Uri? start, [NotNullWhen(false)] out string? reason) => TrySettle(url, _scope, out start, out reason);

    /// <summary>Whether scheme, host and port of a URL are known when the host starts, and which they are.</summary>
    public static bool TrySettle(ValueTemplate url, TemplateScope scope, [NotNullWhen(true)] out Uri? start, [NotNullWhen(false)] out string? reason)
    {
        (start, reason) = (null, null);
        Uri?[] tries = [.. ((string[])["a", "b"]).Select(unknown => Uri.TryCreate(Filled(unknown), UriKind.Absolute, out Uri? full) ? full : null)];
        if (tries[0] is not { } one || tries[1] is not { } other || !Origin.IsHttp(one) || one.UserInfo.Length > 0) reason = "not an http or https URL without a user name";
        else if (Origin.Of(one) != Origin.Of(other)) reason = "its scheme, host and port are settled when the host starts: only parameters of the host may stand there";
        else start = new Uri(one.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) + "/");
        return reason is null;

        string? Filled(string unknown)
        {
            ValueTask<string?> text = url.TextAsync(ValueEncoding.Url, new Known(scope, unknown), CancellationToken.None);
            return text.IsCompletedSuccessfully ? text.Result : null;
        }
    }

    /// <summary>What is known when the host starts; anything else is a letter.</summary>
    private sealed class Known(TemplateScope scope, string unknown) : ITemplateValues
    {
        public bool IsPreview => false;

        public ValueTask<TemplateValue?> FindAsync(string name, bool optional, CancellationToken cancellationToken)
        {
            PackParameter? parameter = scope.Names.Parameter(name);
            string? text = parameter is { PerPresentation: false, Secret: false } ? scope.Settings.Text(name) : null;
            return new(text is not null ? new TemplateValue(text) : new TemplateValue(new byte[16], unknown));
        }
    }
}
