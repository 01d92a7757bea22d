using System.Collections.Frozen;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Steps;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing;

/// <summary>A configured provider, ready for use: where its services are, which origins it trusts, which way its exchanges take.</summary>
/// <remarks>Threads: any; nothing of it changes.</remarks>
public sealed class LicenseService
{
    /// <summary>The name of the service that is used when there is no provider.</summary>
    public const string DirectName = "direct";

    private LicenseService(string name, LicensePipeline pipeline, IReadOnlyDictionary<string, Uri> endpoints, TrustedOrigins origins)
    {
        (Name, Pipeline) = (name, pipeline);
        (Endpoints, Origins) = (endpoints, origins);
    }

    /// <summary>The provider's name.</summary>
    public string Name { get; }

    /// <summary>The way of its exchanges.</summary>
    public LicensePipeline Pipeline { get; }

    /// <summary>The licence URL for each key system, by the key system's name.</summary>
    public IReadOnlyDictionary<string, Uri> Endpoints { get; }

    /// <summary>The origins that its exchanges may go to.</summary>
    public TrustedOrigins Origins { get; }

    /// <summary>The step of its pipeline that chooses where requests go; <see langword="null"/>: the caller that begins an exchange has chosen.</summary>
    internal RequestStep? Chooser { get; private init; }

    /// <summary>The key systems that its pack serves; <see langword="null"/>: it has none, and says nothing.</summary>
    public IReadOnlyList<string>? PackKeySystems { get; private init; }

    /// <summary>Whether there is no provider: then exchanges may go where content says, and nothing is added to them.</summary>
    internal bool IsDirect { get; private init; }

    /// <summary>
    /// Whether what it brings is content: it is asked where content says and by the rules of content, which are its transport's, and nothing is added that is meant for
    /// licence services.
    /// </summary>
    internal bool IsOfContent { get; private init; }

    /// <summary>The service of keys that lie where content says.</summary>
    /// <param name="name">What it is called in reports.</param>
    /// <param name="transport">What fetches them, and keeps the rules.</param>
    internal static LicenseService OfContent(string name, ILicenseTransport transport)
    {
        ChallengeStep challenge = new();
        LicensePipeline pipeline = new(name, [LicenseSteps.Challenge, LicenseSteps.Transport], [], async (exchange, cancellationToken) =>
        {
            await challenge.DecorateAsync(exchange, cancellationToken).ConfigureAwait(false);
            ExchangeRun.Find(exchange)?.Sent?.Invoke(exchange.Request.Url, exchange.Attempt + 1);
            await transport.SendAsync(exchange, cancellationToken).ConfigureAwait(false);
        });
        return new LicenseService(name, pipeline, FrozenDictionary<string, Uri>.Empty, TrustedOrigins.None) { IsOfContent = true };
    }

    /// <summary>The service that is used when there is no provider: the caller's URL, or that of content for key systems that identify nobody.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="context">What steps are made with.</param>
    /// <param name="transport">The end of the pipeline.</param>
    /// <returns>The service.</returns>
    public static LicenseService Direct(LicenseSteps steps, StepContext context, ILicenseTransport transport)
    {
        LicensePipelineBuilder builder = new(DirectName, steps, context, new NoSettings("Direct"));
        builder.Use("retry").Use(LicenseSteps.Challenge).Use("timeout");
        return new LicenseService(DirectName, builder.Build(transport), FrozenDictionary<string, Uri>.Empty, TrustedOrigins.None) { IsDirect = true };
    }

