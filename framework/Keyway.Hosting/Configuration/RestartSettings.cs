using Keyway.Hosting.Plugins;
using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>Settings that a running host keeps: where plugins, secrets and licences are, what the host was built upon. A change of them waits for the next start.</summary>
internal static class RestartSettings
{
    /// <summary>New options with what the host keeps of the old ones.</summary>
    /// <param name="old">What the host runs with.</param>
    /// <param name="read">What was read.</param>
    public static KeywayOptions Keep(KeywayOptions old, KeywayOptions read) => read with
    {
        Plugins = old.Plugins,
        Messaging = old.Messaging,
        Secrets = old.Secrets,
        Http = old.Http,
        Licenses = read.Licenses with { Store = old.Licenses.Store, Record = old.Licenses.Record, RecordBodies = old.Licenses.RecordBodies },
    };

    /// <summary>What was changed and is kept, a warning each.</summary>
    /// <param name="section">The path of the section <c>Keyway</c>.</param>
    /// <param name="old">What the host runs with.</param>
    /// <param name="read">What was read.</param>
    public static IEnumerable<SettingError> Changed(string section, KeywayOptions old, KeywayOptions read)
    {
        if (old.Plugins.Directory != read.Plugins.Directory) yield return Kept("Plugins:Directory");
        if (old.Plugins.Unknown != read.Plugins.Unknown) yield return Kept("Plugins:Unknown");
        if (old.Plugins.Unloadable != read.Plugins.Unloadable) yield return Kept("Plugins:Unloadable");
        if (old.Plugins.Storage != read.Plugins.Storage) yield return Kept("Plugins:Storage");
        if (old.Plugins.Patience != read.Plugins.Patience) yield return Kept("Plugins:PatienceSeconds");
        foreach (string id in old.Plugins.Allow.Keys.Union(read.Plugins.Allow.Keys, StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal))
            if (!AreSame(old.Plugins.Allow.GetValueOrDefault(id), read.Plugins.Allow.GetValueOrDefault(id))) yield return Kept($"Plugins:Allow:{id}");
        if (old.Messaging != read.Messaging) yield return Kept("Messaging:Transport");
        if (old.Secrets != read.Secrets) yield return Kept("Secrets:Directory");
        if (!old.Http.TrustedRoots.SequenceEqual(read.Http.TrustedRoots)) yield return Kept("Http:TrustedRoots");
        if (old.Licenses.Store != read.Licenses.Store) yield return Kept("Licenses:Store");
        if (old.Licenses.Record != read.Licenses.Record) yield return Kept("Licenses:Record");
        if (old.Licenses.RecordBodies != read.Licenses.RecordBodies) yield return Kept("Licenses:RecordBodies");

        SettingError Kept(string path) => new($"{section}:{path}", "it was changed; until the host starts again, it stays what it was");
    }

    private static bool AreSame(AllowedPlugin? old, AllowedPlugin? read) =>
        old is null || read is null ? old is null && read is null
        : old with { Settings = null } == read with { Settings = null } && AreSame(old.Settings, read.Settings);

    private static bool AreSame(IConfigurationSection? old, IConfigurationSection? read) =>
        old is null || read is null ? !Says(old) && !Says(read) : FrozenSection.AreSame(old, read);

    private static bool Says(IConfigurationSection? section) => section?.Exists() == true;
}
