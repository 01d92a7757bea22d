using Keyway.Decryption;
using Keyway.Diagnostics;
using Keyway.Licensing.Recording;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>What an engine is made of.</summary>
public sealed record SessionEngineOptions
{
    /// <summary>Where keys go. Ownership: the caller's, who disposes it after the engine.</summary>
    public required ContentKeyVault Vault { get; init; }

    /// <summary>
    /// The engine's own bus: the wiring runs on it. Others see it through a <see cref="MirrorBus"/>, after the fact.
    /// </summary>
    public required IMessageBus Bus { get; init; }

    /// <summary>The clock that licences run by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where licences are kept beyond their sessions. Ownership: the caller's, who disposes it after the engine.</summary>
    /// <value><see langword="null"/>: nowhere. Then a session that is to be stored is refused.</value>
    public ILicenseStore? Store { get; init; }

    /// <summary>How long a reader waits for a key.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan KeyWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one call of a key system may take.</summary>
    /// <value>15 seconds.</value>
    public TimeSpan KeySystemPatience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a shared session that nobody holds stays open.</summary>
    /// <value>3 seconds.</value>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Says whose turn it is to ask for a licence, where other processes ask too. Ownership: the caller's.</summary>
    /// <value><see cref="LicenseCoordinator.InProcess"/>.</value>
    public ILicenseCoordinator Coordinator { get; init; } = LicenseCoordinator.InProcess;

    /// <summary>How many exchanges in a row a key system may ask for.</summary>
    /// <value>8.</value>
    public int MaximumExchanges { get; init; } = 8;

    /// <summary>What measures its exchanges; <see langword="null"/>: nothing.</summary>
    internal EngineMeter? Meter { get; init; }

    /// <summary>What writes exchanges down, and is told how they ended; <see langword="null"/>: nothing does.</summary>
    internal LicenseRecorder? Recorder { get; init; }

    /// <summary>Where the log receives facts: after they have happened, from a queue of its own.</summary>
    public IEventSource? Events { get; init; }

    /// <summary>What writes the application's logs; <see langword="null"/>: nothing is logged.</summary>
    internal SessionStory? Story { get; init; }
}
