namespace Keyway.Hosting.Plugins;

/// <summary>
/// What every plugin's folder promises to a host, checked on the folder itself: as files, and then loaded as a host loads it, away from any host. What
/// <c>keyway plugins check</c> runs, and <c>PluginFolderConformance</c> of Keyway.Testing.
/// </summary>
/// <remarks>
/// <para>Promises stand in the order in which they build upon each other. Code of the plugin runs in this process, with all of its rights.</para>
/// <para>Threads: any, one call at a time. A plugin that hangs is left where it is.</para>
/// </remarks>
public sealed partial class PluginFolderCheck
{
    // Sentences of ours and of the promises that come before: what a plugin has to be before it can be loaded.
    private const string OnePlugin = "It is one plugin, and says its id, its entry type and its contract";
    private const string OfferedContract = "It was built for a contract that hosts of this version offer";
    private const string NothingShared = "It has no copy of the contract, and nothing of what host and plugins share in a newer version";
    private const string NothingMissing = "Everything that its code refers to is in its folder or with the host";
    private const string TypesLoad = "All of its types can be loaded";
    private const string Configures = "It can be made, and configured without settings";

    private static readonly (string Promise, Func<PluginFolderCheck, CancellationToken, Task<string?>> Check)[] Checks =
    [
        (OnePlugin, static (folder, _) => Told(folder.ReadManifest())),
        ("Its folder can be copied and pinned: files, no links, no more than hosts take", static (folder, _) => Told(folder.FindUnpinnable())),
        (OfferedContract, static (folder, _) => Told(folder.Boundary(PluginFault.ContractMismatch))),
        (NothingShared, static (folder, _) => Told(folder.Boundary(PluginFault.ShipsContract, PluginFault.NewerDependency))),
        (NothingMissing, static (folder, _) => Told(folder.Boundary(PluginFault.LoadFailed, PluginFault.Unreadable))),
        ("It is built so that the same source gives the same bytes", static (folder, _) => Told(folder.OfAssembly(static path => PluginAssembly.IsDeterministic(path) ? [] : ["it was compiled without <Deterministic>true</Deterministic>"]))),
        ("It uses nothing that is banned for plugins because it would keep them in memory", static (folder, _) => Told(folder.OfAssembly(PluginAssembly.FindBanned))),
        ("No static field of it is a timer", static (folder, _) => Told(folder.OfAssembly(PluginAssembly.FindStaticTimers))),
        (TypesLoad, static (folder, token) => folder.LoadedAsync(static (_, _) => null, PluginFault.LoadFailed, token, PluginFault.NotAPlugin)),
        (Configures, static (folder, token) => folder.LoadedAsync(static (_, _) => null, PluginFault.ConfigureThrew, token, PluginFault.ConstructorThrew, PluginFault.Hangs)),
        ("What it registers has names that configuration can ask for, each once", static (folder, token) => folder.LoadedAsync(CheckNames, null, token)),
        ("What it registers can be made without settings, or says in a sentence what is missing", static (folder, token) => folder.LoadedAsync(static (plugin, _) => Make(plugin, static _ => null), null, token)),
        ("A key system that is made says what it is, and always the same", static (folder, token) => folder.LoadedAsync(static (plugin, _) => Make(plugin, CheckDescriptor), null, token)),
        ("Initialisation data that makes no sense is read, or refused with ProtectionHeaderException", static (folder, token) => folder.LoadedAsync(static (plugin, _) => Make(plugin, CheckGarbage), null, token)),
        ("A session without credentials and content writes a challenge, or is refused with an exception of Keyway", static (folder, token) => folder.LoadedAsync(static (plugin, cancelled) => Make(plugin, system => CheckSession(system, cancelled)), null, token)),
        ("A key system that is made can be disposed, and disposed again", static (folder, token) => folder.LoadedAsync(static (plugin, _) => Make(plugin, null), null, token)),
        ("It leaves memory when a host lets it go", static (folder, token) => folder.LeavesAsync(token)),
    ];