    /// <summary>
    /// Reads a provider's entry: <c>Endpoints</c>, <c>AllowedOrigins</c>, <c>Pipeline</c> with the <c>Parameters</c> of its steps and their <c>Settings</c>; for a pack <c>Settings</c> and <c>Token</c>. Without
    /// <c>Pipeline</c> the provider's own list counts; without that <c>retry → pack → timeout</c>, with <c>challenge</c> where there is no pack.
    /// </summary>
    /// <param name="entry">The entry; its key is the provider's name.</param>
    /// <param name="provider">The plugin's provider; <see langword="null"/> for one that is made of configuration only.</param>
    /// <param name="steps">The steps that may be named.</param>
    /// <param name="context">What steps are made with.</param>
    /// <param name="transport">The end of the pipeline.</param>
    /// <param name="pack">The pack that the entry names.</param>
    /// <returns>The service.</returns>
    /// <exception cref="SettingsException">Something is wrong; every mistake is reported.</exception>
    public static LicenseService Read(
        IConfigurationSection entry, ILicenseProvider? provider, LicenseSteps steps, StepContext context, ILicenseTransport transport, ProviderPack? pack = null)
    {
        ArgumentNullException.ThrowIfNull(entry);
        List<SettingError> errors = [];
        Dictionary<string, Uri> endpoints = new(StringComparer.OrdinalIgnoreCase);
        HashSet<Origin> origins = [];
        foreach (IConfigurationSection endpoint in entry.GetSection("Endpoints").GetChildren())
        {
            if (!Uri.TryCreate(endpoint.Value, UriKind.Absolute, out Uri? url) || !Origin.IsHttp(url) || url.UserInfo.Length > 0)
            {
                errors.Add(new SettingError(endpoint.Path, "not an http or https URL without a user name"));
                continue;
            }

            endpoints[endpoint.Key] = url;
            origins.Add(Origin.Of(url));
        }

        foreach (IConfigurationSection allowed in entry.GetSection("AllowedOrigins").GetChildren())
        {
            if (Origin.TryParse(allowed.Value, out Origin origin)) origins.Add(origin);
            else errors.Add(new SettingError(allowed.Path, "not an origin (https://host or https://host:port)"));
        }

        LicensePipelineBuilder builder = new(entry.Key, steps, context, entry) { Pack = pack };
        IConfigurationSection parameters = entry.GetSection("Parameters");
        if (parameters.GetChildren().Any())
        {
            if (provider is null && pack is null) builder.UseParameters(parameters);
            else errors.Add(new SettingError(parameters.Path, $"{(pack is null ? "the plugin" : "the pack")} says which settings there are"));
        }

        IConfigurationSection pipeline = entry.GetSection("Pipeline");
        if (pipeline.GetChildren().Any())
        {
            builder.Use(pipeline);
            if (pack is not null && builder.UsedPack is null) errors.Add(new SettingError(pipeline.Path, "the list does not name the step 'pack', and so the provider's Pack would do nothing"));
        }
        else if (provider is not null) Ask(provider, builder, entry, errors);
        else builder.Use("retry").Use(pack is null ? LicenseSteps.Challenge : LicenseSteps.Pack).Use("timeout");
        if (builder.Chooser is { } chooser) origins.UnionWith(chooser.Origins);
        if (builder.UsedPack is null && entry.GetSection("Token") is { } token && token.GetChildren().Any()) errors.Add(new SettingError(token.Path, "a provider without a pack has the step 'token' in its pipeline"));

        LicensePipeline? built = null;
        try
        {
            built = builder.Build(transport);
        }
        catch (SettingsException exception)
        {
            errors.AddRange(exception.Errors);
        }

        if (errors.Count > 0) throw new SettingsException([.. errors.Distinct()]);
        return new LicenseService(entry.Key, built!, endpoints.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase), new TrustedOrigins(origins))
        {
            Chooser = builder.Chooser,
            PackKeySystems = builder.UsedPack?.KeySystems,
        };
    }

    /// <summary>Runs one exchange with a session as the engine would, URL and rule of origins included: for tests of providers.</summary>
    /// <param name="exchange">The exchange. The URL of its request is chosen here. Its answer's body is not kept: use <paramref name="read"/>.</param>
    /// <param name="session">The session that writes the challenge.</param>
    /// <param name="licenseUrl">The licence URL that an application would give; <see langword="null"/>: the provider's.</param>
    /// <param name="read">Called with the exchange while the answer's body is valid.</param>
    /// <param name="cancellationToken">Cancels the exchange.</param>
    /// <returns>A task that ends when the answer has been read; every buffer is cleared then.</returns>
    /// <exception cref="LicenseServiceException">The exchange has failed.</exception>
    public async ValueTask RunAsync(LicenseExchange exchange, ILicenseSession session, Uri? licenseUrl, Action<LicenseExchange> read, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(read);
        LicenseTarget target = LicenseTarget.Resolve(licenseUrl, this, new KeySystemDescriptor { Name = exchange.KeySystem, Systems = [] }, []);
        exchange.Request = exchange.Request with { Url = target.Url };
        using ExchangeRun run = ExchangeRun.Begin(
            exchange, new LicensePipeline.DirectSource(session), target.Rule, urls: Chooser is null ? null : new LicenseUrlCandidates(licenseUrl, []));
        await Pipeline.RunAsync(exchange, cancellationToken).ConfigureAwait(false);
        read(exchange);
    }

    private static void Ask(ILicenseProvider provider, LicensePipelineBuilder builder, IConfigurationSection entry, List<SettingError> errors)
    {
        try
        {
            provider.Configure(builder, entry);
        }
        catch (SettingsException exception)
        {
            errors.AddRange(exception.Errors);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            string text = exception is KeywayException ? exception.Message : Redactor.Default.Text(exception.Message);
            errors.Add(new SettingError(entry.Path, $"the provider could not be configured: {text}"));
        }
    }
}
