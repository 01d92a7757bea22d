using System.Collections.Frozen;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Recording;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Sources;
using Microsoft.Extensions.Logging;

namespace Keyway;

/// <summary>What an engine is made of. Everything has a use without configuration, containers or plugins.</summary>
public sealed record KeywayEngineOptions
{
    /// <summary>The key systems, in any order. Ownership: the caller's, who disposes them after the engine.</summary>
    public IReadOnlyList<KeySystemCandidate> KeySystems { get; init; } = [];

    /// <summary>The providers of licences.</summary>
    public IReadOnlyList<ConfiguredProvider> Providers { get; init; } = [];

    /// <summary>Providers that are configured and are not there, by name, and why: asking one for a licence says so.</summary>
    public IReadOnlyDictionary<string, string> AbsentProviders { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>The service that is used when no provider is: <see cref="LicenseService.Direct"/>.</summary>
    public required LicenseService Direct { get; init; }

    /// <summary>Names the provider that serves content of an address; <see langword="null"/>: none does.</summary>
    public Func<Uri, string?> Route { get; init; } = static _ => null;

    /// <summary>What is tried where a licence cannot be had, as <see cref="PresentationOptions.Fallback"/> has it for one presentation.</summary>
    public IReadOnlyList<LicenseFallback> Fallback { get; init; } = [];

    /// <summary>What sends requests for content. It follows no redirects itself. Ownership: the caller's. <see langword="null"/>: files only.</summary>
    public HttpMessageInvoker? ContentHttp { get; init; }

    /// <summary>How content is fetched.</summary>
    public SourceOptions Sources { get; init; } = new();

    /// <summary>The bus on which the engine's wiring runs. Others see it through <see cref="KeywayEngine.Events"/>.</summary>
    public IMessageBus Bus { get; init; } = new InProcessBus();

    /// <summary>How others see the bus; <see langword="null"/>: through a mirror that the engine makes.</summary>
    public IEventSource? Events { get; init; }

    /// <summary>The clock that licences run by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where to log.</summary>
    public ILoggerFactory? Logging { get; init; }

    /// <summary>Which AES to use.</summary>
    public Acceleration Acceleration { get; init; }

    /// <summary>Where licences are kept that outlive their session. Ownership: the caller's, who disposes it after the engine.</summary>
    /// <value><see langword="null"/>: nowhere. Then <see cref="SessionKind.PersistentLicense"/> is refused.</value>
    public ILicenseStore? LicenseStore { get; init; }

    /// <summary>What writes exchanges down: it is told how they ended. Services are made with transports that it is around (<see cref="LicenseRecorder.Around"/>). Ownership: the caller's.</summary>
    public LicenseRecorder? Recorder { get; init; }

    /// <summary>How many fragments of a track are decrypted at once; 0 for as many as there are processors.</summary>
    public int MaxParallelFragments { get; init; }

    /// <summary>How long a reader waits for a key.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan KeyWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Says whose turn it is to ask for a licence, where other processes ask too. Ownership: the caller's.</summary>
    /// <value><see cref="LicenseCoordinator.InProcess"/>.</value>
    public ILicenseCoordinator Coordinator { get; init; } = LicenseCoordinator.InProcess;

    /// <summary>How long one call of a key system may take: its start, the reading of a header, each step of a session. One that takes longer has failed, and is named.</summary>
    /// <value>15 seconds.</value>
    public TimeSpan KeySystemPatience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Over how long licence requests are spread that several live presentations cause at once when their keys rotate.</summary>
    /// <value>1 second.</value>
    public TimeSpan RequestSpread { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Where in that spread a request falls, from 0 to 1.</summary>
    internal Func<double> Random { get; init; } = System.Random.Shared.NextDouble;

    /// <summary>Where keys live; another for tests that watch it.</summary>
    internal KeyMemory KeyMemory { get; init; } = KeyMemory.Default;
}