    private readonly string _folder;
    private readonly Dictionary<string, PluginFolderFinding> _found = new(StringComparer.Ordinal);
    private PluginManifest? _manifest;

    /// <summary>Looks at nothing yet.</summary>
    /// <param name="folder">The plugin's folder. A relative path counts from the working directory.</param>
    public PluginFolderCheck(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
    }

    /// <summary>The promises, each a sentence, in the order in which they are looked at.</summary>
    public static IReadOnlyList<string> Promises { get; } = [.. Checks.Select(static check => check.Promise)];

    /// <summary>The folder.</summary>
    public string Folder => _folder;

    /// <summary>The plugin's id, once its attribute was read.</summary>
    public string? Id => _manifest?.Id;

    /// <summary>How long one call of the plugin may take.</summary>
    /// <value>15 seconds, as with hosts.</value>
    public TimeSpan Patience { get; init; } = new PluginOptions().Patience;

    /// <summary>Looks at every promise.</summary>
    /// <param name="cancellationToken">Cancels between two promises.</param>
    /// <returns>A finding for each, in order.</returns>
    public async ValueTask<IReadOnlyList<PluginFolderFinding>> CheckAsync(CancellationToken cancellationToken = default)
    {
        List<PluginFolderFinding> findings = [];
        foreach (string promise in Promises) findings.Add(await CheckAsync(promise, cancellationToken).ConfigureAwait(false));
        return findings;
    }

    /// <summary>Looks at one promise, and before it at those that it builds upon.</summary>
    /// <param name="promise">One of <see cref="Promises"/>.</param>
    /// <param name="cancellationToken">Cancels between two promises.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ArgumentException">There is no such promise.</exception>
    public async ValueTask<PluginFolderFinding> CheckAsync(string promise, CancellationToken cancellationToken = default)
    {
        int index = Array.FindIndex(Checks, check => check.Promise == promise);
        if (index < 0) throw new ArgumentException("there is no such promise", nameof(promise));
        if (_found.TryGetValue(promise, out PluginFolderFinding? before)) return before;
        foreach (string needed in (string[])[OnePlugin, OfferedContract, NothingShared, NothingMissing, TypesLoad, Configures])
        {
            if (Array.FindIndex(Checks, check => check.Promise == needed) >= NeededBefore(index)) break;
            if (await CheckAsync(needed, cancellationToken).ConfigureAwait(false) is { State: not PromiseState.Kept } finding)
                return _found[promise] = new PluginFolderFinding(promise, PromiseState.NotLookedAt, finding.State == PromiseState.Broken ? $"{finding.Promise}: that does not hold" : finding.Seen);
        }

        cancellationToken.ThrowIfCancellationRequested();
        string? seen;
        try
        {
            seen = await Checks[index].Check(this, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            seen = $"its files cannot be read: {exception.Message}";
        }

        return _found[promise] = new PluginFolderFinding(promise, seen is null ? PromiseState.Kept : PromiseState.Broken, seen);
    }

    // What is read as a file needs no more than the manifest; what is loaded needs all that stands before.
    private static int NeededBefore(int index) =>
        index == 0 ? 0 : index < Array.FindIndex(Checks, static check => check.Promise == TypesLoad) ? 1 : index;

    private static Task<string?> Told(string? seen) => Task.FromResult(seen);

    private string? ReadManifest()
    {
        if (!Directory.Exists(_folder)) return "there is no such folder";
        _manifest = PluginDiscovery.Read(_folder, out PluginProblem? problem);
        return problem?.Reason;
    }

    private string? FindUnpinnable()
    {
        try
        {
            PluginPin.Compute(_folder);
            using PluginCopies copies = new();
            copies.Take(_folder, _manifest!.Id, 1, hasLinks: true);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }

    private string? Boundary(params PluginFault[] faults) =>
        PluginBoundary.Check(_manifest!, _folder) is { } problem && faults.Contains(problem.Fault) ? problem.Reason : null;

    private string? OfAssembly(Func<string, IReadOnlyList<string>> find) => find(_manifest!.AssemblyPath) is { Count: > 0 } found ? string.Join("; ", found) : null;
}
