using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing.Configuration;
using Keyway.Messaging;
using Keyway.Protection;

namespace Keyway.Hosting;

/// <content>New versions of plugins, and builds that follow one another: each is there until the last presentation that it opened is disposed.</content>
public sealed partial class KeywayHost
{
    private readonly List<HostBuild> _replaced = [];
    private readonly List<Task> _leaving = [];

    /// <summary>
    /// Looks into the plugin folder again. A plugin whose files have changed is loaded beside the version that is there; when it loads, configures and makes what
    /// configuration asks of it, and what was started of the old one has started of it, presentations that are opened from now on use it. The old one leaves
    /// with the last presentation that began with it. A new version that fails in any of this is named and refused, and the old one goes on.
    /// A plugin whose folder is gone goes on too.
    /// </summary>
    /// <param name="cancellationToken">Cancels the loading. What has been replaced by then stays replaced.</param>
    /// <returns>One entry for each plugin whose files have changed. Empty: none has.</returns>
    /// <remarks>
    /// <para>The memory of an old version is freed only where <see cref="PluginOptions.Unloadable"/> says so and nothing holds it: whoever keeps a disposed <see cref="Presentation"/>
    /// or <see cref="StoredLicenses"/> of before, keeps it. <see cref="Plugins"/> and the fact <see cref="PluginUnloaded"/> say whether it was.</para>
    /// <para>Threads: any; one reload at a time.</para>
    /// </remarks>
    /// <inheritdoc cref="StartAsync" path="/exception"/>
    public async ValueTask<IReadOnlyList<PluginReload>> ReloadPluginsAsync(CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _build) is null)
        {
            await BuildAsync(cancellationToken).ConfigureAwait(false);
            return [];
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            (IReadOnlyList<PluginGeneration> loaded, IReadOnlyList<PluginReload> refused) = await _plugins!.LoadChangedAsync(cancellationToken).ConfigureAwait(false);
            List<PluginReload> results = [.. refused];
            foreach (PluginGeneration generation in loaded) results.Add(await ReplaceAsync(generation, cancellationToken).ConfigureAwait(false));
            return results;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Puts a new version of a plugin to use, if it can do what the one before it did.</summary>
    private async ValueTask<PluginReload> ReplaceAsync(PluginGeneration generation, CancellationToken cancellationToken)
    {
        HostBuild old = _build!;
        _plugins!.Replace(generation);
        HostBuild? next = null;
        string? reason;
        try
        {
            next = await MakeAsync(Options, cancellationToken).ConfigureAwait(false);
            reason = Lost(old, next) ?? await StartAsStartedAsync(Options, old, next, generation.Id, cancellationToken).ConfigureAwait(false);
        }
        catch (KeywayException exception)
        {
            reason = exception.Message;
        }
        catch (OperationCanceledException)
        {
            if (next is not null) await EndAsync(next).ConfigureAwait(false);
            await _plugins.RefuseAsync(generation, "the reload was cancelled").ConfigureAwait(false);
            throw;
        }

        if (reason is not null)
        {
            if (next is not null) await EndAsync(next).ConfigureAwait(false);
            return await _plugins.RefuseAsync(generation, reason).ConfigureAwait(false);
        }

        TakePlace(old, next!);
        return new PluginReload(generation.Id, generation.Number, Problem: null);
    }

    /// <summary>Presentations are opened with another build from now on; the old one leaves with its last.</summary>
    private void TakePlace(HostBuild old, HostBuild next)
    {
        lock (_replaced)
        {
            _replaced.Add(old);
            Volatile.Write(ref _build, next);
        }

        LogWarnings(next);
        old.Retire();
        _leaving.RemoveAll(static task => task.IsCompleted);
        _leaving.Add(Task.Run(() => LeaveAsync(old), CancellationToken.None));
    }

    private void LogWarnings(HostBuild build)
    {
        foreach (SettingError warning in build.Warnings) HostLog.Warned(_logger, warning);
    }

    /// <summary>What there was with the old version of a plugin and is not with the new one; <see langword="null"/>: nothing.</summary>
    private static string? Lost(HostBuild old, HostBuild next)
    {
        foreach (KeySystemCandidate before in old.KeySystems)
        {
            if (before.KeySystem is not null && next.KeySystems.FirstOrDefault(each => each.Name == before.Name) is { KeySystem: null } now)
                return $"key system '{before.Name}': {now.Absence}";
        }

        return next.AbsentProviders.Where(each => !old.AbsentProviders.ContainsKey(each.Key)).Select(static each => $"provider '{each.Key}': {each.Value}").FirstOrDefault();
    }

    /// <summary>Starts of a new build what was started of the old one: whether it can is to be known before it is relied on.</summary>
    private static async ValueTask<string?> StartAsStartedAsync(KeywayOptions options, HostBuild old, HostBuild next, string? plugin, CancellationToken cancellationToken)
    {
        foreach (string name in old.Engine.StartedKeySystems)
        {
            if (!options.KeySystems.TryGetValue(name, out KeySystemOptions? entry) || (plugin is not null && entry.Plugin != plugin)) continue;
            try
            {
                await next.Engine.StartKeySystemAsync(name, cancellationToken).ConfigureAwait(false);
            }
            catch (KeywayException exception)
            {
                return $"key system '{name}' does not start: {exception.Message}";
            }
        }

        return null;
    }

    /// <summary>Waits until nobody uses a replaced build, ends it, and lets those plugins go that no other build uses.</summary>
    private async Task LeaveAsync(HostBuild build)
    {
        try
        {
            await build.Unused.WaitAsync(_ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        await EndAsync(build).ConfigureAwait(false);
        List<(string Id, int Number)> alone;
        lock (_replaced)
        {
            _replaced.Remove(build);
            HashSet<(string, int)> used = [.. _replaced.SelectMany(static each => each.Plugins), .. Volatile.Read(ref _build)?.Plugins ?? []];
            alone = [.. build.Plugins.Where(each => !used.Contains(each))];
        }

        foreach ((string id, int number) in alone.Where(_plugins!.Retiring.Contains)) await _plugins.LeaveAsync(id, number, _ending.Token).ConfigureAwait(false);
    }
}
