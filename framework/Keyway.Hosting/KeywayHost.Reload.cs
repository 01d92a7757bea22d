using Keyway.Hosting.Configuration;
using Keyway.Licensing.Configuration;
using Keyway.Protection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Keyway.Hosting;

/// <content>Configuration that changes while the host runs.</content>
public sealed partial class KeywayHost
{
    // A file that is written causes two tokens or more, and is half there at the first.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(250);

    private IDisposable? _watch;
    private ITimer? _soon;

    /// <summary>
    /// What is wrong with the configuration as it stands now, which was refused: the host runs with the last good one. Empty: nothing is. Each mistake is logged once.
    /// </summary>
    public IReadOnlyList<SettingError> RefusedConfiguration { get; private set; } = [];

    /// <summary>
    /// Reads the section again. Key systems, their priorities, providers, routes, the wait for keys and how samples are decrypted are used by presentations that are
    /// opened from now on; those that are open keep what they had. Plugins, their settings, the bus, the folder of secrets, the store of licences and the roots of
    /// HTTP stay what they were, with a warning (<see cref="Warnings"/>). A host calls it by itself when the section says that it has changed
    /// (<see cref="KeywayHostOptions.WatchConfiguration"/>).
    /// </summary>
    /// <param name="cancellationToken">Cancels it; then everything stays as it was.</param>
    /// <returns>Whether anything has changed since the section was read last.</returns>
    /// <exception cref="KeywayConfigurationException">Something is wrong, or what is in use would be lost; every mistake is reported, and everything stays as it was.</exception>
    public async ValueTask<bool> ReloadConfigurationAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            IConfigurationSection section = FrozenSection.Of(_section);
            if (FrozenSection.AreSame(_read, section)) return false;
            // Read is read: what is wrong is reported once.
            IConfigurationSection before = _read;
            _read = section;
            try
            {
                await UseAsync(section, cancellationToken).ConfigureAwait(false);
                RefusedConfiguration = [];
                return true;
            }
            catch (KeywayConfigurationException exception)
            {
                RefusedConfiguration = exception.Errors;
                throw;
            }
            catch
            {
                _read = before;
                throw;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask UseAsync(IConfigurationSection section, CancellationToken cancellationToken)
    {
        KeywayOptions read = KeywayOptions.Read(section, _host.Configuration);
        KeywayOptions options = RestartSettings.Keep(Options, read);
        IReadOnlyList<SettingError> kept = Explain([.. RestartSettings.Changed(section.Path, Options, read)]);
        options = options with { Warnings = [.. options.Warnings, .. kept] };
        if (_build is { } old)
        {
            HostBuild next = await MakeAsync(options, cancellationToken).ConfigureAwait(false);
            try
            {
                IReadOnlyList<SettingError> lost = [.. LostOf(section.Path, old, next)];
                if (lost.Count == 0 && await StartAsStartedAsync(options, old, next, plugin: null, cancellationToken).ConfigureAwait(false) is { } reason)
                    lost = [new SettingError($"{section.Path}:KeySystems", reason)];
                if (lost.Count > 0) throw new KeywayConfigurationException(Explain(lost));
            }
            catch
            {
                await EndAsync(next).ConfigureAwait(false);
                throw;
            }

            Options = options;
            TakePlace(old, next);
        }
        else
        {
            Options = options;
        }
    }

    /// <summary>What was there, is still configured, and would not be there any more.</summary>
    private static IEnumerable<SettingError> LostOf(string section, HostBuild old, HostBuild next)
    {
        foreach (KeySystemCandidate before in old.KeySystems)
        {
            if (before.KeySystem is not null && next.KeySystems.FirstOrDefault(each => each.Name == before.Name) is { KeySystem: null } now)
                yield return new SettingError($"{section}:KeySystems:{before.Name}", now.Absence ?? "it is not there");
        }

        foreach (ConfiguredProvider before in old.Providers)
        {
            if (next.AbsentProviders.TryGetValue(before.Service.Name, out string? why))
                yield return new SettingError($"{section}:Providers:{before.Service.Name}", why);
        }
    }

    /// <summary>Looks at the section whenever it says that it has changed.</summary>
    private void Watch()
    {
        if (!_host.WatchConfiguration || _watch is not null) return;
        _soon = _host.Clock.CreateTimer(static host => _ = ((KeywayHost)host!).ReloadQuietlyAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _watch = ChangeToken.OnChange(_section.GetReloadToken, () => _soon.Change(Quiet, Timeout.InfiniteTimeSpan));
        // What has changed since it was read told nobody.
        _soon.Change(Quiet, Timeout.InfiniteTimeSpan);
    }

    private async Task ReloadQuietlyAsync()
    {
        try
        {
            if (await ReloadConfigurationAsync(_ending.Token).ConfigureAwait(false)) HostLog.Reloaded(_logger, Options.KeySystems.Count, Options.Providers.Count, Options.Routes.Count);
        }
        catch (KeywayConfigurationException exception)
        {
            foreach (SettingError error in exception.Errors) HostLog.NotTaken(_logger, error);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The host has ended.
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            HostLog.NotReloaded(_logger, PluginText.Of(exception));
        }
    }
}
