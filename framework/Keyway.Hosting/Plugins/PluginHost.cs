using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Keyway.Hosting.Plugins;

/// <summary>
/// The plugins of a host. A plugin that does not fit or that throws is left out and named, and stops the host only when configuration requires it.
/// </summary>
/// <remarks>
/// Threads: any. Ownership: who loads it disposes it, after everything that its parts have made. What it tells is told as a fact too:
/// <see cref="PluginLoaded"/>, <see cref="PluginFaulted"/>, <see cref="PluginUnloaded"/>.
/// </remarks>
public sealed partial class PluginHost : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly PluginOptions _options;
    private readonly PluginServices _services;
    private readonly ILogger _logger;
    private readonly List<PluginGeneration> _generations = [];
    private readonly Dictionary<string, string> _privateFolders = [];
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
    /// <param name="cancellationToken">Cancels between two plugins.</param>
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
                await host.LoadFolderAsync(folder).ConfigureAwait(false);
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
        // In a method of its own, so that nothing in this one's state holds the plugin while it is being looked for.
        WeakReference context = await LeaveAsync(pluginId).ConfigureAwait(false);
        bool collected = _options.Unloadable && await PluginCollection.WatchAsync(context, _services.Clock, cancellationToken).ConfigureAwait(false);
        DeletePrivateFolder(pluginId);
        if (collected) Log.Unloaded(_logger, pluginId);
        else Log.NotCollected(_logger, pluginId);
        _services.Bus.Publisher<PluginUnloaded>().Publish(new PluginUnloaded { PluginId = pluginId, Collected = collected });
        return collected;
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
                last = _generations.LastOrDefault();
                if (last is not null) _generations.Remove(last);
            }

            if (last is null) break;
            await DisposeAsync(last).ConfigureAwait(false);
            DeletePrivateFolder(last.Manifest.Id);
        }

        Publish();
    }

    private static PluginPart<T>? Find<T>(IReadOnlyDictionary<string, PluginPart<T>> parts, string pluginId, string name)
    {
        if (parts.TryGetValue(name, out PluginPart<T>? named) && named.PluginId == pluginId) return named;
        PluginPart<T>[] own = [.. parts.Values.Where(part => part.PluginId == pluginId)];
        return own.Length == 1 ? own[0] : null;
    }

    private async ValueTask LoadFolderAsync(string folder)
    {
        PluginManifest? manifest = PluginDiscovery.Read(folder, out PluginProblem? problem);
        if (manifest is null)
        {
            Refuse(new PluginRecord { Id = Path.GetFileName(folder), State = PluginState.Refused, Folder = folder, Problem = problem });
            return;
        }

        AllowedPlugin? allowed = _options.Allow.GetValueOrDefault(manifest.Id);
        PluginRecord record = new()
        {
            Id = manifest.Id,
            State = PluginState.Loaded,
            Folder = folder,
            Assembly = Path.GetFileName(manifest.AssemblyPath),
            Contract = manifest.Contract,
        };
        if (allowed?.Disabled == true)
        {
            lock (_gate) _records.Add(record with { State = PluginState.Disabled });
            return;
        }

        problem = CheckAllowed(manifest, allowed) ?? PluginFolderRights.Check(folder) ?? Pin(ref manifest, folder, allowed) ?? PluginBoundary.Check(manifest, Path.GetDirectoryName(manifest.AssemblyPath)!);
        Exception? thrown = null;
        PluginGeneration? generation = problem is null ? Start(manifest, folder, allowed, out problem, out thrown) : null;
        problem ??= CheckNames(generation!.Parts!);
        if (problem is null)
        {
            record = record with
            {
                KeySystems = [.. generation!.Parts!.KeySystems.Select(static part => part.Name)],
                Providers = [.. generation.Parts.Providers.Select(static part => part.Name)],
                Middleware = [.. generation.Parts.Middleware.Select(static part => part.Name)],
            };
            lock (_gate)
            {
                _generations.Add(generation);
                _records.Add(record);
            }

            Log.Loaded(_logger, manifest.Id, manifest.Contract, folder);
            _services.Bus.Publisher<PluginLoaded>().Publish(new PluginLoaded { PluginId = manifest.Id, Contract = manifest.Contract });
            return;
        }

        if (generation is not null) await DisposeAsync(generation).ConfigureAwait(false);
        if (problem.Fault != PluginFault.DuplicateId) DeletePrivateFolder(manifest.Id);
        Refuse(record with { State = PluginState.Refused, Problem = problem }, thrown);
    }

    private PluginProblem? CheckAllowed(PluginManifest manifest, AllowedPlugin? allowed)
    {
        if (allowed is null && _options.Unknown != UnknownPlugins.Load)
            return new PluginProblem(PluginFault.NotAllowed, $"configuration does not name plugin '{manifest.Id}' (Keyway:Plugins:Allow)");
        lock (_gate)
        {
            return _records.FirstOrDefault(other => other.Id == manifest.Id && other.Assembly is not null) is { } other
                ? new PluginProblem(PluginFault.DuplicateId, $"the plugin in {other.Folder} has the id '{manifest.Id}' already")
                : null;
        }
    }

    // A pinned plugin is copied to a folder that only we can write to, hashed there and loaded from there: what was hashed is what runs.
    private PluginProblem? Pin(ref PluginManifest manifest, string folder, AllowedPlugin? allowed)
    {
        if (allowed?.Pin is not { } pin) return null;
        try
        {
            string copy = Directory.CreateTempSubdirectory("keyway-plugin-").FullName;
            lock (_gate) _privateFolders[manifest.Id] = copy;
            PluginPin.Copy(folder, copy);
            string found = PluginPin.Compute(copy);
            if (!string.Equals(found, pin, StringComparison.OrdinalIgnoreCase))
                return new PluginProblem(PluginFault.PinMismatch, $"the folder's fingerprint is {found}, configuration pins {pin}");
            if (PluginDiscovery.Read(copy, out PluginProblem? problem) is not { } copied) return problem;
            if (copied.Id != manifest.Id) return new PluginProblem(PluginFault.PinMismatch, $"the folder changed while it was read: its plugin is '{copied.Id}' now");
            manifest = copied;
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new PluginProblem(PluginFault.Unreadable, exception.Message);
        }
    }

    private PluginGeneration? Start(PluginManifest manifest, string folder, AllowedPlugin? allowed, out PluginProblem? problem, out Exception? thrown)
    {
        thrown = null;
        PluginGeneration? generation = PluginGeneration.Load(manifest, folder, _options.Unloadable, out Type? entry, out problem);
        if (generation is null) return null;
        ScopedBus scope = new(_services.Events);
        PluginContext context = new()
        {
            PluginId = manifest.Id,
            Settings = allowed?.Settings ?? new ConfigurationBuilder().Build().GetSection($"Keyway:Plugins:Allow:{manifest.Id}"),
            Logging = _services.Logging,
            Events = scope,
            Secrets = _services.Secrets(manifest.Id),
            Http = _services.Http,
            Clock = _services.Clock,
        };
        problem = generation.Configure(entry!, scope, context, out thrown);
        return generation;
    }

    private PluginProblem? CheckNames(PluginBuilder parts)
    {
        lock (_gate)
        {
            PluginBuilder[] others = [.. _generations.Select(static generation => generation.Parts!)];
            return Check("key system", parts.KeySystems, others.SelectMany(static other => other.KeySystems))
                ?? Check("provider", parts.Providers, others.SelectMany(static other => other.Providers))
                ?? Check("pipeline step", parts.Middleware, others.SelectMany(static other => other.Middleware));
        }

        static PluginProblem? Check<T>(string kind, IEnumerable<PluginPart<T>> own, IEnumerable<PluginPart<T>> taken)
        {
            Dictionary<string, string> owners = new(StringComparer.OrdinalIgnoreCase);
            foreach (PluginPart<T> part in taken) owners.Add(part.Name, part.PluginId);
            foreach (PluginPart<T> part in own)
            {
                if (!owners.TryAdd(part.Name, part.PluginId))
                    return new PluginProblem(PluginFault.DuplicateName, $"plugin '{owners[part.Name]}' has a {kind} '{part.Name}' already");
            }

            return null;
        }
    }

    private void ReportAbsent()
    {
        foreach ((string id, AllowedPlugin allowed) in _options.Allow)
        {
            if (allowed.Disabled || _records.Exists(record => record.Id == id)) continue;
            PluginProblem problem = new(PluginFault.NotFound, $"no folder of {Path.Combine(AppContext.BaseDirectory, _options.Directory)} has plugin '{id}'");
            PluginRecord record = new() { Id = id, State = PluginState.Absent, Problem = problem };
            if (allowed.Required) Refuse(record);
            else
            {
                lock (_gate) _records.Add(record);
                Log.Absent(_logger, id);
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
        if (record.Problem!.Fault == PluginFault.NotAllowed) Log.NotNamed(_logger, record.Id, record.Folder);
        else Log.Refused(_logger, record.Id, record.Problem, thrown);
        _services.Bus.Publisher<PluginFaulted>().Publish(new PluginFaulted { PluginId = record.Id, Stage = record.Problem!.Stage });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async ValueTask<WeakReference> LeaveAsync(string pluginId)
    {
        PluginGeneration? generation;
        lock (_gate)
        {
            generation = _generations.Find(candidate => candidate.Manifest.Id == pluginId);
            if (generation is null) throw new ArgumentException($"no plugin '{pluginId}' is loaded", nameof(pluginId));
            _generations.Remove(generation);
            int index = _records.FindIndex(record => record.Id == pluginId && record.State == PluginState.Loaded);
            _records[index] = _records[index] with { State = PluginState.Unloaded };
        }

        Publish();
        return await DisposeAsync(generation).ConfigureAwait(false);
    }

    private async ValueTask<WeakReference> DisposeAsync(PluginGeneration generation)
    {
        (WeakReference context, Exception? thrown) = await generation.LeaveAsync().ConfigureAwait(false);
        if (thrown is not null) Log.DisposalFailed(_logger, generation.Manifest.Id, thrown);
        return context;
    }

    private void DeletePrivateFolder(string pluginId)
    {
        string? folder;
        lock (_gate) _privateFolders.Remove(pluginId, out folder);
        if (folder is null) return;
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Windows does not delete what is still mapped. It is a copy in the temporary folder, and no harm.
            Log.CopyStays(_logger, folder, exception);
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

    private static partial class Log
    {
        [LoggerMessage(201, LogLevel.Information, "plugin '{Plugin}' loaded (contract {Contract}) from {Folder}")]
        public static partial void Loaded(ILogger logger, string plugin, string contract, string folder);

        [LoggerMessage(202, LogLevel.Error, "plugin '{Plugin}' left out: {Problem}")]
        public static partial void Refused(ILogger logger, string plugin, PluginProblem problem, Exception? exception);

        [LoggerMessage(208, LogLevel.Information, "plugin '{Plugin}' in {Folder} is left out: configuration does not name it")]
        public static partial void NotNamed(ILogger logger, string plugin, string? folder);

        [LoggerMessage(203, LogLevel.Warning, "plugin '{Plugin}' is configured and not there")]
        public static partial void Absent(ILogger logger, string plugin);

        [LoggerMessage(204, LogLevel.Information, "plugin '{Plugin}' unloaded")]
        public static partial void Unloaded(ILogger logger, string plugin);

        [LoggerMessage(205, LogLevel.Warning, "plugin '{Plugin}' has left, and something still holds it in memory")]
        public static partial void NotCollected(ILogger logger, string plugin);

        [LoggerMessage(206, LogLevel.Warning, "plugin '{Plugin}' threw while it was disposed")]
        public static partial void DisposalFailed(ILogger logger, string plugin, Exception exception);

        [LoggerMessage(207, LogLevel.Warning, "the private copy {Folder} of a plugin could not be deleted")]
        public static partial void CopyStays(ILogger logger, string folder, Exception exception);
    }
}
