using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Templates;
using Keyway.Licensing.Tokens;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Packs;

/// <summary>A pack with the host's settings: what its steps work from.</summary>
internal sealed class BoundPack
{
    private readonly Dictionary<(string KeySystem, ChallengeKind Kind), BoundRequest> _requests = [];
    private readonly Dictionary<string, PackValue> _configured = new(StringComparer.OrdinalIgnoreCase);

    private BoundPack(ProviderPack pack, PackSettings settings, StepContext context) => (Pack, Settings, Context) = (pack, settings, context);

    public ProviderPack Pack { get; }

    public PackSettings Settings { get; }

    public StepContext Context { get; }

    public PackTokens? Tokens { get; private set; }

    /// <summary>Origins that its URLs and its host's settings name.</summary>
    public IReadOnlyCollection<Origin> Origins { get; private set; } = [];

    public IReadOnlyCollection<string> SecretMembers { get; private set; } = [];

    /// <summary>Masks what the pack treats as secret.</summary>
    public Redactor Redactor { get; private set; } = Redactor.Default;

    public bool HasCustomData => _requests.Values.Any(static request => request.CustomData is not null);

    public bool HasResponse => _requests.Values.Any(static request => request.Response is not null);

    public bool HasErrors => _requests.Values.Any(static request => request.Errors.Count > 0);

    /// <summary>Binds a pack to a provider's entry.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="entry">The entry: <c>Settings</c>, <c>Endpoints</c>, <c>Token</c>.</param>
    /// <param name="foreignSettings">Whether <c>Settings</c> is a plugin's own, which has made the pack of it.</param>
    /// <param name="context">What steps are made with.</param>
    /// <param name="mistakes">Where mistakes go.</param>
    public static BoundPack Read(ProviderPack pack, IConfigurationSection entry, bool foreignSettings, StepContext context, PackMistakes mistakes)
    {
        IConfigurationSection own = foreignSettings ? new NoSettings(ConfigurationPath.Combine(entry.Path, "Settings")) : entry.GetSection("Settings");
        BoundPack bound = new(pack, PackSettings.Read(pack, own, mistakes), context);
        bound.Bind(mistakes);
        foreach (IConfigurationSection endpoint in entry.GetSection("Endpoints").GetChildren())
        {
            if (!pack.KeySystems.Contains(endpoint.Key, StringComparer.OrdinalIgnoreCase))
                mistakes.Add(endpoint.Path, $"the pack '{pack.Name}' does not serve '{endpoint.Key}' (it serves {string.Join(", ", pack.KeySystems)})");
            else if (PackValue.Read(PackNode.Of(endpoint), PackPlace.Request, pack.Names, mistakes) is [var value, ..]) bound._configured[endpoint.Key] = value;
        }

        bound.BindToken(entry.GetSection("Token"), mistakes);
        bound.BindOrigins(mistakes);
        return bound;
    }

    /// <summary>Binds a pack for a look at it: parameters that are not given stand for themselves.</summary>
    public static BoundPack Preview(ProviderPack pack, IReadOnlyDictionary<string, string> settings)
    {
        BoundPack bound = new(pack, PackSettings.Of(pack, settings), new StepContext { Secrets = new NoSecrets() });
        PackMistakes mistakes = new();
        bound.Bind(mistakes);
        bound.BindToken(new NoSettings("Token"), mistakes);
        return bound;
    }

    public BoundRequest? Find(string keySystem, ChallengeKind kind) =>
        _requests.GetValueOrDefault((keySystem.ToLowerInvariant(), kind)) ?? _requests.GetValueOrDefault((keySystem.ToLowerInvariant(), ChallengeKind.None));

