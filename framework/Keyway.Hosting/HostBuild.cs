using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Protection;
using Keyway.Sessions;

namespace Keyway.Hosting;

/// <summary>
/// An engine, and what of plugins it was made of. A reload of plugins makes another; this one is there until the last presentation that it opened
/// is disposed.
/// </summary>
/// <remarks>Threads: any. Ownership: the host's.</remarks>
internal sealed class HostBuild
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _unused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _users;
    private bool _retired;
    private KeywayEngine? _engine;
    private List<IKeySystem> _made = [];

    /// <summary>The engine; once the build is over there is none.</summary>
    public KeywayEngine Engine => Volatile.Read(ref _engine) ?? throw new ObjectDisposedException(nameof(KeywayHost));

    public IReadOnlyList<KeySystemCandidate> KeySystems { get; set; } = [];

    public IReadOnlyList<ConfiguredProvider> Providers { get; set; } = [];

    public IReadOnlyDictionary<string, string> AbsentProviders { get; set; } = new Dictionary<string, string>();

    /// <summary>What is no mistake in the configuration that it was made of, and looks like one.</summary>
    public IReadOnlyList<SettingError> Warnings { get; set; } = [];

    /// <summary>The versions of plugins that it may use.</summary>
    public IReadOnlyList<(string Id, int Number)> Plugins { get; init; } = [];

    public IReadOnlyList<SessionReport> Sessions => Volatile.Read(ref _engine)?.Sessions ?? [];

    /// <summary>Ends when it is retired and nobody uses it.</summary>
    public Task Unused => _unused.Task;

    public void Begin(KeywayEngine engine) => _engine = engine;

    /// <summary>Notes a key system that was made for it.</summary>
    public void Add(IKeySystem system) => _made.Add(system);

    /// <summary>Notes a user.</summary>
    /// <returns><see langword="false"/>: another build has taken its place.</returns>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_retired) return false;
            _users++;
            return true;
        }
    }

    /// <summary>A user has gone.</summary>
    public void Leave()
    {
        lock (_gate)
            if (--_users > 0 || !_retired) return;
        _unused.TrySetResult();
    }

    /// <summary>Takes no more users.</summary>
    public void Retire()
    {
        lock (_gate)
        {
            _retired = true;
            if (_users > 0) return;
        }

        _unused.TrySetResult();
    }

    /// <summary>Releases the engine, and everything that plugins have made.</summary>
    /// <returns>The engine, and the key systems that were made for it: to be disposed, in this order. The second time there are none.</returns>
    public (KeywayEngine? Engine, IReadOnlyList<IKeySystem> Made) Forget()
    {
        (KeySystems, Providers) = ([], []);
        return (Interlocked.Exchange(ref _engine, null), Interlocked.Exchange(ref _made, []));
    }
}
