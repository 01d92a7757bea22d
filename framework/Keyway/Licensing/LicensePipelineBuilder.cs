using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing;

/// <summary>
/// Puts a pipeline together from a provider's list or from configuration, collects every mistake, and freezes it. A builder that has built refuses
/// further changes.
/// </summary>
internal sealed class LicensePipelineBuilder : ILicensePipelineBuilder
{
    /// <summary>The key of a step's name in its entry.</summary>
    public const string UseKey = "Use";

    private readonly string _provider;
    private readonly LicenseSteps _known;
    private readonly StepContext _context;
    private readonly TemplateScope _scope;
    private readonly IConfigurationSection _settings;
    private readonly List<Entry> _entries = [];
    private readonly List<SettingError> _errors = [];
    private ProviderPack? _pack;
    private bool _built;

    /// <summary>Makes an empty builder.</summary>
    /// <param name="provider">The provider's name.</param>
    /// <param name="known">The steps that may be named.</param>
    /// <param name="context">What steps are made with.</param>
    /// <param name="settings">
    /// The provider's entry. A step that a provider's own code names with <see cref="Use(string)"/> has its settings in <c>Steps:NAME</c> of it.
    /// </param>
    public LicensePipelineBuilder(string provider, LicenseSteps known, StepContext context, IConfigurationSection settings)
    {
        ArgumentException.ThrowIfNullOrEmpty(provider);
        ArgumentNullException.ThrowIfNull(known);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(settings);
        _scope = new TemplateScope(context.Secrets) { Owner = $"the pipeline of '{provider}'", Endpoints = settings.GetSection("Endpoints") };
        (_provider, _known, _context, _settings) = (provider, known, context.With(_scope), settings);
    }

    /// <summary>The pack that stands where the list says <c>pack</c>.</summary>
    internal ProviderPack? Pack { init => _pack = value; }

    /// <summary>The pack that the list is made of, in whole or in part.</summary>
    internal ProviderPack? UsedPack { get; private set; }

    /// <summary>The step that chooses where requests go; <see langword="null"/>: none does.</summary>
    internal RequestStep? Chooser => Middleware.OfType<RequestStep>().LastOrDefault(static step => step.ChoosesUrl);

    private IEnumerable<ILicenseMiddleware> Middleware => _entries.Select(static entry => entry.Middleware);

    /// <summary>The mistakes so far.</summary>
    public IReadOnlyList<SettingError> Errors => _errors;

    /// <inheritdoc/>
    public ILicensePipelineBuilder Use(string step)
    {
        ArgumentException.ThrowIfNullOrEmpty(step);
        Add(step, _settings.GetSection("Steps").GetSection(step));
        return this;
    }

