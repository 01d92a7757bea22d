using Keyway.Cdm.Host.HostObjects;
using Keyway.Cdm.Host.Interface;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>
/// What the module calls, as frames to the parent. It says nothing that is not known here: outputs are unknown, the platform proves nothing, the machine has no identifier. Those answers come later
/// and never inside the question.
/// </summary>
/// <remarks>Threads: the dispatcher's, whatever thread the module calls from: what comes from another is copied, reported, and done on the right one.</remarks>
/// <param name="dispatcher">The module's thread.</param>
/// <param name="buffers">The buffers.</param>
internal sealed class ModuleHost(Dispatcher dispatcher, BufferPool buffers) : IHostObject
{
    private readonly Outlet _outlet = dispatcher.Outlet;

    /// <summary>The calls that the module has not answered.</summary>
    public PromiseTable Promises { get; } = new();

    /// <summary>The module's files.</summary>
    public FileTable Files { get; } = new(dispatcher);

    /// <summary>The instance, once there is one: what questions are answered to.</summary>
    public ContentDecryptionModule Module { get; set; }

    /// <summary>The call that waits for the module to be initialised. 0: none.</summary>
    public uint Initializing { get; set; }

    public nint Allocate(uint capacity) => buffers.Allocate(capacity, mayBePlace: dispatcher.IsHere);

