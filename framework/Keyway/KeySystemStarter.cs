using System.Collections.Concurrent;
using Keyway.Licensing;
using Keyway.Protection;

namespace Keyway;

/// <summary>The key systems of an engine: they read the headers of content, and are chosen and started when content needs one.</summary>
/// <param name="candidates">The configured ones, those that are not there included.</param>
/// <param name="patience">How long code of a key system may take.</param>
/// <remarks>Threads: any.</remarks>
internal sealed class KeySystemStarter(IReadOnlyList<KeySystemCandidate> candidates, TimeSpan patience)
{
    private readonly ConcurrentDictionary<IKeySystem, Lazy<Task>> _started = new(ReferenceEqualityComparer.Instance);

    /// <summary>The names of those that have been started.</summary>
    public IReadOnlyList<string> Started => [.. candidates.Where(candidate => candidate.KeySystem is { } system && _started.ContainsKey(system)).Select(static candidate => candidate.Name)];

    /// <summary>Starts one by its name in the configuration.</summary>
    /// <exception cref="LicenseServiceException">It cannot start, or is not there.</exception>
    public async ValueTask StartAsync(string name, CancellationToken cancellationToken)
    {
        KeySystemCandidate? candidate = candidates.FirstOrDefault(each => each.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (candidate?.KeySystem is not { } system) throw new LicenseServiceException(LicenseErrorKind.Unknown, $"the key system '{name}' is not there{(candidate?.Absence is { } absence ? $": {absence}" : "")}");
        await StartAsync(candidate.Name, system).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has the key systems read the headers of content: the first code of theirs that sees bytes of somebody else's.</summary>
    public async ValueTask<ProtectionMap> ReadHeadersAsync(ProtectionMapBuilder protection, CancellationToken cancellationToken)
    {
        string? reading = null;
        Task<ProtectionMap> map = Task.Run(() => protection.Build(Decode), CancellationToken.None);
        while (true)
        {
            try
            {
                return await map.WaitAsync(patience, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!map.IsCompleted)
            {
                // Where no key system is at work, what takes so long is the merging.
                if (Volatile.Read(ref reading) is { } name)
                    throw new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{name}' has not come back from reading a header after {patience.TotalSeconds:0.#} s");
            }
        }

        ProtectionHeader? Decode(InitializationData data)
        {
            KeySystemCandidate? candidate = candidates
                .Where(candidate => candidate.Descriptor?.Systems.Contains(data.System) == true)
                .OrderBy(static candidate => candidate.Priority)
                .FirstOrDefault();
            Volatile.Write(ref reading, candidate?.Name);
            ProtectionHeader? header = candidate?.KeySystem?.Read(data);
            Volatile.Write(ref reading, null);
            return header;
        }
    }

    private List<KeySystemCandidate> Candidates(ConfiguredProvider? provider, Dictionary<string, string> failed) =>
    [
        .. candidates.Select(candidate =>
            failed.TryGetValue(candidate.Name, out string? reason) ? Absent(candidate, reason) :
            provider is { KeySystems.Count: > 0 } && !provider.KeySystems.Contains(candidate.Name, StringComparer.OrdinalIgnoreCase)
                ? Absent(candidate, $"the provider '{provider.Service.Name}' does not serve it")
                : candidate),
    ];

    // Its description stays: content that names it finds it configured, and a name of its own finds it.
    private static KeySystemCandidate Absent(KeySystemCandidate candidate, string reason) => candidate with { KeySystem = null, Absence = candidate.Absence ?? reason };

    /// <summary>Chooses and starts the key system that opens what is played.</summary>
    /// <param name="map">What protects the presentation.</param>
    /// <param name="isProtected">Whether a key system may open any of what is played.</param>
    /// <param name="isNeeded">Whether nothing else can: otherwise there may be none.</param>
    /// <param name="provider">The provider.</param>
    /// <param name="wanted">The one that the caller wants.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="NoKeySystemException">It is protected, and none opens it.</exception>
    public async ValueTask<KeySystemSelection> ChooseAsync(
        ProtectionMap map, bool isProtected, bool isNeeded, ConfiguredProvider? provider, string? wanted, CancellationToken cancellationToken)
    {
        // What is not played may be protected by whatever it likes.
        if (!isProtected) return KeySystemSelector.Select(map, Candidates(provider, []), wanted) with { Chosen = null };
        KeySystemSelection selection = await SelectAsync(map, provider, wanted, mustStart: wanted is not null && isNeeded, cancellationToken).ConfigureAwait(false);
        return selection.Chosen is { KeySystem: not null } || !isNeeded ? selection : throw new NoKeySystemException(selection.Others);
    }

    /// <summary>Selects a key system and starts it. One that cannot start is passed over, and its reason kept, unless it must.</summary>
    public async ValueTask<KeySystemSelection> SelectAsync(
        ProtectionMap map, ConfiguredProvider? provider, string? wanted, bool mustStart, CancellationToken cancellationToken)
    {
        Dictionary<string, string> failed = new(StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            KeySystemSelection selection = KeySystemSelector.Select(map, Candidates(provider, failed), wanted);
            if (selection.Chosen is not { KeySystem: { } system } chosen) return selection;
            try
            {
                await StartAsync(chosen.Name, system).WaitAsync(cancellationToken).ConfigureAwait(false);
                return selection;
            }
            catch (KeywayException exception) when (!mustStart)
            {
                failed[chosen.Name] = exception.Message;
            }
        }
    }

    /// <summary>Starts a key system once, for all who ask while it starts. After a failure the next one who asks tries again: a credential may be put right.</summary>
    private async Task StartAsync(string name, IKeySystem system)
    {
        // Beside the caller: a start that blocks would block everybody who looks whether there is one.
        Lazy<Task> start = _started.GetOrAdd(system, static each => new Lazy<Task>(() => Task.Run(() => each.StartAsync(CancellationToken.None).AsTask())));
        try
        {
            await start.Value.WaitAsync(patience, TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!start.Value.IsCompleted)
        {
            _started.TryRemove(KeyValuePair.Create(system, start));
            throw new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{name}' has not started after {patience.TotalSeconds:0.#} s");
        }
        catch (Exception exception)
        {
            // This start and no other: by now somebody may have begun the next.
            _started.TryRemove(KeyValuePair.Create(system, start));
            if (exception is KeywayException) throw;
            throw new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{name}' failed to start: {PluginText.Of(exception)}", exception);
        }
    }

    /// <summary>The key system of a stored licence, started.</summary>
    public async ValueTask<IKeySystem> StartedAsync(string name, CancellationToken cancellationToken)
    {
        KeySystemCandidate? candidate = candidates.FirstOrDefault(candidate => (candidate.Descriptor?.Name ?? candidate.Name) == name);
        IKeySystem system = candidate?.KeySystem
            ?? throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"the key system '{name}' of a stored licence is not there{(candidate?.Absence is { } absence ? $": {absence}" : "")}");
        await StartAsync(candidate.Name, system).WaitAsync(cancellationToken).ConfigureAwait(false);
        return system;
    }
}
