using System.Globalization;
using Keyway.Hosting.Plugins;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sessions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Keyway.Hosting;

/// <summary>
/// Whether Keyway can do what configuration asks of it. Unhealthy: it cannot start, or no key system is left. Degraded: a plugin, a key system or a
/// provider is not there, a stored licence cannot be read, or a session's last exchange has failed; each with its reason.
/// </summary>
/// <remarks>Threads: any. It asks no licence service anything: a check must not cost a licence.</remarks>
public sealed class KeywayHealthCheck : IHealthCheck
{
    private readonly KeywayHost _host;

    /// <summary>Makes a check.</summary>
    /// <param name="host">What is checked. Started if it has not been.</param>
    public KeywayHealthCheck(KeywayHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
    }

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            await _host.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (KeywayException exception)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, exception.Message);
        }

        IReadOnlyList<SessionReport> sessions = _host.Sessions;
        List<string> reasons = [.. Absences(), .. await StoreProblemsAsync(cancellationToken).ConfigureAwait(false), .. Failures(sessions)];
        Dictionary<string, object> data = new(StringComparer.Ordinal)
        {
            ["keySystems"] = _host.KeySystems.Where(static system => system.KeySystem is not null).Select(static system => system.Name).ToArray(),
            ["providers"] = _host.Providers.Select(static provider => provider.Service.Name).ToArray(),
            ["sessions"] = sessions.Count,
        };
        if (_host.KeySystems.Count > 0 && _host.KeySystems.All(static system => system.KeySystem is null))
            return new HealthCheckResult(context.Registration.FailureStatus, $"no key system is there: {string.Join("; ", reasons)}", exception: null, data);
        return reasons.Count == 0 ? HealthCheckResult.Healthy(description: null, data) : HealthCheckResult.Degraded(string.Join("; ", reasons), exception: null, data);
    }

    private static IEnumerable<string> Failures(IReadOnlyList<SessionReport> sessions) =>
        from session in sessions
        where session is { Error: not null, State: not (SessionState.Closed or SessionState.Released) }
        group session by (session.KeySystem, session.Provider, session.Error!.Kind) into alike
        select string.Create(CultureInfo.InvariantCulture, $"{alike.Count()} {(alike.Count() == 1 ? "session" : "sessions")} of {alike.Key.KeySystem} at {alike.Key.Provider}: {alike.Key.Kind}");

    // What configuration disables, and what nobody will ask for, is as it should be.
    private bool IsDisabled(KeySystemCandidate system) =>
        _host.Options.KeySystems.TryGetValue(system.Name, out Configuration.KeySystemOptions? entry) && _host.Plugins.Any(plugin => plugin.Id == entry.Plugin && plugin.State is PluginState.Disabled or PluginState.NotNeeded);

    private IEnumerable<string> Absences() =>
    [
        // A folder that configuration does not name is none of its plugins.
        .. _host.Plugins.Where(static plugin => plugin.State == PluginState.Absent || (plugin.State == PluginState.Refused && plugin.Problem?.Fault != PluginFault.NotAllowed)).Select(static plugin => $"plugin {plugin.Id}: {plugin.Problem?.Reason}"),
        .. _host.KeySystems.Where(system => system.KeySystem is null && !IsDisabled(system)).Select(static system => $"key system {system.Name}: {system.Absence}"),
        .. _host.RefusedConfiguration.Select(static mistake => $"changed configuration is refused: {mistake}"),
        .. _host.AbsentProviders.Select(static provider => $"provider {provider.Key}: {provider.Value}"),
    ];

    private async Task<IEnumerable<string>> StoreProblemsAsync(CancellationToken cancellationToken)
    {
        if (_host.LicenseStore is not { } store) return [];
        try
        {
            StoredLicenseList list = await store.ListAsync(cancellationToken).ConfigureAwait(false);
            return list.Problems.Select(static problem => $"stored licence {problem.Where}: {problem.Reason}");
        }
        catch (LicenseStoreException exception)
        {
            return [exception.Message];
        }
    }
}
