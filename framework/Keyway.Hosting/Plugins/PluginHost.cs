using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Keyway.Licensing;
using Keyway.Messaging;
using Microsoft.Extensions.Logging;

namespace Keyway.Hosting.Plugins;

/// <summary>
/// The plugins of a host. A plugin that does not fit or that throws is left out and named, and stops the host only when configuration requires it.
/// </summary>
/// <remarks>
/// Threads: any. Ownership: who loads it disposes it, after everything that its parts have made. What it reports is published as a fact too:
/// <see cref="PluginLoaded"/>, <see cref="PluginFaulted"/>, <see cref="PluginUnloaded"/>.
/// </remarks>
public sealed partial class PluginHost : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly PluginOptions _options;
    private readonly PluginServices _services;
    private readonly ILogger _logger;
    private readonly PluginCopies _copies = new();
    private readonly List<PluginGeneration> _generations = [];
    private readonly List<PluginGeneration> _retiring = [];
    private readonly Dictionary<string, int> _numbers = [];
    private readonly List<PluginRecord> _records = [];

    private PluginHost(PluginOptions options, PluginServices services)
    {
        _options = options;
        _services = services;
        _logger = services.Logging.CreateLogger("Keyway.Plugins");
    }

    /// <summary>Every plugin that was found or that configuration names, and what has become of it.</summary>
    public IReadOnlyList<PluginRecord> Plugins
    {
        get { lock (_gate) return [.. _records]; }
    }

    /// <summary>The key systems of the loaded plugins, by name.</summary>
    public IReadOnlyDictionary<string, PluginPart<IKeySystem>> KeySystems { get; private set; } = FrozenDictionary<string, PluginPart<IKeySystem>>.Empty;

    /// <summary>The providers of the loaded plugins, by name.</summary>
    public IReadOnlyDictionary<string, PluginPart<ILicenseProvider>> Providers { get; private set; } = FrozenDictionary<string, PluginPart<ILicenseProvider>>.Empty;

    /// <summary>The pipeline steps of the loaded plugins, by name: <c>PLUGIN-ID.NAME</c>.</summary>
    public IReadOnlyDictionary<string, PluginPart<ILicenseMiddleware>> Middleware { get; private set; } = FrozenDictionary<string, PluginPart<ILicenseMiddleware>>.Empty;

    /// <summary>Discovers, checks, loads and configures plugins, folder by folder in ordinal order.</summary>
    /// <param name="options">Which, and from where.</param>
    /// <param name="services">What they get.</param>
    /// <param name="cancellationToken">Cancels the loading; a plugin that is being configured is not waited for.</param>
    /// <returns>The loaded plugins.</returns>
    /// <exception cref="PluginException">Plugins that configuration requires are not loaded. Those that were are disposed.</exception>
    public static async ValueTask<PluginHost> LoadAsync(PluginOptions options, PluginServices services, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(services);
        PluginHost host = new(options, services);
        try
        {
            foreach (string folder in PluginDiscovery.Folders(Path.Combine(AppContext.BaseDirectory, options.Directory)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await host.LoadFolderAsync(folder, cancellationToken).ConfigureAwait(false);
            }

            host.ReportAbsent();
            host.Publish();
            host.CheckRequired();
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Finds a key system as a configured entry asks for it.</summary>
    /// <param name="pluginId">The entry's plugin.</param>
    /// <param name="name">The entry's name.</param>
    /// <returns>The plugin's key system of that name; else, when the plugin has one only, that one; else <see langword="null"/>.</returns>
    public PluginPart<IKeySystem>? FindKeySystem(string pluginId, string name) => Find(KeySystems, pluginId, name);

    /// <summary>Finds a provider as a configured entry asks for it.</summary>
    /// <param name="pluginId">The entry's plugin.</param>
    /// <param name="name">The entry's name.</param>
    /// <returns>The plugin's provider of that name; else, when the plugin has one only, that one; else <see langword="null"/>.</returns>
    public PluginPart<ILicenseProvider>? FindProvider(string pluginId, string name) => Find(Providers, pluginId, name);

    /// <summary>
    /// Disposes a plugin, asks the runtime to unload it, and looks whether it really did. Everything that the plugin's parts have made is disposed by then,
    /// and forgotten.
    /// </summary>
    /// <param name="pluginId">The plugin.</param>
    /// <param name="cancellationToken">Ends the looking, not the leaving.</param>
    /// <returns><see langword="false"/>: something still holds the plugin, or plugins of this host are not unloadable. Its memory is not freed; nothing else is wrong.</returns>
    /// <exception cref="ArgumentException">No plugin of that id is loaded.</exception>
    public async ValueTask<bool> UnloadAsync(string pluginId, CancellationToken cancellationToken = default)
    {
        int number;
        lock (_gate)
        {
            number = _generations.Find(candidate => candidate.Id == pluginId)?.Number ?? throw new ArgumentException($"no plugin '{pluginId}' is loaded", nameof(pluginId));
            Retire(pluginId);
        }

        Publish();
        return await LeaveAsync(pluginId, number, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Disposes every plugin, the last loaded first. It does not wait for the runtime to unload them.</summary>
    /// <returns>A task that ends when they are disposed.</returns>
    public async ValueTask DisposeAsync()
    {
        while (true)
        {
            PluginGeneration? last;
            lock (_gate)
            {
                last = _generations.LastOrDefault() ?? _retiring.LastOrDefault();
                if (last is not null && !_generations.Remove(last)) _retiring.Remove(last);
            }

            if (last is null) break;
            await DisposeAsync(last).ConfigureAwait(false);
        }

        Publish();
        _copies.Dispose();
    }

    /// <summary>Loads what has changed in the folders since it was loaded, beside what is there. Nothing is replaced yet.</summary>
    /// <param name="cancellationToken">Cancels between two plugins.</param>
    /// <returns>The new versions, each for <see cref="Replace"/> or <see cref="RefuseAsync"/>; and what was refused already.</returns>
    internal async ValueTask<(IReadOnlyList<PluginGeneration> Loaded, IReadOnlyList<PluginReload> Refused)> LoadChangedAsync(CancellationToken cancellationToken)
    {
        List<PluginGeneration> loaded = [];
        List<PluginReload> refused = [];
        foreach (string folder in PluginDiscovery.Folders(Root))
        {
            cancellationToken.ThrowIfCancellationRequested();
            PluginManifest? manifest = PluginDiscovery.Read(folder, out PluginProblem? problem);
            PluginGeneration? current;
            lock (_gate) current = _generations.Find(each => each.Id == manifest?.Id) ?? _generations.Find(each => each.Folder == folder);
            if (manifest is null)
            {
                // A folder that never had a plugin has been told of at the start.
                if (current is not null) refused.Add(Refused(current.Id, current, problem!));
                continue;
            }

            if (_options.Allow.GetValueOrDefault(manifest.Id)?.Disabled == true || !IsNeeded(manifest.Id)) continue;
            if (current is null && _options.Allow.GetValueOrDefault(manifest.Id) is null && _options.Unknown != UnknownPlugins.Load) continue;
            if (loaded.Exists(each => each.Id == manifest.Id) || (current is not null && current.Folder != folder && Directory.Exists(current.Folder))) continue;   // told of at the start, as a second one of that id
            Candidate candidate = await TryLoadAsync(manifest, folder, current, cancellationToken).ConfigureAwait(false);
            if (candidate.Generation is { } generation) loaded.Add(generation);
            else if (candidate.Problem is { } fault) refused.Add(Refused(manifest.Id, current, fault));
        }

        return (loaded, refused);

        PluginReload Refused(string id, PluginGeneration? current, PluginProblem problem)
        {
            Tell(id, problem);
            return new PluginReload(id, current?.Number ?? 0, problem);
        }
    }

    /// <summary>Puts a new version in the place of the one that is there: its parts are those that are found from now on.</summary>
    internal void Replace(PluginGeneration generation)
    {
        lock (_gate)
        {
            Retire(generation.Id);
            _records.RemoveAll(record => record.Id == generation.Id && record.State is PluginState.Refused or PluginState.Absent);
            _generations.Add(generation);
            _records.Add(Record(generation));
        }

        Publish();
    }

    /// <summary>Takes a replacement back: the one before it is found again.</summary>
    internal async ValueTask<PluginReload> RefuseAsync(PluginGeneration generation, string reason)
    {
        string id = generation.Id;
        int before = 0;
        lock (_gate)
        {
            _generations.Remove(generation);
            _records.RemoveAll(record => record.Id == id && record.Generation == generation.Number);
            if (_retiring.FindLast(each => each.Id == id) is { } old)
            {
                _retiring.Remove(old);
                _generations.Add(old);
                SetState(id, old.Number, PluginState.Loaded);
                before = old.Number;
            }
        }

        Publish();
        PluginProblem problem = new(PluginFault.CannotReplace, reason);
        await DisposeAsync(generation).ConfigureAwait(false);
        Tell(id, problem);
        return new PluginReload(id, before, problem);
    }

    /// <summary>The replaced versions that wait for their users.</summary>
    internal IReadOnlyList<(string Id, int Number)> Retiring
    {
        get { lock (_gate) return [.. _retiring.Select(static each => (each.Id, each.Number))]; }
    }

    /// <summary>The versions that are found now.</summary>
    internal IReadOnlyList<(string Id, int Number)> Current
    {
        get { lock (_gate) return [.. _generations.Select(static each => (each.Id, each.Number))]; }
    }

    /// <summary>Disposes a replaced version that nobody uses any more, and looks whether the runtime unloads it.</summary>
    internal async ValueTask<bool> LeaveAsync(string pluginId, int number, CancellationToken cancellationToken)
    {
        // In a method of its own, so that nothing in this one's state holds the plugin while it is being looked for.
        WeakReference context = await LeaveAsync(pluginId, number).ConfigureAwait(false);
        bool collected = _options.Unloadable && await PluginCollection.WatchAsync(context, _services.Clock, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            int index = _records.FindIndex(record => record.Id == pluginId && record.Generation == number);
            if (index >= 0) _records[index] = _records[index] with { Collected = collected };
        }

        if (collected) HostLog.Unloaded(_logger, pluginId);
        else HostLog.NotCollected(_logger, pluginId);
        _services.Bus.Publisher<PluginUnloaded>().Publish(new PluginUnloaded { PluginId = pluginId, Collected = collected });
        return collected;
    }

    private string Root => Path.Combine(AppContext.BaseDirectory, _options.Directory);

    private bool IsNeeded(string id) => _options.Allow.GetValueOrDefault(id) switch
    {
        { Required: true } => true,
        { WhenNamed: true } => false,
        _ => _options.Needed is null || _options.Needed.Contains(id),
    };

    /// <summary>Runs code of a plugin that answers at once, within the time limit.</summary>
    /// <exception cref="TimeoutException">It has not come back.</exception>
    internal async ValueTask<T> WatchAsync<T>(Func<T> call, CancellationToken cancellationToken) =>
        await Task.Run(call, CancellationToken.None).WaitAsync(_options.Patience, TimeProvider.System, cancellationToken).ConfigureAwait(false);

    private static PluginPart<T>? Find<T>(IReadOnlyDictionary<string, PluginPart<T>> parts, string pluginId, string name)
    {
        if (parts.TryGetValue(name, out PluginPart<T>? named) && named.PluginId == pluginId) return named;
        PluginPart<T>[] own = [.. parts.Values.Where(part => part.PluginId == pluginId)];
        return own.Length == 1 ? own[0] : null;
    }

    private static PluginRecord Record(PluginManifest manifest, string folder) => new()
    {
        Id = manifest.Id,
        State = PluginState.Loaded,
        Folder = folder,
        Assembly = Path.GetFileName(manifest.AssemblyPath),
        Contract = manifest.Contract,
    };

    private static PluginRecord Record(PluginGeneration generation) => Record(generation.Manifest, generation.Folder) with
    {
        Generation = generation.Number,
        KeySystems = [.. generation.Parts!.KeySystems.Select(static part => part.Name)],
        Providers = [.. generation.Parts.Providers.Select(static part => part.Name)],
        Middleware = [.. generation.Parts.Middleware.Select(static part => part.Name)],
    };

    /// <summary>Moves the version that is found now among those that wait to leave. Under the gate.</summary>
    private void Retire(string id)
    {
        if (_generations.Find(each => each.Id == id) is not { } old) return;
        _generations.Remove(old);
        _retiring.Add(old);
        SetState(id, old.Number, PluginState.Retiring);
    }

    private void SetState(string id, int number, PluginState state)
    {
        int index = _records.FindIndex(record => record.Id == id && record.Generation == number && record.State is PluginState.Loaded or PluginState.Retiring);
        if (index >= 0) _records[index] = _records[index] with { State = state };
    }

    /// <summary>Reports why a new version of a plugin is refused, and keeps it beside the one that goes on.</summary>
    private void Tell(string id, PluginProblem problem)
    {
        lock (_gate)
        {
            _records.RemoveAll(record => record.Id == id && record.State is PluginState.Refused or PluginState.Absent);
            PluginRecord? current = _records.FindLast(record => record.Id == id);
            _records.Add(new PluginRecord { Id = id, State = PluginState.Refused, Folder = current?.Folder, Assembly = current?.Assembly, Problem = problem });
        }

        HostLog.Refused(_logger, id, problem, null);
        _services.Bus.Publisher<PluginFaulted>().Publish(new PluginFaulted { PluginId = id, Stage = problem.Stage });
    }

    private void ReportAbsent()
    {
        foreach ((string id, AllowedPlugin allowed) in _options.Allow)
        {
            if (allowed.Disabled || !IsNeeded(id) || _records.Exists(record => record.Id == id)) continue;
            PluginProblem problem = new(PluginFault.NotFound, $"no folder of {Root} has plugin '{id}'");
            PluginRecord record = new() { Id = id, State = PluginState.Absent, Problem = problem };
            if (allowed.Required) Refuse(record);
            else
            {
                lock (_gate) _records.Add(record);
                HostLog.Absent(_logger, id);
            }
        }
    }

    private void CheckRequired()
    {
        PluginRecord[] missing = [.. Plugins
            .GroupBy(static record => record.Id)
            .Where(records => _options.Allow.TryGetValue(records.Key, out AllowedPlugin? allowed) && allowed is { Required: true, Disabled: false })
            .Where(static records => records.All(static record => record.State != PluginState.Loaded))
            .Select(static records => records.First())];
        if (missing.Length > 0) throw new PluginException(missing);
    }

    private void Refuse(PluginRecord record, Exception? thrown = null)
    {
        lock (_gate) _records.Add(record);
        if (record.Problem!.Fault == PluginFault.NotAllowed) HostLog.NotNamed(_logger, record.Id, record.Folder);
        else HostLog.Refused(_logger, record.Id, record.Problem, thrown);
        _services.Bus.Publisher<PluginFaulted>().Publish(new PluginFaulted { PluginId = record.Id, Stage = record.Problem!.Stage });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async ValueTask<WeakReference> LeaveAsync(string pluginId, int number)
    {
        PluginGeneration generation;
        lock (_gate)
        {
            generation = _retiring.First(candidate => candidate.Id == pluginId && candidate.Number == number);
            _retiring.Remove(generation);
            SetState(pluginId, number, PluginState.Unloaded);
        }

        return await DisposeAsync(generation).ConfigureAwait(false);
    }

    private async ValueTask<WeakReference> DisposeAsync(PluginGeneration generation)
    {
        (WeakReference context, Exception? thrown) = await generation.LeaveAsync().ConfigureAwait(false);
        if (thrown is not null) HostLog.DisposalFailed(_logger, generation.Id, thrown);
        Delete(generation.Copy);
        return context;
    }

    private void Delete(string copy)
    {
        try
        {
            PluginCopies.Delete(copy);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Windows does not delete what is still mapped. It is a copy in the temporary folder, and no harm.
            HostLog.CopyStays(_logger, copy, exception);
        }
    }

    private void Publish()
    {
        lock (_gate)
        {
            KeySystems = Table(_generations.SelectMany(static generation => generation.Parts!.KeySystems));
            Providers = Table(_generations.SelectMany(static generation => generation.Parts!.Providers));
            Middleware = Table(_generations.SelectMany(static generation => generation.Parts!.Middleware));
        }

        static FrozenDictionary<string, PluginPart<T>> Table<T>(IEnumerable<PluginPart<T>> parts) =>
            parts.ToFrozenDictionary(static part => part.Name, StringComparer.OrdinalIgnoreCase);
    }
}
