using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Keyway.Licensing.Steps;

/// <summary>The steps that pipelines may name: those of the framework, and those that plugins add under their own prefix.</summary>
/// <remarks>Threads: any. <c>challenge</c> and <c>transport</c> are not in it: every pipeline has exactly one of each; nor is <c>pack</c>.</remarks>
public sealed class LicenseSteps
{
    /// <summary>The step in which the key system writes its challenge.</summary>
    public const string Challenge = "challenge";

    /// <summary>The end of every pipeline.</summary>
    public const string Transport = "transport";

    /// <summary>Where the steps of the provider's pack go.</summary>
    public const string Pack = "pack";

    // What a pack becomes, in this order around the challenge.
    internal const string Token = "token";
    internal const string CustomData = "customdata";
    internal const string Request = "request";
    internal const string Response = "response";
    internal const string Errors = "errors";

    private readonly ConcurrentDictionary<string, LicenseStepFactory> _factories = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes a list with the steps of the framework.</summary>
    public LicenseSteps()
    {
        Add("retry", static (settings, context) => new RetryStep(settings, context));
        Add("timeout", static (settings, context) => new TimeoutStep(settings, context));
        Add(Token, static (settings, context) => new TokenStep(settings, context));
        Add(CustomData, static (settings, context) => new CustomDataStep(settings, context));
        Add(Request, static (settings, context) => new RequestStep(settings, context));
        Add(Response, static (settings, context) => new ResponseStep(settings, context));
        Add(Errors, static (settings, context) => new ErrorsStep(settings, context));
        Add("header", static (settings, context) => ShortSteps.Header(settings, context));
        Add("query", static (settings, context) => ShortSteps.Query(settings, context));
        Add("base64", static (settings, context) => ShortSteps.Base64(settings, context));
        Add("json.wrap", static (settings, context) => ShortSteps.JsonWrap(settings, context));
        Add("json.unwrap", static (settings, context) => ShortSteps.JsonUnwrap(settings, context));
        Add("error.json", static (settings, context) => ShortSteps.JsonError(settings, context));
    }

    /// <summary>The names, sorted.</summary>
    public IReadOnlyList<string> Names => [.. _factories.Keys.Append(Challenge).Append(Pack).Order(StringComparer.Ordinal)];

    /// <summary>Adds a step.</summary>
    /// <param name="name">Its name; a plugin's starts with the plugin's id and a dot.</param>
    /// <param name="factory">Makes it.</param>
    /// <exception cref="ArgumentException">There is a step of that name.</exception>
    public void Add(string name, LicenseStepFactory factory)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(factory);
        if (name is Challenge or Transport or Pack || !_factories.TryAdd(name, factory))
            throw new ArgumentException($"there is a licence step '{name}' already", nameof(name));
    }

    /// <summary>Puts a host's own step in the place of one of the framework's (<c>retry</c>, <c>timeout</c>).</summary>
    /// <param name="name">The name.</param>
    /// <param name="factory">Makes it.</param>
    /// <exception cref="ArgumentException">There is no step of that name.</exception>
    public void Replace(string name, LicenseStepFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (!_factories.ContainsKey(name)) throw new ArgumentException($"there is no licence step '{name}'", nameof(name));
        _factories[name] = factory;
    }

    /// <summary>The spelling of a step that there is, whatever case somebody writes it in; a name that is no step's as it was written.</summary>
    internal string Spelled(string name) => Names.Append(Transport).FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? name;

    internal bool TryGet(string name, [NotNullWhen(true)] out LicenseStepFactory? factory) => _factories.TryGetValue(name, out factory);
}
