using Keyway.Licensing.Configuration;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Steps;

/// <summary>
/// What a step does, by key system and kind of challenge: a layer for all exchanges, under <c>keySystems</c> one for each that is served, under
/// <c>kinds</c> of either one for a kind. Without <c>keySystems</c> it does the same for each.
/// </summary>
/// <remarks>Threads: any; nothing of it changes.</remarks>
internal sealed class StepBindings
{
    private readonly Dictionary<(string KeySystem, ChallengeKind Kind), StepBinding> _bindings = [];
    private readonly StepLayer _common;
    private readonly Dictionary<string, StepLayer> _systems;
    private readonly TemplateScope _scope;

    private StepBindings(StepLayer common, Dictionary<string, StepLayer> systems, TemplateScope scope)
    {
        (_common, _systems, _scope) = (common, systems, scope);
        foreach ((string system, StepLayer layer) in systems) Bind(system, layer);
        if (systems.Count == 0) Bind("", new StepLayer());
    }

    /// <summary>What it does for all key systems and kinds that there are.</summary>
    public IReadOnlyCollection<StepBinding> All => _bindings.Values;

    /// <summary>The key systems that it serves, by name; none: all.</summary>
    public IReadOnlyCollection<string> KeySystems => _systems.Keys;

    /// <summary>Reads the layers of a step; the reader's owner ends it.</summary>
    public static StepBindings Read(SettingReader reader, StepKind step, TemplateScope scope)
    {
        StepLayer common = StepLayer.Read(reader, step, scope.Names, kinds: true);
        Dictionary<string, StepLayer> systems = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, SettingNode node) in reader.Entries("keySystems"))
        {
            SettingReader inner = new(node, reader.Mistakes);
            if (!systems.TryAdd(name, StepLayer.Read(inner, step, scope.Names, kinds: true))) reader.Mistakes.Add(node, "the same key system is given twice");
            inner.End();
        }

        return new StepBindings(common, systems, scope);
    }

    /// <summary>The same for every exchange.</summary>
    public static StepBindings Of(StepLayer layer, TemplateScope scope) => new(layer, [], scope);

    public StepBinding? Find(string keySystem, ChallengeKind kind)
    {
        string name = _systems.Count == 0 ? "" : keySystem.ToLowerInvariant();
        return _bindings.GetValueOrDefault((name, kind)) ?? _bindings.GetValueOrDefault((name, ChallengeKind.None));
    }

    /// <exception cref="LicenseServiceException">The key system is not served.</exception>
    public StepBinding For(LicenseExchange exchange) => Find(exchange.KeySystem, exchange.Kind) ??
        throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"the provider '{exchange.Provider}' does not serve {exchange.KeySystem} (it serves {string.Join(", ", KeySystems)})");

    /// <summary>The kinds of challenge that differ from a licence's, for a key system.</summary>
    public IEnumerable<ChallengeKind> KindsOf(string keySystem) =>
        _common.Kinds.Keys.Concat(_systems.GetValueOrDefault(keySystem)?.Kinds.Keys ?? []).Distinct().Order();

    private void Bind(string system, StepLayer layer)
    {
        StepLayer both = _common.With(layer);
        string name = system.ToLowerInvariant();
        _bindings[(name, ChallengeKind.None)] = StepBinding.Of(both, false, _scope.Settings);
        foreach (ChallengeKind kind in _common.Kinds.Keys.Concat(layer.Kinds.Keys).Distinct())
        {
            StepLayer? general = _common.Kinds.GetValueOrDefault(kind), own = layer.Kinds.GetValueOrDefault(kind);
            _bindings[(name, kind)] = StepBinding.Of(both.With(general).With(own), (own?.Url ?? general?.Url) is not null, _scope.Settings);
        }
    }
}
