using System.Security.Cryptography;
using System.Text;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>
/// What parent and child have said to each other and what is still open: calls, sessions, files, batches. The child may send anything; whatever is no answer to what
/// was asked, no event that there is, or more than may be kept, is its end.
/// </summary>
/// <param name="batches">Who hears of batches.</param>
/// <param name="files">Who hears of files.</param>
/// <param name="asked">Who hears what the module has asked.</param>
/// <remarks>Threads: frames come from one; calls are made and sessions come from any.</remarks>
internal sealed class ChildDialog(IChildBatches batches, IChildFiles files, Action<CdmQuestion, ulong> asked)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, OpenCall> _calls = [];
    private readonly Dictionary<string, IChildSession> _sessions = new(StringComparer.Ordinal);
    private readonly List<Unclaimed> _unclaimed = [];
    private readonly TaskCompletionSource<ChildAnswer> _hello = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _unclaimedBytes;
    private uint _lastId;
    private ChildEnd? _end;

    /// <summary>What the child said before its end; <see langword="null"/>: nothing.</summary>
    public ChildEnd? Fatal { get; private set; }

    /// <summary>Ends with the child's first word.</summary>
    public Task<ChildAnswer> Hello => _hello.Task;

    /// <summary>How many calls are open: for the test that it stays bounded.</summary>
    internal int OpenCalls
    {
        get
        {
            lock (_gate) return _calls.Count;
        }
    }

    /// <summary>How many sessions are there, and how many events wait for one: for the test that it stays bounded.</summary>
    internal int KnownSessions
    {
        get
        {
            lock (_gate) return _sessions.Count + _unclaimed.Count;
        }
    }

    /// <summary>What the child is in the middle of, as far as calls tell; the oldest one.</summary>
    public CdmStage Stage
    {
        get
        {
            if (!_hello.Task.IsCompleted) return CdmStage.Starting;
            lock (_gate) return _calls.Count == 0 ? CdmStage.Idle : _calls.MinBy(static call => call.Key).Value.Stage;
        }
    }

    /// <summary>A new number for a frame.</summary>
    public uint NextId()
    {
        lock (_gate) return NewId();
    }

    /// <summary>Opens a call.</summary>
    /// <param name="answer">The answer that belongs to it.</param>
    /// <param name="stage">What the child is in the middle of meanwhile.</param>
    /// <returns>Its number, and what ends with its answer.</returns>
    /// <exception cref="ChildLostException">The child is gone.</exception>
    public (uint Id, Task<ChildAnswer> Answer) Open(FrameType answer, CdmStage stage)
    {
        lock (_gate)
        {
            if (_end is { } end) throw new ChildLostException(end);
            uint id = NewId();
            OpenCall call = new(answer, stage, new TaskCompletionSource<ChildAnswer>(TaskCreationOptions.RunContinuationsAsynchronously));
            _calls.Add(id, call);
            return (id, call.Answer.Task);
        }
    }

    /// <summary>Gives a session to whoever hears of it, with what was said of it so far.</summary>
    /// <param name="id">What the module calls it.</param>
    /// <param name="session">Who hears of it.</param>
    /// <returns><see langword="false"/>: there is one of that name.</returns>
    public bool TryClaim(ReadOnlySpan<byte> id, IChildSession session)
    {
        string name = Encoding.Latin1.GetString(id);
        List<Unclaimed> before;
        lock (_gate)
        {
            if (_end is { } end) throw new ChildLostException(end);
            if (!_sessions.TryAdd(name, session)) return false;
            before = _unclaimed.FindAll(waiting => waiting.Session == name);
            // Under the lock: what comes now comes after what came.
            foreach (Unclaimed waiting in before)
            {
                _unclaimed.Remove(waiting);
                _unclaimedBytes -= waiting.Fields.Length;
                Tell(session, waiting.Type, waiting.Fields);
                CryptographicOperations.ZeroMemory(waiting.Fields);
            }
        }

        return true;
    }

    /// <summary>Forgets a session: what comes for it is dropped.</summary>
    public void Forget(ReadOnlySpan<byte> id, IChildSession session)
    {
        string name = Encoding.Latin1.GetString(id);
        lock (_gate)
        {
            if (_sessions.TryGetValue(name, out IChildSession? known) && known == session) _sessions.Remove(name);
        }
    }

    /// <summary>Takes a frame.</summary>
    /// <exception cref="ChildProtocolException">It is none that may come.</exception>
    public void Handle(FrameHead head, ReadOnlySpan<byte> fields)
    {
        switch (head.Type)
        {
            case FrameType.Decrypted:
                FrameReader reader = new(fields);
                (uint status, uint done, ulong nanoseconds) = (reader.U32(), reader.U32(), reader.U64());
                if (!reader.IsWhole || !batches.TryAnswer(head.Id, (CdmStatus)status, done, nanoseconds)) throw Wrong(head.Type);
                break;
            case FrameType.Hello:
                if (head.Id != 0 || !_hello.TrySetResult(new ChildAnswer(head.Type, fields.ToArray()))) throw Wrong(head.Type);
                break;
            case FrameType.Loaded or FrameType.Initialized or FrameType.SessionResolved or FrameType.Resolved or FrameType.Rejected or FrameType.PolicyStatus or FrameType.Grown or FrameType.Pong:
                Answer(head, fields);
                break;
            case FrameType.SessionMessage or FrameType.KeysChange or FrameType.Expiration or FrameType.SessionClosed:
                Event(head, fields);
                break;
            case FrameType.FileOpen or FrameType.FileRead or FrameType.FileWrite or FrameType.FileClose:
                if (!files.TryHandle(head, fields)) throw Wrong(head.Type);
                break;
            case FrameType.Asked:
                FrameReader question = new(fields);
                (CdmQuestion what, ulong detail) = ((CdmQuestion)question.U32(), question.U64());
                if (!question.IsWhole || !Enum.IsDefined(what)) throw Wrong(head.Type);
                asked(what, detail);
                break;
            case FrameType.Fatal:
                FrameReader last = new(fields);
                CdmStage stage = (CdmStage)last.U32();
                string text = Plain(last.Text());
                if (!last.IsWhole) throw Wrong(head.Type);
                Fatal ??= new ChildEnd(Crashed: true, stage, text) { GaveUp = true };
                break;
            default:
                throw new ChildProtocolException($"a frame of type 0x{(ushort)head.Type:x4}, which there is not");
        }
    }

    /// <summary>Says that the child is gone: to all who wait for it.</summary>
    public void End(ChildEnd end)
    {
        OpenCall[] calls;
        IChildSession[] sessions;
        lock (_gate)
        {
            if (_end is not null) return;
            _end = end;
            (calls, sessions) = ([.. _calls.Values], [.. _sessions.Values]);
            _calls.Clear();
            _sessions.Clear();
            foreach (Unclaimed waiting in _unclaimed) CryptographicOperations.ZeroMemory(waiting.Fields);
            _unclaimed.Clear();
        }

        if (_hello.TrySetException(new ChildLostException(end))) _ = _hello.Task.Exception;   // nobody need wait for it
        foreach (OpenCall call in calls)
        {
            if (call.Answer.TrySetException(new ChildLostException(end))) _ = call.Answer.Task.Exception;
        }

        foreach (IChildSession session in sessions) session.OnLost(end);
    }

    /// <summary>Text of the child, or of the module, in one line without what steers a terminal.</summary>
    public static string Plain(string text) => string.Concat(text.Select(static letter => char.IsControl(letter) || char.IsSurrogate(letter) || letter == '\uFFFD' ? ' ' : letter)).Trim();

    private static ChildProtocolException Wrong(FrameType type) => new($"a frame '{type}' that is not whole, or that nobody asked for");

    private uint NewId() => ++_lastId == 0 ? ++_lastId : _lastId;

    private void Answer(FrameHead head, ReadOnlySpan<byte> fields)
    {
        OpenCall? call;
        lock (_gate)
        {
            // A wrong answer leaves the call open: it ends with the child.
            if (!_calls.TryGetValue(head.Id, out call)) throw Wrong(head.Type);
            if (head.Type != call.Expected && (head.Type != FrameType.Rejected || call.Expected is FrameType.Pong)) throw Wrong(head.Type);
            _calls.Remove(head.Id);
        }

        ChildAnswer answer = new(head.Type, fields.ToArray());
        if (!call.Answer.TrySetResult(answer)) answer.Dispose();
    }

    private void Event(FrameHead head, ReadOnlySpan<byte> fields)
    {
        FrameReader reader = new(fields);
        ReadOnlySpan<byte> id = reader.Bytes(WireLimits.SessionId);
        if (head.Id != 0 || id.IsEmpty || !IsWhole(head.Type, reader)) throw Wrong(head.Type);
        string name = Encoding.Latin1.GetString(id);
        lock (_gate)
        {
            if (_sessions.TryGetValue(name, out IChildSession? session)) Tell(session, head.Type, fields);
            else Keep(new Unclaimed(name, head.Type, fields.ToArray()));
        }
    }

    /// <summary>The oldest goes: sessions that ended leave some behind, and those that begin need the newest.</summary>
    private void Keep(Unclaimed added)
    {
        if (_unclaimed.Count >= CdmLimits.UnclaimedEvents || _unclaimedBytes + added.Fields.Length > CdmLimits.UnclaimedBytes) DropHalf();
        _unclaimed.Add(added);
        _unclaimedBytes += added.Fields.Length;
    }

    private void DropHalf()
    {
        int half = (_unclaimed.Count + 1) / 2;
        foreach (Unclaimed waiting in _unclaimed[..half])
        {
            _unclaimedBytes -= waiting.Fields.Length;
            CryptographicOperations.ZeroMemory(waiting.Fields);
        }

        _unclaimed.RemoveRange(0, half);
    }

    private static bool IsWhole(FrameType type, FrameReader reader)
    {
        switch (type)
        {
            case FrameType.SessionMessage:
                reader.U32();
                reader.Bytes(WireLimits.Message);
                break;
            case FrameType.KeysChange:
                reader.Flag();
                for (int left = reader.Count(12, WireLimits.Keys); left > 0; left--)
                {
                    reader.Bytes(WireLimits.KeyId);
                    reader.U32();
                    reader.U32();
                }

                break;
            case FrameType.Expiration:
                reader.F64();
                break;
        }

        return reader.IsWhole;
    }

    private static void Tell(IChildSession session, FrameType type, ReadOnlySpan<byte> fields)
    {
        FrameReader reader = new(fields);
        reader.Bytes(WireLimits.SessionId);
        switch (type)
        {
            case FrameType.SessionMessage:
                CdmMessageType kind = (CdmMessageType)reader.U32();
                session.OnMessage(kind, reader.Bytes(WireLimits.Message));
                break;
            case FrameType.KeysChange:
                reader.Flag();
                ChildKey[] keys = new ChildKey[reader.Count(12, WireLimits.Keys)];
                for (int i = 0; i < keys.Length; i++) keys[i] = new ChildKey(reader.Bytes(WireLimits.KeyId).ToArray(), (CdmKeyStatus)reader.U32(), reader.U32());
                session.OnKeys(keys);
                break;
            case FrameType.Expiration:
                session.OnExpiration(reader.F64());
                break;
            case FrameType.SessionClosed:
                session.OnClosed();
                break;
        }
    }

    private sealed record OpenCall(FrameType Expected, CdmStage Stage, TaskCompletionSource<ChildAnswer> Answer);

    private sealed record Unclaimed(string Session, FrameType Type, byte[] Fields);
}