    public BoundRequest For(LicenseExchange exchange) => Find(exchange.KeySystem, exchange.Kind) ??
        throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"the provider '{exchange.Provider}' does not serve {exchange.KeySystem} (it serves {string.Join(", ", Pack.KeySystems)})");

    /// <summary>The URL that the host's configuration names for a key system.</summary>
    public PackValue? Configured(string keySystem) => _configured.GetValueOrDefault(keySystem);

    /// <summary>The kinds of challenge that differ from a licence's, for a key system.</summary>
    public IEnumerable<ChallengeKind> KindsOf(string keySystem) =>
        Pack.Request.Kinds.Keys.Concat(Pack.Layers.GetValueOrDefault(keySystem)?.Kinds.Keys ?? []).Distinct().Order();

    /// <summary>Where an exchange starts: nothing is sent there unless a step says so.</summary>
    public Uri? StartOf(string keySystem, IReadOnlyList<LicenseUrlHint> content)
    {
        if (Configured(keySystem) is { } configured && TryOrigin(configured, out Uri? start, out _)) return start;
        if (Find(keySystem, ChallengeKind.License)?.Url is { } url && TryOrigin(url, out start, out _)) return start;
        if (content.FirstOrDefault(static hint => hint.Url.IsAbsoluteUri && Origin.IsHttp(hint.Url)) is { } hint) return hint.Url;
        return Tokens?.Settings.BringsUrl == true ? new Uri($"https://{Pack.Name}.invalid/") : null;
    }

    private void Bind(PackMistakes mistakes)
    {
        foreach ((string system, PackLayer layer) in Pack.Layers)
        {
            PackLayer common = Pack.Request.With(layer);
            string name = system.ToLowerInvariant();
            _requests[(name, ChallengeKind.None)] = BoundRequest.Of(common, false, Settings);
            foreach (ChallengeKind kind in KindsOf(system))
            {
                PackLayer? general = Pack.Request.Kinds.GetValueOrDefault(kind), own = layer.Kinds.GetValueOrDefault(kind);
                PackLayer both = common.With(general).With(own);
                _requests[(name, kind)] = BoundRequest.Of(both, (own?.Url ?? general?.Url) is not null, Settings);
            }
        }

        // A custom data is set before the challenge, when only what was asked for is known.
        SecretMembers =
        [
            .. Pack.Redact
                .Concat(_requests.Values.SelectMany(static request => request.Headers.Concat(request.Query)).Where(member => member.Value?.Names.Any(Pack.Names.IsSecret) == true).Select(static member => member.Name))
                .Concat(Pack.Parameters.Where(static parameter => parameter.Secret).Select(static parameter => parameter.Name))
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];
        Redactor = new Redactor(SecretMembers);
        foreach (PackValue url in _requests.Values.Select(static request => request.Url).OfType<PackValue>().Distinct())
            if (url.Names.Contains(PackNames.CustomData)) mistakes.Add(url.Path, "a URL holds no custom data");
    }

    private void BindToken(IConfigurationSection section, PackMistakes mistakes)
    {
        bool named = _requests.Values.SelectMany(static request => request.Names).Contains(PackNames.Token);
        PackNode over = PackNode.Of(section);
        if (Pack.Token is null && !named)
        {
            if (over.Kind != PackNodeKind.Null) mistakes.Add(over, $"the pack '{Pack.Name}' carries no token");
            return;
        }

        if (over.Kind is not (PackNodeKind.Null or PackNodeKind.Object)) mistakes.Add(over, "an object is expected");
        PackNode? node = Pack.Token is null ? over : over.Kind == PackNodeKind.Object ? Pack.Token.With(over) : Pack.Token;
        PackTokenSettings settings = PackTokenSettings.Read(node, Pack.Names, mistakes);
        if (settings.SingleUse && settings.Lifetime is not null) mistakes.Add(node, "a token of a single use is not used again: 'lifetime' has no meaning beside 'singleUse'");
        Tokens = new PackTokens(this, settings);
    }

    private void BindOrigins(PackMistakes mistakes)
    {
        HashSet<Origin> origins = [.. Pack.Origins];
        foreach (PackValue url in _configured.Values.Concat(_requests.Values.Select(static request => request.Url).OfType<PackValue>()).Distinct())
        {
            if (TryOrigin(url, out Uri? start, out string? reason)) origins.Add(Origin.Of(start));
            // What is missing is told already.
            else if (Pack.Parameters.All(parameter => !parameter.Required || Settings.IsGiven(parameter.Name))) mistakes.Add(url.Path, reason);
        }

        if (Tokens?.Settings.Http is { } recipe && !TryOrigin(recipe.Url, out _, out string? why)) mistakes.Add(recipe.Url.Path, why);
        Origins = origins;
    }

    /// <summary>The part of a URL that must be known when the host starts: what it trusts.</summary>
    private bool TryOrigin(PackValue url, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Uri? start, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? reason)
    {
        (start, reason) = (null, null);
        Uri?[] tries = [.. ((string[])["a", "b"]).Select(unknown => Uri.TryCreate(Filled(unknown), UriKind.Absolute, out Uri? full) ? full : null)];
        if (tries[0] is not { } one || tries[1] is not { } other || !Origin.IsHttp(one) || one.UserInfo.Length > 0) reason = "not an http or https URL without a user name";
        else if (Origin.Of(one) != Origin.Of(other)) reason = "its scheme, host and port are settled when the host starts: only parameters of the host may stand there";
        else start = new Uri(one.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) + "/");
        return reason is null;

        string? Filled(string unknown)
        {
            ValueTask<string?> text = url.TextAsync(ValueEncoding.Url, new Known(this, unknown), CancellationToken.None);
            return text.IsCompletedSuccessfully ? text.Result : null;
        }
    }

    /// <summary>What is known when the host starts; anything else is a letter.</summary>
    private sealed class Known(BoundPack bound, string unknown) : ITemplateValues
    {
        public bool IsPreview => false;

        public ValueTask<TemplateValue?> FindAsync(string name, bool optional, CancellationToken cancellationToken)
        {
            PackParameter? parameter = bound.Pack.Names.Parameter(name);
            string? text = parameter is { PerPresentation: false, Secret: false } ? bound.Settings.Text(name) : null;
            return new(text is not null ? new TemplateValue(text) : new TemplateValue(new byte[16], unknown));
        }
    }

    private sealed class NoSecrets : Plugins.ISecretReader
    {
        public ValueTask<System.Buffers.IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) => throw new Plugins.SecretException(name, "a preview reads none");
    }
}
