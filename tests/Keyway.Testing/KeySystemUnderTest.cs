using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>What <see cref="KeySystemConformance"/> is told of a key system: how one is made, what it reads, and a service that answers it.</summary>
/// <remarks>Use keys and credentials that are worth nothing: what is not kept as promised is told with what was seen.</remarks>
public sealed record KeySystemUnderTest
{
    /// <summary>Makes the key system, ready to be started: with its settings, a credential, a clock. Called several times; each is disposed.</summary>
    public required Func<IKeySystem> Create { get; init; }

    /// <summary>Good initialisation data of its systems, one piece for each form that it reads. Sessions are opened for the first.</summary>
    public required IReadOnlyList<InitializationData> Headers { get; init; }

    /// <summary>The keys that content needs beside the first header, all of which the service's licence brings, and the bytes of each.</summary>
    public required IReadOnlyDictionary<KeyId, ReadOnlyMemory<byte>> Keys { get; init; }

    /// <summary>Answers a challenge as its service would: a maker of licences, or a recorded answer. Called from any thread, several at once.</summary>
    public required Func<ReadOnlyMemory<byte>, LicenseAnswer> Answer { get; init; }

    /// <summary>The scheme that content needs the keys for.</summary>
    public Decryption.ProtectionScheme Scheme { get; init; } = Decryption.ProtectionScheme.Cenc;

    /// <summary>Whether a licence is signed, so that a changed bit of what it says is noticed. If not, a changed bit may be another key, and never half a licence.</summary>
    /// <value><see langword="true"/>.</value>
    public bool LicensesAreSigned { get; init; } = true;

    /// <summary>Whether an answer fits the challenge alone that asked for it.</summary>
    /// <value><see langword="false"/>.</value>
    public bool AnswersAreBound { get; init; }

    /// <summary>Whether no two challenges are the same.</summary>
    /// <value><see langword="true"/>.</value>
    public bool ChallengesDiffer { get; init; } = true;

    /// <summary>What must be in no challenge and in no text: the private part of the credential. At least 8 bytes each. The keys need not be listed.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Secrets { get; init; } = [];

    /// <summary>In how many places an answer is cut, and in how many a bit of it is changed: all where it is shorter, and else the same ones each time.</summary>
    /// <value>200.</value>
    public int Alterations { get; init; } = 200;
}
