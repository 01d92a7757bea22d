using Keyway.Decryption;
using Keyway.Diagnostics;
using Keyway.Licensing.Recording;

namespace Keyway.Sessions;

/// <summary>What every session of an engine shares.</summary>
internal sealed record SessionContext
{
    public required ContentKeyVault Vault { get; init; }

    public required SessionFacts Facts { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>What the engine measures; <see langword="null"/>: nobody does.</summary>
    public EngineMeter? Meter { get; init; }

    /// <summary>What writes exchanges down, and is told what came of their answers; <see langword="null"/>: nothing does.</summary>
    public LicenseRecorder? Recorder { get; init; }

    /// <summary>Where licences are kept beyond their sessions; <see langword="null"/>: nowhere.</summary>
    public ILicenseStore? Store { get; init; }

    /// <summary>How long a reader waits for a key, and so how long an exchange may take.</summary>
    public required TimeSpan KeyWait { get; init; }

    /// <summary>How many exchanges in a row a key system may ask for before it is told no.</summary>
    public required int MaximumExchanges { get; init; }

    /// <summary>How long one call of a key system may take.</summary>
    public required TimeSpan Patience { get; init; }

    /// <summary>Tells the table that nobody may join the session any more. Called from its mailbox; must not wait.</summary>
    public required Action<LicenseSessionActor> Left { get; init; }
}