    /// <inheritdoc/>
    public ILicensePipelineBuilder Use(string name, ILicenseMiddleware middleware)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(middleware);
        ObjectDisposedException.ThrowIf(_built, this);
        _entries.Add(new Entry(name, middleware, _settings.Path));
        return this;
    }

    /// <inheritdoc/>
    public ILicensePipelineBuilder UsePack(ReadOnlyMemory<byte> pack)
    {
        ObjectDisposedException.ThrowIf(_built, this);
        try
        {
            Add(ProviderPack.Read(pack, $"the pack of '{_provider}'"), _settings.Path, foreignSettings: true);
        }
        catch (SettingsException exception)
        {
            _errors.AddRange(exception.Errors);
        }

        return this;
    }

    /// <summary>Takes the parameters that a provider of configuration alone declares: its steps may name them as those of a pack may.</summary>
    /// <param name="parameters">The section <c>Parameters</c>.</param>
    internal void UseParameters(IConfigurationSection parameters)
    {
        SettingMistakes mistakes = new();
        PackParameter[] declared = [.. parameters.GetChildren().Select(child => PackParameter.Read(child.Key, SettingNode.Of(child), mistakes))];
        _scope.Names = new TemplateNames(declared);
        _scope.Settings = ParameterSettings.Read(_provider, declared, _settings.GetSection("Settings"), mistakes);
        _errors.AddRange(mistakes.Errors);
    }

    /// <summary>Adds the steps that a list in configuration names, in its order: <c>[ { "Use": "header", "Name": … }, … ]</c>.</summary>
    /// <param name="pipeline">The list.</param>
    /// <returns>This builder.</returns>
    public LicensePipelineBuilder Use(IConfigurationSection pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        foreach (IConfigurationSection entry in pipeline.GetChildren())
        {
            if (entry[UseKey] is { Length: > 0 } name) Add(name, entry);
            else _errors.Add(new SettingError(entry.Path, $"no '{UseKey}': which step is it?"));
        }

        return this;
    }

    /// <summary>Freezes the list. If it does not name <c>challenge</c>, that comes just before <c>transport</c>.</summary>
    /// <param name="transport">The end of the pipeline.</param>
    /// <returns>The pipeline.</returns>
    /// <exception cref="SettingsException">Something is wrong; every mistake is reported.</exception>
    public LicensePipeline Build(ILicenseTransport transport)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ObjectDisposedException.ThrowIf(_built, this);
        _built = true;
        if (!_entries.Exists(static entry => entry.Name == LicenseSteps.Challenge))
            _entries.Add(new Entry(LicenseSteps.Challenge, new ChallengeStep(), _settings.Path));
        CheckOrder();
        if (_errors.Count > 0) throw new SettingsException([.. _errors]);
        foreach (TokenStep step in Middleware.OfType<TokenStep>()) step.Sources.Transport = transport;
        // Where a step chooses the URL, what the challenge names is one of those that it chooses from.
        if (Chooser is not null) _entries[_entries.FindIndex(static entry => entry.Middleware is ChallengeStep)] = new Entry(LicenseSteps.Challenge, new ChallengeStep(choosesUrl: false), _settings.Path);

        // Answers are judged inside the last step that may call the rest again: it must see refusals. What is further in sees bodies first.
        int judge = InnermostRepeater() + 1;
        LicenseHandler chain = End(transport);
        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            if (i == judge - 1) chain = Judged(chain);
            chain = Link(_entries[i].Middleware, chain);
        }

        if (judge == 0) chain = Judged(chain);
        string[] names = [.. _entries.Select(static entry => entry.Name), LicenseSteps.Transport];
        string[] secrets = [.. Middleware.SelectMany(static step => step.SecretMembers).Distinct(StringComparer.OrdinalIgnoreCase)];
        LicensePipeline pipeline = new(_provider, names, secrets, chain, Middleware.OfType<TokenStep>().LastOrDefault()?.Sources);
        _scope.Redactor = pipeline.Redactor;
        return pipeline;
    }

    private static LicenseHandler Link(ILicenseMiddleware middleware, LicenseHandler next) =>
        (exchange, cancellationToken) => middleware.InvokeAsync(exchange, next, cancellationToken);

    private static LicenseHandler Judged(LicenseHandler next) => async (exchange, cancellationToken) =>
    {
        await next(exchange, cancellationToken).ConfigureAwait(false);
        await AnswerJudge.JudgeAsync(exchange, cancellationToken).ConfigureAwait(false);
    };

    private static LicenseHandler End(ILicenseTransport transport) => async (exchange, cancellationToken) =>
    {
        // Whatever a step has made of the URL: this is the last place before bytes leave.
        if (ExchangeRun.Find(exchange) is { } run) run.Origins.Check(exchange.Request.Url, "the request");
        exchange.Answer = null;
        ExchangeRun.Find(exchange)?.Sent?.Invoke(exchange.Request.Url, exchange.Attempt + 1);
        await transport.SendAsync(exchange, cancellationToken).ConfigureAwait(false);
    };

    private static bool MayRepeat(ILicenseMiddleware middleware) =>
        middleware is not (ICallsNextOnce or LicenseRequestDecorator or LicenseResponseTransform);

    private int InnermostRepeater()
    {
        int challenge = _entries.FindIndex(static entry => entry.Name == LicenseSteps.Challenge);
        return _entries.FindLastIndex(challenge, challenge + 1, static entry => MayRepeat(entry.Middleware));
    }

    private void CheckOrder()
    {
        Entry[] challenges = [.. _entries.Where(static entry => entry.Name == LicenseSteps.Challenge)];
        if (challenges.Length > 1) _errors.Add(new SettingError(challenges[1].Path, "there is a step 'challenge' already"));
        int repeater = InnermostRepeater();
        for (int i = 0; i < repeater; i++)
        {
            if (_entries[i].Middleware is IErrorProbe)
                _errors.Add(new SettingError(_entries[i].Path, $"'{_entries[i].Name}' must come after '{_entries[repeater].Name}', which would not see what it finds"));
        }

        int challenge = _entries.FindIndex(static entry => entry.Name == LicenseSteps.Challenge);
        int token = _entries.FindIndex(static entry => entry.Middleware is TokenStep);
        for (int i = 0; i < _entries.Count; i++)
        {
            Entry entry = _entries[i];
            if (i > challenge && entry.Middleware is CustomDataStep)
                _errors.Add(new SettingError(entry.Path, $"'{entry.Name}' must come before 'challenge', which is to carry it"));
            if (i < challenge && entry.Middleware is RequestStep { NeedsChallenge: true })
                _errors.Add(new SettingError(entry.Path, $"'{entry.Name}' must come after 'challenge', whose bytes it wraps or goes by"));
            if (i < token && entry.Middleware is INamesValues step && step.Names.Contains(TemplateNames.Token))
                _errors.Add(new SettingError(entry.Path, $"'{entry.Name}' names the token, and must come after the step 'token'"));
        }

        if (_entries.Where(static entry => entry.Middleware is RequestStep { ChoosesUrl: true }).Skip(1).FirstOrDefault() is { Middleware: not null } second)
            _errors.Add(new SettingError(second.Path, $"a step that chooses the URL is there already: give 'Url' and 'UrlFrom' in one '{LicenseSteps.Request}'"));
    }

    private void Add(string name, IConfigurationSection settings)
    {
        ObjectDisposedException.ThrowIf(_built, this);
        name = _known.Spelled(name);
        switch (name)
        {
            case LicenseSteps.Transport:
                _errors.Add(new SettingError(settings.Path, "'transport' is always the last step and is not named"));
                return;
            case LicenseSteps.Challenge:
                _entries.Add(new Entry(name, new ChallengeStep(), settings.Path));
                return;
            case LicenseSteps.Pack:
                if (_pack is not null) Add(_pack, settings.Path, foreignSettings: false);
                else _errors.Add(new SettingError(settings.Path, "'pack' is where the steps of the provider's Pack go, and it names none"));
                return;
        }

        if (Make(name, settings) is { } step) _entries.Add(new Entry(name, step, settings.Path));
    }

    private ILicenseMiddleware? Make(string name, IConfigurationSection settings)
    {
        if (!_known.TryGet(name, out LicenseStepFactory? factory))
        {
            _errors.Add(new SettingError(settings.Path, $"no step is named '{name}' (there are {string.Join(", ", _known.Names)})"));
            return null;
        }

        try
        {
            return factory(settings, _context);
        }
        catch (SettingsException exception)
        {
            _errors.AddRange(exception.Errors);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A plugin's factory: its text is not ours to trust with secrets.
            string text = exception is KeywayException ? exception.Message : Redactor.Default.Text(exception.Message);
            _errors.Add(new SettingError(settings.Path, $"the step '{name}' could not be made: {text}"));
        }

        return null;
    }

    /// <summary>Adds the steps that a pack consists of, those that do something: the same that a list in configuration may name.</summary>
    private void Add(ProviderPack pack, string path, bool foreignSettings)
    {
        if (UsedPack is not null)
        {
            _errors.Add(new SettingError(path, "there is a pack in the list already"));
            return;
        }

        UsedPack = pack;
        SettingMistakes mistakes = new();
        IConfigurationSection own = foreignSettings ? new NoSettings(ConfigurationPath.Combine(_settings.Path, "Settings")) : _settings.GetSection("Settings");
        (_scope.Names, _scope.Owner) = (pack.Names, $"the pack '{pack.Name}'");
        _scope.Settings = ParameterSettings.Read(pack.Name, pack.Parameters, own, mistakes);

        // The token comes first, and is there where any of the others names it.
        ILicenseMiddleware? custom = Part(LicenseSteps.CustomData), request = Part(LicenseSteps.Request), response = Part(LicenseSteps.Response), errors = Part(LicenseSteps.Errors);
        // What a step that could not be made names is not known.
        bool named = custom is null || request is null || ((ILicenseMiddleware[])[custom, request]).OfType<INamesValues>().Any(static step => step.Names.Contains(TemplateNames.Token));
        SettingNode? token = pack.TokenStep(SettingNode.Of(_settings.GetSection("Token")), named, mistakes);
        _errors.AddRange(mistakes.Errors);
        Entry[] entries =
        [
            new(LicenseSteps.Token, token is null ? null! : Make(LicenseSteps.Token, new NodeSection(LicenseSteps.Token, token))!, path),
            new(LicenseSteps.CustomData, custom!, path),
            new(LicenseSteps.Challenge, new ChallengeStep(), path),
            new(LicenseSteps.Request, request!, path),
            new(LicenseSteps.Response, response!, path),
            new(LicenseSteps.Errors, errors!, path),
        ];
        _entries.AddRange(entries.Where(static entry => entry.Middleware is not (null or CustomDataStep { IsEmpty: true } or ResponseStep { IsEmpty: true } or ErrorsStep { IsEmpty: true })));

        ILicenseMiddleware? Part(string name) => Make(name, new NodeSection(name, pack.Step(name)));
    }

    private readonly record struct Entry(string Name, ILicenseMiddleware Middleware, string Path);
}