    public double GetCurrentWallTime() => (dispatcher.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    public void SetTimer(long delay, nint context)
    {
        if (!dispatcher.IsHere) Elsewhere(() => SetTimer(delay, context));
        else if (!dispatcher.Timers.TrySet(delay, context)) Report(CdmIrregularity.Timers);
    }

    public void OnInitialized(bool success)
    {
        if (!dispatcher.IsHere)
        {
            Elsewhere(() => OnInitialized(success));
            return;
        }

        if (Initializing == 0)
        {
            Report(CdmIrregularity.InitializedTwice);
            return;
        }

        FrameWriter frame = _outlet.Begin(FrameType.Initialized, Initializing);
        frame.Flag(success);
        _outlet.Send();
        Initializing = 0;
    }

    public void OnResolveKeyStatusPromise(uint promise, uint status)
    {
        if (!dispatcher.IsHere)
        {
            Elsewhere(() => OnResolveKeyStatusPromise(promise, status));
            return;
        }

        if (!TryClose(promise, FrameType.PolicyStatus)) return;
        _outlet.Begin(FrameType.PolicyStatus, promise).U32(status);
        _outlet.Send();
    }

    public void OnResolveNewSessionPromise(uint promise, ReadOnlySpan<byte> session, bool found)
    {
        if (!dispatcher.IsHere)
        {
            byte[] copy = session.ToArray();
            Elsewhere(() => OnResolveNewSessionPromise(promise, copy, found));
            return;
        }

        if (!TryClose(promise, FrameType.SessionResolved)) return;
        if (session.Length > WireLimits.SessionId)
        {
            Report(CdmIrregularity.TooMuch);
            _outlet.Reject(promise, CdmException.NotSupported, 0, $"the module names a session with {session.Length} bytes, more than {WireLimits.SessionId}");
            return;
        }

        FrameWriter frame = _outlet.Begin(FrameType.SessionResolved, promise);
        frame.Flag(found);
        if (found) frame.Bytes(session);
        _outlet.Send();
    }

    public void OnResolvePromise(uint promise)
    {
        if (!dispatcher.IsHere) Elsewhere(() => OnResolvePromise(promise));
        else if (TryClose(promise, FrameType.Resolved)) _outlet.Send(FrameType.Resolved, promise);
    }

    public void OnRejectPromise(uint promise, uint exception, uint systemCode, ReadOnlySpan<byte> message)
    {
        string text = System.Text.Encoding.UTF8.GetString(message[..Math.Min(message.Length, WireLimits.Text)]);
        if (!dispatcher.IsHere) Elsewhere(() => Reject(promise, exception, systemCode, text));
        else Reject(promise, exception, systemCode, text);
    }

    public void OnSessionMessage(ReadOnlySpan<byte> session, uint type, ReadOnlySpan<byte> message)
    {
        if (!dispatcher.IsHere)
        {
            (byte[] copy, byte[] bytes) = (session.ToArray(), message.ToArray());
            Elsewhere(() => OnSessionMessage(copy, type, bytes));
            return;
        }

        if (!Fits(session, message.Length)) return;
        FrameWriter frame = _outlet.Begin(FrameType.SessionMessage, 0);
        frame.Bytes(session);
        frame.U32(type);
        frame.Bytes(message);
        _outlet.Send();
    }

    public unsafe void OnSessionKeysChange(ReadOnlySpan<byte> session, bool hasAdditionalUsableKey, ReadOnlySpan<KeyInformation> keys)
    {
        // Copied first in any case: an identifier that is too long, or none, makes the whole list wrong.
        SessionKey[] copies = new SessionKey[keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            ref readonly KeyInformation key = ref keys[i];
            if (key.KeyIdSize > WireLimits.KeyId || (key.KeyId == null && key.KeyIdSize > 0)) throw new TooMuchException();
            copies[i] = new SessionKey(new ReadOnlySpan<byte>(key.KeyId, (int)key.KeyIdSize).ToArray(), key.Status, key.SystemCode);
        }

        byte[] of = session.ToArray();
        if (dispatcher.IsHere) KeysChanged(of, hasAdditionalUsableKey, copies);
        else Elsewhere(() => KeysChanged(of, hasAdditionalUsableKey, copies));
    }

    public void OnExpirationChange(ReadOnlySpan<byte> session, double expiration)
    {
        if (!dispatcher.IsHere)
        {
            byte[] copy = session.ToArray();
            Elsewhere(() => OnExpirationChange(copy, expiration));
            return;
        }

        if (!Fits(session, 0)) return;
        FrameWriter frame = _outlet.Begin(FrameType.Expiration, 0);
        frame.Bytes(session);
        frame.F64(expiration);
        _outlet.Send();
    }

    public void OnSessionClosed(ReadOnlySpan<byte> session)
    {
        if (!dispatcher.IsHere)
        {
            byte[] copy = session.ToArray();
            Elsewhere(() => OnSessionClosed(copy));
            return;
        }

        if (!Fits(session, 0)) return;
        _outlet.Begin(FrameType.SessionClosed, 0).Bytes(session);
        _outlet.Send();
    }

    public void SendPlatformChallenge() => Answer(CdmQuestion.PlatformChallenge, 0, () => Module.OnPlatformChallengeResponse(default));

    public void EnableOutputProtection(uint mask) => Answer(CdmQuestion.EnableOutputProtection, mask, null);

    public void QueryOutputProtectionStatus() => Answer(CdmQuestion.OutputProtection, 0, () => Module.OnQueryOutputProtectionStatus(QueryResult.Failed, 0, 0));

    public void RequestStorageId(uint version) => Answer(CdmQuestion.StorageId, version, () => Module.OnStorageId(version));

    public void ReportMetrics(uint name) => Answer(CdmQuestion.Metric, name, null);

    /// <summary>Never 0, even where nothing may be stored: there is a module that does not look. A file that may not be is one that cannot be opened.</summary>
    public nint CreateFileIO(nint client)
    {
        if (!dispatcher.IsHere) Report(CdmIrregularity.OtherThread);
        return Files.Create(new FileIoClient(client));
    }

    public void Report(CdmIrregularity what) => dispatcher.Report(what);

    private void Answer(CdmQuestion question, ulong detail, Action? answer)
    {
        if (!dispatcher.IsHere)
        {
            Elsewhere(() => Answer(question, detail, answer));
            return;
        }

        _outlet.Asked(question, detail);
        if (answer is null) return;
        dispatcher.Post(() =>
        {
            using StageScope stage = dispatcher.Enter(CdmStage.Answering);
            if (!Module.IsNull) answer();
        });
    }

    private void KeysChanged(byte[] session, bool hasAdditionalUsableKey, SessionKey[] keys)
    {
        int bytes = 0;
        foreach (SessionKey key in keys) bytes += key.Id.Length + 12;
        if (!Fits(session, bytes)) return;
        FrameWriter frame = _outlet.Begin(FrameType.KeysChange, 0);
        frame.Bytes(session);
        frame.Flag(hasAdditionalUsableKey);
        frame.U32((uint)keys.Length);
        foreach (SessionKey key in keys)
        {
            frame.Bytes(key.Id);
            frame.U32(key.Status);
            frame.U32(key.SystemCode);
        }

        _outlet.Send();
    }

    private void Reject(uint promise, uint exception, uint systemCode, string text)
    {
        if (!Promises.TryClose(promise, out _)) Report(CdmIrregularity.PromiseTwice);
        else _outlet.Reject(promise, (CdmException)exception, systemCode, text);
    }

    /// <summary>Takes a call out of the table. One that is answered with what answers another kind has failed, and is over.</summary>
    private bool TryClose(uint promise, FrameType answer)
    {
        if (!Promises.TryClose(promise, out FrameType expected))
        {
            Report(CdmIrregularity.PromiseTwice);
            return false;
        }

        if (expected == answer) return true;
        Report(CdmIrregularity.PromiseKind);
        _outlet.Reject(promise, CdmException.InvalidState, 0, "the module answered with what answers another kind of call");
        return false;
    }

    private bool Fits(ReadOnlySpan<byte> session, int bytes)
    {
        if (session.Length <= WireLimits.SessionId && bytes <= WireLimits.Message) return true;
        Report(CdmIrregularity.TooMuch);
        return false;
    }

    private void Elsewhere(Action action)
    {
        Report(CdmIrregularity.OtherThread);
        dispatcher.Post(action);
    }

    private readonly record struct SessionKey(byte[] Id, uint Status, uint SystemCode);
}
