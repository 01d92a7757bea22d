using System.Globalization;
using Keyway.Messaging;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Plugins;

/// <content>One plugin, from its folder to what it has registered: looked at, copied, loaded, configured.</content>
public sealed partial class PluginHost
{
    private async ValueTask LoadFolderAsync(string folder, CancellationToken cancellationToken)
    {
        PluginManifest? manifest = PluginDiscovery.Read(folder, out PluginProblem? problem);
        if (manifest is null)
        {
            Refuse(new PluginRecord { Id = Path.GetFileName(folder), State = PluginState.Refused, Folder = folder, Problem = problem });
            return;
        }

        PluginRecord record = Record(manifest, folder);
        if (_options.Allow.GetValueOrDefault(manifest.Id)?.Disabled == true || !IsNeeded(manifest.Id))
        {
            PluginState state = _options.Allow.GetValueOrDefault(manifest.Id)?.Disabled == true ? PluginState.Disabled : PluginState.NotNeeded;
            lock (_gate) _records.Add(record with { State = state });
            return;
        }

        Candidate candidate = await TryLoadAsync(manifest, folder, current: null, cancellationToken).ConfigureAwait(false);
        if (candidate.Generation is { } generation)
        {
            lock (_gate)
            {
                _generations.Add(generation);
                _records.Add(Record(generation));
            }

            return;
        }

        Refuse(record with { State = PluginState.Refused, Problem = candidate.Problem }, candidate.Thrown);
    }

    /// <summary>Checks, copies, loads and configures a plugin.</summary>
    /// <returns>The plugin; or why not; or neither, when its files are those of the version that is there.</returns>
    private async ValueTask<Candidate> TryLoadAsync(PluginManifest manifest, string folder, PluginGeneration? current, CancellationToken cancellationToken)
    {
        AllowedPlugin? allowed = _options.Allow.GetValueOrDefault(manifest.Id);
        int number = _numbers.GetValueOrDefault(manifest.Id) + 1;
        string? copy = null;
        PluginGeneration? generation = null;
        Exception? thrown = null;
        bool isSame = false;

        // What a pin fixes may lie where anybody writes: what was hashed is what runs.
        PluginProblem? problem = CheckAllowed(manifest, folder, allowed, current) ?? (allowed?.Pin is null ? PluginFolderRights.Check(folder) : null) ?? Copy(ref manifest, folder, number, allowed, current, out copy, out isSame);
        if (problem is null && isSame)
        {
            Delete(copy!);
            return default;
        }

        problem ??= PluginBoundary.Check(manifest, copy!);
        if (problem is null)
        {
            _numbers[manifest.Id] = number;
            generation = PluginGeneration.Load(manifest, number, folder, _options.Unloadable, out Type? entry, out problem);
            if (generation is not null) (problem, thrown) = await ConfigureAsync(generation, entry!, allowed, cancellationToken).ConfigureAwait(false);
        }

        problem ??= CheckNames(generation!.Parts!, current);
        if (problem is null)
        {
            HostLog.Loaded(_logger, manifest.Id, manifest.Contract, folder);
            _services.Bus.Publisher<PluginLoaded>().Publish(new PluginLoaded { PluginId = manifest.Id, Contract = manifest.Contract });
            return new Candidate(generation, null, null);
        }

        // What hangs may be anywhere in its code: it is left where it is.
        if (generation is not null && problem.Fault != PluginFault.Hangs) await DisposeAsync(generation).ConfigureAwait(false);
        else if (generation is null && copy is not null) Delete(copy);
        return new Candidate(null, problem, thrown);
    }

    private PluginProblem? CheckAllowed(PluginManifest manifest, string folder, AllowedPlugin? allowed, PluginGeneration? current)
    {
        if (allowed is null && _options.Unknown != UnknownPlugins.Load)
            return new PluginProblem(PluginFault.NotAllowed, $"configuration does not name plugin '{manifest.Id}' (Keyway:Plugins:Allow)");
        if (current is not null) return null;
        lock (_gate)
        {
            return _records.FirstOrDefault(other => other.Id == manifest.Id && other.Assembly is not null && other.Folder != folder && other.State != PluginState.Unloaded) is { } other
                ? new PluginProblem(PluginFault.DuplicateId, $"the plugin in {other.Folder} has the id '{manifest.Id}' already")
                : null;
        }
    }

    // A plugin is copied to a folder that only we can write to, hashed there where there is a pin, and loaded from there: what was looked at is what runs, and stays it.
    private PluginProblem? Copy(ref PluginManifest manifest, string folder, int number, AllowedPlugin? allowed, PluginGeneration? current, out string? copy, out bool isSame)
    {
        (copy, isSame) = (null, false);
        try
        {
            string taken = copy = _copies.Take(folder, manifest.Id, number, hasLinks: allowed?.Pin is null);
            if (allowed?.Pin is { } pin && PluginPin.Compute(taken) is var found && !string.Equals(found, pin, StringComparison.OrdinalIgnoreCase))
                return new PluginProblem(PluginFault.PinMismatch, $"the folder's fingerprint is {found}, configuration pins {pin}");
            PluginCopies.Prepare(taken);
            isSame = current is not null && PluginPin.Compute(taken) == PluginPin.Compute(current.Copy);
            if (PluginDiscovery.Read(taken, out PluginProblem? problem) is not { } copied) return problem;
            if (copied.Id != manifest.Id) return new PluginProblem(PluginFault.PinMismatch, $"the folder changed while it was read: its plugin is '{copied.Id}' now");
            manifest = copied;
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new PluginProblem(PluginFault.Unreadable, $"{exception.Message} (plugins are loaded from a private copy in {Path.GetTempPath()}; TMPDIR names another place)");
        }
    }

    /// <summary>Lets a plugin register what it brings, within the time limit. On a thread of its own: what blocks it blocks nobody else.</summary>
    private async ValueTask<(PluginProblem? Problem, Exception? Thrown)> ConfigureAsync(PluginGeneration generation, Type entry, AllowedPlugin? allowed, CancellationToken cancellationToken)
    {
        string id = generation.Id;
        ScopedBus scope = new(_services.Events);
        PluginContext context = new()
        {
            PluginId = id,
            Settings = allowed?.Settings ?? new ConfigurationBuilder().Build().GetSection($"Keyway:Plugins:Allow:{id}"),
            Logging = _services.Logging,
            Events = scope,
            Secrets = _services.Secrets(id),
            Http = _services.Http,
            Clock = _services.Clock,
            Storage = _services.Storage?.Invoke(id) ?? PluginContext.NoStorage,
        };
        try
        {
            return await Task.Run(() => (generation.Configure(entry, scope, context, out Exception? thrown), thrown), CancellationToken.None)
                .WaitAsync(_options.Patience, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return (new PluginProblem(PluginFault.Hangs, string.Create(CultureInfo.InvariantCulture, $"its Configure has not come back after {_options.Patience.TotalSeconds:0.#} s (Keyway:Plugins:PatienceSeconds)")), null);
        }
    }

    private PluginProblem? CheckNames(PluginBuilder parts, PluginGeneration? current)
    {
        lock (_gate)
        {
            PluginBuilder[] others = [.. _generations.Where(generation => generation != current).Select(static generation => generation.Parts!)];
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

    private readonly record struct Candidate(PluginGeneration? Generation, PluginProblem? Problem, Exception? Thrown);
}
