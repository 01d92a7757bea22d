using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>A child process, spoken to frame by frame: what the plugin's own parent does is not in between.</summary>
internal sealed class ChildUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly List<SentFrame> _past = [];
    private readonly Channel<SentFrame> _frames = Channel.CreateUnbounded<SentFrame>();
    private readonly FrameWriter _writer = new();
    private readonly StringBuilder _errors = new();
    private FileStream _arenaFile = null!;
    private MemoryMappedFile _map = null!;
    private MemoryMappedViewAccessor _arena = null!;
    private NamedPipeServerStream _pipe = null!;
    private uint _id;

    private ChildUnderTest()
    {
    }

    /// <summary>The program with the fake module.</summary>
    public static string FakeProgram { get; } = Path.Combine(AppContext.BaseDirectory, "Keyway.Cdm.FakeHost.dll");

    /// <summary>The program that is shipped.</summary>
    public static string RealProgram { get; } = Path.Combine(AppContext.BaseDirectory, "Keyway.Cdm.Host.dll");

    /// <summary>The process.</summary>
    public Process Process { get; private set; } = null!;

    /// <summary>Where a fake module writes what happens.</summary>
    public string LogPath => _folder["fake.log"];

    /// <summary>What it wrote so far.</summary>
    public string[] Log => File.Exists(LogPath) ? File.ReadAllLines(LogPath) : [];

    /// <summary>Bytes of a region of the arena.</summary>
    public int Region { get; private set; } = ArenaLayout.FirstRegion;

    /// <summary>What the child is in the middle of.</summary>
    public CdmStage Stage => (CdmStage)_arena.ReadUInt32(0);

    /// <summary>What it printed.</summary>
    public string Errors
    {
        get
        {
            lock (_errors) return _errors.ToString();
        }
    }

    /// <summary>Starts a child with a fake module, and has it load that.</summary>
    /// <param name="script">The lines of the module.</param>
    public static async Task<ChildUnderTest> FakeAsync(params string[] script)
    {
        ChildUnderTest child = await StartAsync(FakeProgram);
        await child.LoadAsync(child.Script(script));
        return child;
    }

    /// <summary>The same, initialised.</summary>
    public static async Task<ChildUnderTest> InitializedFakeAsync(params string[] script)
    {
        ChildUnderTest child = await FakeAsync(script);
        await child.InitializeAsync();
        return child;
    }

    /// <summary>Starts a child, and hears its first frame.</summary>
    public static async Task<ChildUnderTest> StartAsync(string program, IReadOnlyDictionary<string, string>? environment = null, params string[] more)
    {
        ChildUnderTest child = new();
        string arena = child._folder["arena"], pipe = $"keyway-test-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
        child._arenaFile = new FileStream(arena, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        child.Map(ArenaLayout.FirstRegion);
        child._pipe = new NamedPipeServerStream(pipe, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);

        ProcessStartInfo info = new(Dotnet()) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        info.Environment.Clear();
        info.Environment["DOTNET_EnableDiagnostics"] = "0";
        info.Environment["DOTNET_TieredPGO"] = "0";
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) info.Environment[name] = value;
        foreach (string argument in (string[])["exec", program, .. more, pipe, arena]) info.ArgumentList.Add(argument);
        child.Process = Process.Start(info)!;
        child.Process.ErrorDataReceived += (_, line) => child.Print(line.Data);
        child.Process.OutputDataReceived += (_, line) => child.Print(line.Data);
        child.Process.BeginErrorReadLine();
        child.Process.BeginOutputReadLine();

        using CancellationTokenSource patience = new(Patience);
        await child._pipe.WaitForConnectionAsync(patience.Token);
        _ = Task.Run(child.ReadAsync, CancellationToken.None);
        SentFrame hello = await child.NextAsync(FrameType.Hello);
        hello.Reader().U32().Should().Be(WireLimits.Version);
        return child;
    }

    /// <summary>Writes a fake module, which logs to <see cref="LogPath"/>.</summary>
    public string Script(params string[] lines)
    {
        string path = _folder["module"];
        File.WriteAllLines(path, [$"log {LogPath}", .. lines]);
        return path;
    }

    /// <summary>Has a module loaded.</summary>
    public async Task<LoadedModule> LoadAsync(string module, byte[]? pin = null, string keySystem = "org.w3.clearkey", bool sandboxRequired = false)
    {
        SentFrame answer = await CallAsync(FrameType.Load, frame =>
        {
            frame.Text(module, WireLimits.Path);
            frame.Bytes(pin);
            frame.Text(keySystem);
            frame.Flag(sandboxRequired);
        });
        answer.Type.Should().Be(FrameType.Loaded, "{0}", answer);
        FrameReader fields = answer.Reader();
        LoadedModule loaded = new((int)fields.U32(), fields.Text(), (SandboxLevel)fields.U32(), fields.Text());
        fields.IsWhole.Should().BeTrue();
        return loaded;
    }

    /// <summary>Has the module initialised.</summary>
    public async Task InitializeAsync(bool distinctiveIdentifier = false, bool persistentState = false)
    {
        SentFrame answer = await CallAsync(FrameType.Initialize, frame =>
        {
            frame.Flag(distinctiveIdentifier);
            frame.Flag(persistentState);
        });
        answer.Type.Should().Be(FrameType.Initialized, "{0}", answer);
        answer.Reader().Flag().Should().BeTrue();
    }

    /// <summary>Creates a session, and gives its name.</summary>
    public async Task<string> CreateSessionAsync(ReadOnlyMemory<byte> initData = default, CdmInitDataType type = CdmInitDataType.Cenc)
    {
        SentFrame answer = await CallAsync(FrameType.CreateSession, frame =>
        {
            frame.U32((uint)CdmSessionType.Temporary);
            frame.U32((uint)type);
            frame.Bytes(initData.Span);
        });
        answer.Type.Should().Be(FrameType.SessionResolved, "{0}", answer);
        FrameReader fields = answer.Reader();
        fields.Flag().Should().BeTrue();
        return fields.Text();
    }

    /// <summary>Gives a session an answer of its service.</summary>
    public Task<SentFrame> UpdateAsync(string session, string response) => CallAsync(FrameType.UpdateSession, frame =>
    {
        frame.Text(session);
        frame.Bytes(Encoding.UTF8.GetBytes(response));
    });

    /// <summary>A call about a session alone.</summary>
    public Task<SentFrame> SessionCallAsync(FrameType type, string session) => CallAsync(type, frame => frame.Text(session));

    /// <summary>A call, and what it is answered with.</summary>
    public Task<SentFrame> CallAsync(FrameType type, Action<FrameWriter>? write = null) => AnswerAsync(Send(type, ++_id, write));

    /// <summary>Sends a frame.</summary>
    /// <returns>Its number.</returns>
    public uint Send(FrameType type, uint id, Action<FrameWriter>? write = null)
    {
        _writer.Begin(type, id);
        write?.Invoke(_writer);
        _pipe.Write(_writer.End().Span);
        return id;
    }

    /// <summary>A number for a call.</summary>
    public uint NextId() => ++_id;

    /// <summary>What a call is answered with.</summary>
    public Task<SentFrame> AnswerAsync(uint id) => NextAsync(frame => frame.Id == id && frame.Type is >= FrameType.Loaded and < FrameType.Hello or FrameType.Fatal, $"the answer to {id}");

    /// <summary>The next frame of a type.</summary>
    public Task<SentFrame> NextAsync(FrameType type) => NextAsync(frame => frame.Type == type, type.ToString());

    /// <summary>Frames of a type that came and were not taken, after everything that was sent before has been done.</summary>
    public async Task<SentFrame[]> RestAsync(FrameType type)
    {
        await CallAsync(FrameType.Ping);
        SentFrame[] rest = [.. _past.Where(frame => frame.Type == type)];
        _past.RemoveAll(frame => frame.Type == type);
        return rest;
    }

    /// <summary>The rules that the module broke, as far as the child has told.</summary>
    public async Task<CdmIrregularity[]> IrregularitiesAsync() =>
        [.. (await QuestionsAsync()).Where(asked => asked.Question == CdmQuestion.Irregular).Select(asked => (CdmIrregularity)asked.Detail)];

    /// <summary>What the module asked, as far as the child has told.</summary>
    public async Task<(CdmQuestion Question, ulong Detail)[]> QuestionsAsync()
    {
        return [.. (await RestAsync(FrameType.Asked)).Select(Read)];

        static (CdmQuestion, ulong) Read(SentFrame frame)
        {
            FrameReader fields = frame.Reader();
            return ((CdmQuestion)fields.U32(), fields.U64());
        }
    }

    /// <summary>Has samples of one key decrypted, in one request.</summary>
    public async Task<BatchAnswered> DecryptAsync(int half, CdmScheme scheme, byte[] keyId, (uint Crypt, uint Skip) pattern, params BatchItem[] items)
    {
        int at = 0;
        uint[] offsets = new uint[items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            offsets[i] = (uint)at;
            _arena.WriteArray(ArenaLayout.Input(Region, half) + at, items[i].Data, 0, items[i].Data.Length);
            at += items[i].Data.Length + items[i].Gap;
        }

        SentFrame answer = await CallAsync(FrameType.Decrypt, frame =>
        {
            frame.U8((byte)half);
            frame.U32((uint)scheme);
            frame.U32(pattern.Crypt);
            frame.U32(pattern.Skip);
            frame.Bytes(keyId);
            frame.U32((uint)items.Length);
            frame.U32((uint)items.Sum(item => item.Subsamples.Length));
            Span<byte> vector = stackalloc byte[16];
            for (int i = 0; i < items.Length; i++)
            {
                frame.U32(offsets[i]);
                frame.U32((uint)items[i].Data.Length);
                frame.U8((byte)items[i].Vector.Length);
                vector.Clear();
                items[i].Vector.CopyTo(vector);
                frame.Raw(vector);
                frame.U32((uint)items[i].Subsamples.Length);
            }

            foreach ((uint clear, uint cipher) in items.SelectMany(item => item.Subsamples))
            {
                frame.U32(clear);
                frame.U32(cipher);
            }
        });
        answer.Type.Should().Be(FrameType.Decrypted, "{0}", answer);
        FrameReader fields = answer.Reader();
        CdmStatus status = (CdmStatus)fields.U32();
        int done = (int)fields.U32();
        ulong nanoseconds = fields.U64();
        byte[][] clear = new byte[done][];
        for (int i = 0; i < done; i++)
        {
            clear[i] = new byte[items[i].Data.Length];
            _arena.ReadArray(ArenaLayout.Output(Region, half) + offsets[i], clear[i], 0, clear[i].Length);
        }

        return new BatchAnswered(status, clear, nanoseconds);
    }

    /// <summary>Makes the arena larger.</summary>
    public async Task GrowAsync(int region)
    {
        Map(region);
        SentFrame answer = await CallAsync(FrameType.Grow, frame => frame.U32((uint)region));
        answer.Type.Should().Be(FrameType.Grown);
    }

    /// <summary>Ends the pipe, as a parent that is killed does.</summary>
    public void Leave() => _pipe.Dispose();

    /// <summary>Waits until the process is over.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        using CancellationTokenSource patience = new(Patience);
        await Process.WaitForExitAsync(patience.Token);
        return Process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _pipe.Dispose();
        if (!Process.HasExited) Process.Kill();
        await Process.WaitForExitAsync();
        Process.Dispose();
        _arena.Dispose();
        _map.Dispose();
        _arenaFile.Dispose();
        _folder.Dispose();
    }

    /// <summary>The program that runs this runtime, whatever was used to start this process.</summary>
    private static string Dotnet()
    {
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return File.Exists(beside) ? beside : "dotnet";
    }

    private void Map(int region)
    {
        _arenaFile.SetLength(ArenaLayout.Length(region));
        _map = MemoryMappedFile.CreateFromFile(_arenaFile, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _arena = _map.CreateViewAccessor();
        Region = region;
    }

    private void Print(string? line)
    {
        lock (_errors) _errors.AppendLine(line);
    }

    private async Task<SentFrame> NextAsync(Predicate<SentFrame> wanted, string what)
    {
        int index = _past.FindIndex(wanted);
        if (index >= 0)
        {
            SentFrame past = _past[index];
            _past.RemoveAt(index);
            return past;
        }

        using CancellationTokenSource patience = new(Patience);
        try
        {
            while (true)
            {
                SentFrame frame = await _frames.Reader.ReadAsync(patience.Token);
                if (wanted(frame)) return frame;
                if (frame.Type == FrameType.Fatal) throw new InvalidOperationException($"instead of {what}: {frame}");
                _past.Add(frame);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            throw new InvalidOperationException($"{what} did not come; stage {Stage}; {(Process.HasExited ? $"it ended with {Process.ExitCode}" : "it runs")}; {Errors}\n{string.Join('\n', _past)}\n{string.Join('\n', Log)}");
        }
    }

    private async Task ReadAsync()
    {
        byte[] header = new byte[WireLimits.Header];
        try
        {
            while (true)
            {
                await _pipe.ReadExactlyAsync(header);
                if (!FrameHead.TryRead(header, out FrameHead head)) throw new IOException($"no frame: {BinaryPrimitives.ReadUInt32LittleEndian(header)} bytes");
                byte[] fields = new byte[head.Length];
                await _pipe.ReadExactlyAsync(fields);
                _frames.Writer.TryWrite(new SentFrame(head.Type, head.Id, fields));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _frames.Writer.TryComplete();
        }
    }
}
