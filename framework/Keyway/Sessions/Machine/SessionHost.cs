using System.Diagnostics.CodeAnalysis;
using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>
/// The framework's half of a session as its key system sees it. Inside Open, OfferHeader and Accept calls are staged; outside, each is a stage of
/// its own that goes to the mailbox. After the end calls do nothing: a late callback of a native module is no mistake.
/// </summary>
/// <param name="post">Takes stages of calls that were made outside.</param>
[SuppressMessage("Design", "CA1001", Justification = "A stage belongs to the call that it is for.")]
internal sealed class SessionHost(Action<StagedCalls> post) : ISessionHost
{
    private const int KeyLength = 16;

    private volatile StagedCalls? _stage;
    private volatile bool _ended;

    /// <summary>Begins to stage. Called by the mailbox only.</summary>
    public StagedCalls Stage() => _stage = new StagedCalls();

    /// <summary>Ends staging. What comes later stands for itself.</summary>
    public void Unstage() => _stage = null;

    public void End() => _ended = true;

    public void Import(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (key.Length != KeyLength) throw new ArgumentException($"a key has {KeyLength} bytes, not {key.Length}", nameof(key));
        if (_ended || _stage?.TryImport(id, key, policy) == true) return;
        StagedCalls own = new();
        own.TryImport(id, key, policy);
        post(own);
    }

    public void UpdatePolicy(KeyId id, KeyPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        Stage(stage => stage.TryUpdatePolicy(id, policy));
    }

    public void SetStatus(KeyId id, KeyStatus status) => Stage(stage => stage.TrySetStatus(id, status));

    public void SetStatus(KeyId id, KeyStatus status, LicenseServiceException reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        Stage(stage => stage.TrySetStatus(id, status, reason));
    }

    public void RequestExchange(ChallengeKind kind) => Stage(stage => stage.TryRequest(kind));

    public void Close(LicenseErrorKind reason) => Stage(stage => stage.TryClose(reason));

    private void Stage(Func<StagedCalls, bool> call)
    {
        if (_ended || (_stage is { } stage && call(stage))) return;
        StagedCalls own = new();
        call(own);
        post(own);
    }
}
