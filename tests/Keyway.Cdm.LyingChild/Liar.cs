using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.IO.Pipes;
using System.Security.Cryptography;
using System.Text;
using Keyway.Cdm.Wire;
using Microsoft.Win32.SafeHandles;

namespace Keyway.Cdm.LyingChild;

/// <summary>
/// The child. A script is words with a comma between them: <c>key=KID:KEY</c> (hexadecimal) is a key that is usable after the first answer of the service, and the others are lies.
/// Without any lie it does what the frames say.
/// </summary>
internal sealed unsafe class Liar : IDisposable
{
    private readonly HashSet<string> _lies;
    private readonly Dictionary<string, byte[]> _keys = [];
    private readonly NamedPipeClientStream _pipe;
    private readonly SafeFileHandle _file;
    private readonly FrameWriter _frame = new();
    private MemoryMappedFile? _map;
    private MemoryMappedViewAccessor? _view;
    private byte* _memory;
    private int _region = ArenaLayout.FirstRegion;
    private int _sessions;

    public Liar(string script, string pipe, string memory)
    {
        _lies = [.. script.Split(',')];
        foreach (string word in _lies.Where(static word => word.StartsWith("key=", StringComparison.Ordinal)))
        {
            string[] pair = word[4..].Split(':');
            _keys[pair[0]] = Convert.FromHexString(pair[1]);
        }

        _file = memory.StartsWith(ArenaLayout.HandlePrefix, StringComparison.Ordinal)
            ? new SafeFileHandle(nint.Parse(memory[ArenaLayout.HandlePrefix.Length..], CultureInfo.InvariantCulture), ownsHandle: true)
            : File.OpenHandle(memory, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        Map();
        _pipe = new NamedPipeClientStream(".", pipe, PipeDirection.InOut, PipeOptions.CurrentUserOnly);
        if (Tells("no-connect")) Thread.Sleep(Timeout.Infinite);
        _pipe.Connect(10_000);
    }

    public int Run()
    {
        if (Tells("die-at-once")) return 7;
        if (Tells("garbage")) Raw([.. Enumerable.Range(0, 4096).Select(static i => (byte)(i * 37))]);
        if (Tells("huge-frame")) Raw([0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 0, 0, 0, 0]);
        if (Tells("half-frame"))
        {
            Raw([200, 0, 0, 0, 1, 2]);
            return 0;
        }

        if (!Tells("no-hello")) Send(FrameType.Hello, 0, frame =>
        {
            frame.U32(Tells("old-version") ? 99 : WireLimits.Version);
            frame.U32(Tells("other-process") ? 1 : (uint)Environment.ProcessId);
            frame.Text("liar");
        });

        byte[] head = new byte[WireLimits.Header];
        while (Fill(head))
        {
            FrameHead.TryRead(head, out FrameHead at);
            byte[] fields = new byte[at.Length];
            if (!Fill(fields)) break;
            if (at.Type == FrameType.End) return 0;
            Answer(at, fields);
        }

        return 0;
    }

    public void Dispose()
    {
        _view?.Dispose();
        _map?.Dispose();
        _file.Dispose();
        _pipe.Dispose();
    }

    private bool Tells(string lie) => _lies.Contains(lie);

    private void Answer(FrameHead head, byte[] fields)
    {
        FrameReader reader = new(fields);
        string call = head.Type.ToString();
        if (Tells($"die-in-{call}"))
        {
            *(uint*)_memory = (uint)(head.Type == FrameType.Decrypt ? CdmStage.Decrypting : CdmStage.Idle);
            Environment.Exit(9);
        }

        if (Tells($"hang-in-{call}")) Thread.Sleep(Timeout.Infinite);
        if (Tells($"never-{call}")) return;
        if (Tells($"fatal-in-{call}"))
        {
            Send(FrameType.Fatal, 0, static frame =>
            {
                frame.U32((uint)CdmStage.Updating);
                frame.Text("it was told to");
            });
            Environment.Exit(0);
        }

        if (Tells($"reject-{call}"))
        {
            Send(FrameType.Rejected, head.Id, static frame =>
            {
                frame.U32((uint)CdmException.TypeError);
                frame.U32(0x1234);
                frame.Text("no, and 00112233445566778899aabbccddeeff is the key\u001b[2J");
            });
            return;
        }

        if (Tells($"twice-{call}")) Say(head, fields);
        if (Tells($"wrong-id-{call}")) head = head with { Id = head.Id + 1000 };
        if (Tells($"wrong-type-{call}"))
        {
            Send(FrameType.Pong, head.Id, static _ => { });
            return;
        }

        if (Tells($"short-{call}"))
        {
            Raw([8, 0, 0, 0, (byte)((uint)AnswerOf(head.Type) & 0xFF), (byte)((uint)AnswerOf(head.Type) >> 8), (byte)head.Id, (byte)(head.Id >> 8), 0, 0, 1, 1]);
            return;
        }

        Say(head, fields);
    }

    private static FrameType AnswerOf(FrameType call) => call switch
    {
        FrameType.Load => FrameType.Loaded,
        FrameType.Initialize => FrameType.Initialized,
        FrameType.CreateSession or FrameType.LoadSession => FrameType.SessionResolved,
        FrameType.Decrypt => FrameType.Decrypted,
        FrameType.Grow => FrameType.Grown,
        FrameType.Ping => FrameType.Pong,
        _ => FrameType.Resolved,
    };

    private void Say(FrameHead head, byte[] fields)
    {
        FrameReader reader = new(fields);
        switch (head.Type)
        {
            case FrameType.Load:
                Send(FrameType.Loaded, head.Id, static frame =>
                {
                    frame.U32(11);
                    frame.Text("0.9");
                    frame.U32((uint)SandboxLevel.Process);
                    frame.Text("");
                });
                break;
            case FrameType.Initialize:
                if (Tells("asks"))
                    for (uint i = 0; i < 1000; i++) Ask(i == 0 ? CdmQuestion.Irregular : CdmQuestion.StorageId, i == 0 ? (ulong)CdmIrregularity.PromiseTwice : i);
                Send(FrameType.Initialized, head.Id, frame => frame.Flag(!Tells("not-initialized")));
                break;
            case FrameType.CreateSession:
                byte[] id = Encoding.ASCII.GetBytes(Tells("one-name") ? "1" : (++_sessions).ToString(CultureInfo.InvariantCulture));
                bool early = Tells("early");
                if (early) Message(id, CdmMessageType.LicenseRequest, "ask"u8);
                Send(FrameType.SessionResolved, head.Id, frame =>
                {
                    frame.Flag(true);
                    frame.Bytes(id);
                });
                if (!early && !Tells("no-message")) Message(id, CdmMessageType.LicenseRequest, Tells("certificate") ? [8, 4] : "ask"u8);
                break;
            case FrameType.UpdateSession:
                byte[] session = reader.Bytes(WireLimits.SessionId).ToArray();
                ReadOnlySpan<byte> license = reader.Bytes(WireLimits.Message);
                if (Tells("certificate") && license.SequenceEqual("certificate"u8))
                {
                    Send(FrameType.Resolved, head.Id, static _ => { });
                    Thread.Sleep(50);
                    Message(session, CdmMessageType.LicenseRequest, "ask again"u8);
                    break;
                }

                if (Tells("any-key"))
                {
                    string[] pair = Encoding.ASCII.GetString(license).Split(':');
                    _keys.Clear();
                    _keys[pair[0]] = Convert.FromHexString(pair[1]);
                }

                if (Tells("keys-first")) Keys(session, CdmKeyStatus.Usable);
                Send(FrameType.Resolved, head.Id, static _ => { });
                if (Tells("keys-late")) Thread.Sleep(200);
                if (!Tells("keys-first")) Keys(session, Status());
                if (Tells("expires")) Send(FrameType.Expiration, 0, frame =>
                {
                    frame.Bytes(session);
                    frame.F64(4102444800);   // 2100-01-01
                });
                if (Tells("renews")) Message(session, CdmMessageType.LicenseRenewal, "more"u8);
                if (Tells("closes")) Send(FrameType.SessionClosed, 0, frame => frame.Bytes(session));
                break;
            case FrameType.RemoveSession:
                byte[] removed = reader.Bytes(WireLimits.SessionId).ToArray();
                Send(FrameType.Resolved, head.Id, static _ => { });
                Message(removed, CdmMessageType.LicenseRelease, "done"u8);
                break;
            case FrameType.Decrypt:
                Decrypt(head, fields);
                break;
            case FrameType.Grow:
                _region = (int)reader.U32();
                Map();
                Send(FrameType.Grown, head.Id, static _ => { });
                break;
            case FrameType.Ping:
                Send(FrameType.Pong, head.Id, static _ => { });
                break;
            case FrameType.CloseSession:
                // What it takes from now on is what it holds: a test looks.
                GC.Collect();
                Send(FrameType.Resolved, head.Id, static _ => { });
                break;
            default:
                Send(FrameType.Resolved, head.Id, static _ => { });
                break;
        }
    }

    private CdmKeyStatus Status() => Tells("restricted") ? CdmKeyStatus.OutputRestricted : Tells("downscaled") ? CdmKeyStatus.OutputDownscaled : CdmKeyStatus.Usable;

    private void Decrypt(FrameHead head, byte[] fields)
    {
        FrameReader reader = new(fields);
        int half = reader.U8();
        CdmScheme scheme = (CdmScheme)reader.U32();
        (uint crypt, uint skip) = (reader.U32(), reader.U32());
        string kid = Convert.ToHexStringLower(reader.Bytes(WireLimits.KeyId));
        int count = reader.Count(WireLimits.Slot, int.MaxValue);
        int maps = reader.Count(WireLimits.Subsample, int.MaxValue);
        List<(int Offset, int Length, byte[] Vector, int Maps)> slots = [];
        for (int i = 0; i < count; i++)
        {
            (int offset, int length) = ((int)reader.U32(), (int)reader.U32());
            if (reader.U8() != 16) throw new InvalidOperationException("a vector is not padded");
            slots.Add((offset, length, reader.Raw(16).ToArray(), (int)reader.U32()));
        }

        List<(int Clear, int Protected)> map = [];
        for (int i = 0; i < maps; i++) map.Add(((int)reader.U32(), (int)reader.U32()));
        if (!reader.IsWhole) throw new InvalidOperationException("a request to decrypt is not whole");
        if (!_keys.TryGetValue(kid, out byte[]? key))
        {
            Decrypted(head.Id, CdmStatus.NoKey, 0);
            return;
        }

        using Aes aes = Aes.Create();
        aes.Key = key;
        int at = 0;
        foreach ((int offset, int length, byte[] vector, int entries) in slots)
        {
            Span<byte> input = new(_memory + ArenaLayout.Input(_region, half) + offset, length);
            Span<byte> output = new(_memory + ArenaLayout.Output(_region, half) + offset, length);
            input.CopyTo(output);
            List<(int, int)> own = entries == 0 ? [(0, length)] : map.GetRange(at, entries);
            at += entries;
            if (scheme == CdmScheme.Cenc) Counter.Decrypt(aes, vector, own, output);
            else Pattern.Decrypt(aes, vector, own, output, (int)crypt, (int)skip, isEvery: (crypt, skip) == (0, 0));
        }

        if (Tells("too-many")) Decrypted(head.Id, CdmStatus.Success, (uint)count + 5);
        else if (Tells("too-few")) Decrypted(head.Id, CdmStatus.Success, 0);
        else if (Tells("half-done")) Decrypted(head.Id, CdmStatus.DecryptError, (uint)count / 2);
        else if (Tells("strange-status")) Decrypted(head.Id, (CdmStatus)0xFFFFFFFF, 0);
        else Decrypted(head.Id, CdmStatus.Success, (uint)count);

        if (Tells("changes-after"))
        {
            // Again and again, as fast as it can.
            long until = Environment.TickCount64 + 100;
            while (Environment.TickCount64 < until) new Span<byte>(_memory + ArenaLayout.Output(_region, half), 1 << 16).Fill(0xEE);
        }

        if (Tells("shortens")) RandomAccess.SetLength(_file, 0);
    }

    private void Decrypted(uint id, CdmStatus status, uint done) => Send(FrameType.Decrypted, id, frame =>
    {
        frame.U32((uint)status);
        frame.U32(done);
        frame.U64(0);
    });

    private void Message(byte[] session, CdmMessageType type, ReadOnlySpan<byte> message)
    {
        byte[] bytes = message.ToArray();
        Send(FrameType.SessionMessage, 0, frame =>
        {
            frame.Bytes(session);
            frame.U32((uint)type);
            frame.Bytes(bytes);
        });
    }

    private void Keys(byte[] session, CdmKeyStatus status) => Send(FrameType.KeysChange, 0, frame =>
    {
        frame.Bytes(session);
        frame.Flag(true);
        frame.U32((uint)_keys.Count);
        foreach (string id in _keys.Keys)
        {
            frame.Bytes(Convert.FromHexString(id));
            frame.U32((uint)status);
            frame.U32(0);
        }
    });

    private void Send(FrameType type, uint id, Action<FrameWriter> write)
    {
        _frame.Begin(type, id);
        write(_frame);
        _pipe.Write(_frame.End().Span);
    }

    private void Ask(CdmQuestion question, ulong detail) => Send(FrameType.Asked, 0, frame =>
    {
        frame.U32((uint)question);
        frame.U64(detail);
    });

    private void Raw(byte[] bytes) => _pipe.Write(bytes);

    private bool Fill(byte[] bytes)
    {
        for (int done = 0; done < bytes.Length;)
        {
            int count = _pipe.Read(bytes, done, bytes.Length - done);
            if (count == 0) return false;
            done += count;
        }

        return true;
    }

    private void Map()
    {
        _view?.Dispose();
        _map?.Dispose();
        long length = ArenaLayout.Length(_region);
        _map = MemoryMappedFile.CreateFromFile(_file, null, length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, length);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _memory);
    }
}
