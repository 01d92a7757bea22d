using System.Diagnostics;
using System.IO.Pipes;
using System.Security.Cryptography;
using Keyway.Cdm.Wire;
using Keyway.Decryption;

namespace Keyway.Cdm.Child;

/// <summary>One child: its process, the pipe, the memory, and a thread that reads what it says.</summary>
/// <remarks>
/// It ends once, whatever ends it (it is asked to, it dies, it lies, it hangs), and tells all who wait for it. Nothing that it says is believed before it has been checked.
/// Threads: any.
/// </remarks>
internal sealed class CdmChild : IChildLine, IAsyncDisposable
{
    private readonly CdmOptions _options;
    private readonly TimeProvider _machine;
    private readonly SampleArena _arena;
    private readonly ChildDialog _dialog;
    private readonly Process _process;
    private readonly NamedPipeServerStream _pipe;
    private readonly Lock _writing = new();
    private readonly FrameWriter _frame = new();
    private readonly TaskCompletionSource<ChildEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Watchdog _watchdog;
    private ChildEnd? _end;
    private bool _ending;

    private CdmChild(CdmOptions options, TimeProvider machine, SampleArena arena, IChildFiles files, Action<CdmQuestion, ulong> asked, Process process, NamedPipeServerStream pipe)
    {
        (_options, _machine, _arena, _process, _pipe) = (options, machine, arena, process, pipe);
        _dialog = new ChildDialog(arena, files, asked);
        _watchdog = new Watchdog(this, machine);
    }

    /// <summary>What it has said of its module. There from a successful start on.</summary>
    public ModuleFacts Facts { get; private set; } = new(0, "", SandboxLevel.Process, "");

    /// <summary>Ends when the child has, and says how.</summary>
    public Task<ChildEnd> Ended => _ended.Task;

    /// <summary>Whether it is over, also where those who wait for it have not been told yet.</summary>
    public bool IsOver => Volatile.Read(ref _end) is not null;

    /// <summary>Its process.</summary>
    public int ProcessId { get; private init; }

    /// <summary>How many sessions use it: its keeper's.</summary>
    public int Sessions { get; set; }

    /// <summary>The certificate of the service that the module was given last, and who gives it one: it is the instance's, and not a session's.</summary>
    public SemaphoreSlim CertificateGate { get; } = new(1);

    /// <inheritdoc cref="CertificateGate"/>
    public ReadOnlyMemory<byte> Certificate { get; set; }

    /// <summary>How long the module has been inside Decrypt, in nanoseconds: for measurements alone.</summary>
    internal ulong ModuleTime => _arena.ModuleTime;

    /// <summary>Sessions and calls.</summary>
    public ChildDialog Dialog => _dialog;

    /// <summary>Starts a child and has it load its module.</summary>
    /// <param name="program">What is started.</param>
    /// <param name="options">Which module, and how.</param>
    /// <param name="files">Who keeps the module's files.</param>
    /// <param name="asked">Who hears what the module asks.</param>
    /// <param name="machine">The machine's time.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="ChildLostException">It has not come up. It is gone.</exception>
    public static async Task<CdmChild> StartAsync(
        ChildProgram program, CdmOptions options, ModuleFiles files, Action<CdmQuestion, ulong> asked, TimeProvider machine, CancellationToken cancellationToken)
    {
        if (!File.Exists(program.Assembly)) throw new ChildLostException(new ChildEnd(Crashed: false, CdmStage.Starting, $"its program is not beside the plugin ({program.Assembly})"));
        SharedMemory? memory = null;
        NamedPipeServerStream? pipe = null;
        Process? process = null;
        CdmChild child;
        try
        {
            string name = $"keyway-cdm-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}";
            memory = SharedMemory.Create(ArenaLayout.Length(ArenaLayout.FirstRegion));
            pipe = new NamedPipeServerStream(name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
            ProcessStartInfo info = program.StartInfo(name, memory.Argument);
            process = memory.Inherited(() => Process.Start(info)) ?? throw new IOException("no process was started");
            Silence(process);
            await ConnectAsync(pipe, process, machine, cancellationToken).ConfigureAwait(false);
            child = new CdmChild(options, machine, new SampleArena(memory, machine), files, asked, process, pipe) { ProcessId = process.Id };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception or TimeoutException or OperationCanceledException)
        {
            if (process is not null)
            {
                TryKill(process);
                process.Dispose();
            }

            pipe?.Dispose();
            memory?.Dispose();
            if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested) throw;
            throw new ChildLostException(new ChildEnd(Crashed: process is not null, CdmStage.Starting, exception.Message));
        }

        files.Serve(child);
        new Thread(child.ReadAll) { IsBackground = true, Name = "Keyway CDM" }.Start();
        try
        {
            await child.OpenAsync(cancellationToken).ConfigureAwait(false);
            return child;
        }
        catch (TimeoutException)
        {
            throw new ChildLostException(child.Kill("it has not come up in time"));
        }
        catch (OperationCanceledException)
        {
            child.Kill("nobody waits for it any more");
            throw;
        }
    }

    public uint NextId() => _dialog.NextId();

    public void Send(ReadOnlyMemory<byte> frame)
    {
        lock (_writing) Write(frame.Span);
    }

    public async Task<ChildAnswer> CallAsync(FrameType call, FrameType answer, CdmStage stage, Action<FrameWriter> write, CancellationToken cancellationToken)
    {
        (uint id, Task<ChildAnswer> task) = _dialog.Open(answer, stage);
        try
        {
            Send(call, id, write);
        }
        catch (IOException)
        {
            Broken();
        }

        try
        {
            return await task.WaitAsync(_options.AnswerTimeout, _machine, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // Nobody takes it when it comes.
            _ = task.ContinueWith(static late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Sends a frame that nobody waits for.</summary>
    /// <exception cref="IOException">The child is gone.</exception>
    public void Send(FrameType type, uint id, Action<FrameWriter> write)
    {
        lock (_writing)
        {
            _frame.Begin(type, id);
            write(_frame);
            try
            {
                Write(_frame.End().Span);
            }
            finally
            {
                _frame.Clear();   // answers of services are secrets
            }
        }
    }

    /// <summary>Pings, where nobody else is writing: whoever writes to a child that does not read waits, and the watchdog may not.</summary>
    /// <returns>Ends with the answer; <see langword="null"/>: nothing was sent.</returns>
    public Task<ChildAnswer>? TryPing()
    {
        if (!_writing.TryEnter()) return null;
        try
        {
            (uint id, Task<ChildAnswer> task) = _dialog.Open(FrameType.Pong, CdmStage.Idle);
            _frame.Begin(FrameType.Ping, id);
            Write(_frame.End().Span);
            return task;
        }
        catch (Exception exception) when (exception is IOException or ChildLostException)
        {
            return null;
        }
        finally
        {
            _writing.Exit();
        }
    }

    /// <summary>Decrypts samples in place.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="key">The key as the module calls it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<BatchResult> DecryptAsync(SampleBatch batch, byte[] key, CancellationToken cancellationToken) =>
        _arena.DecryptAsync(batch, key, _options.EveryBlock, this, cancellationToken);

    /// <summary>Whether a batch has been under way for too long.</summary>
    public bool HasOverdueBatch => _arena.IsOverdue(_options.DecryptTimeout);

    public void Broken() => Finish(null);

    public ChildEnd Kill(string reason) => Finish(reason);

    /// <summary>Asks it to end, waits a little, and ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_writing) _ending = true;
        try
        {
            Send(FrameType.End, 0, static _ => { });
            await _ended.Task.WaitAsync(CdmLimits.End, _machine).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or TimeoutException)
        {
            Finish("it has not ended when it was asked to");
        }
    }

    private static void Silence(Process process)
    {
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    private static async Task ConnectAsync(NamedPipeServerStream pipe, Process process, TimeProvider machine, CancellationToken cancellationToken)
    {
        using CancellationTokenSource giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task connected = pipe.WaitForConnectionAsync(giveUp.Token);
        Task first = await Task.WhenAny(connected, process.WaitForExitAsync(giveUp.Token)).WaitAsync(CdmLimits.Start, machine, cancellationToken).ConfigureAwait(false);
        if (first != connected)
        {
            await giveUp.CancelAsync().ConfigureAwait(false);
            throw new IOException($"its process ended at once, with {process.ExitCode}");
        }

        await connected.ConfigureAwait(false);
        if (PeerId.Of(pipe) is { } peer && peer != process.Id) throw new IOException("another process has taken its place at the pipe");
    }

    private static void TryKill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception or NotSupportedException)
        {
            // It is gone.
        }
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        using (ChildAnswer hello = await _dialog.Hello.WaitAsync(CdmLimits.Start, _machine, cancellationToken).ConfigureAwait(false))
        {
            FrameReader reader = hello.Read();
            (uint version, uint process, string _) = (reader.U32(), reader.U32(), reader.Text());
            if (!reader.IsWhole || process != (uint)_process.Id) throw new ChildLostException(Kill("its first word is none"));
            if (version != WireLimits.Version) throw new ChildLostException(Kill($"it speaks version {version} of the frames, and this plugin {WireLimits.Version}: the folder is mixed"));
        }

        using (ChildAnswer loaded = await CallAsync(FrameType.Load, FrameType.Loaded, CdmStage.Loading, frame =>
        {
            frame.Text(_options.Module, WireLimits.Path);
            frame.Bytes(_options.Pin.Span);
            frame.Text(_options.ModuleKeySystem);
            frame.Flag(_options.SandboxRequired);
        }, cancellationToken).ConfigureAwait(false))
        {
            if (loaded.Type == FrameType.Rejected) throw new ChildLostException(Kill($"it has not loaded its module: {RejectionOf(loaded)}"));
            FrameReader reader = loaded.Read();
            (uint version, string text, SandboxLevel level, string measures) = (reader.U32(), reader.Text(), (SandboxLevel)reader.U32(), reader.Text());
            if (!reader.IsWhole || version is not (10 or 11) || !Enum.IsDefined(level)) throw new ChildLostException(Kill("what it says of its module cannot be true"));
            Facts = new ModuleFacts((int)version, ChildDialog.Plain(text), level, ChildDialog.Plain(measures));
        }

        using (ChildAnswer ready = await CallAsync(FrameType.Initialize, FrameType.Initialized, CdmStage.Initializing, frame =>
        {
            frame.Flag(_options.DistinctiveIdentifier);
            frame.Flag(_options.PersistentState);
        }, cancellationToken).ConfigureAwait(false))
        {
            FrameReader reader = ready.Read();
            if (ready.Type == FrameType.Rejected || !reader.Flag() || !reader.IsWhole) throw new ChildLostException(Kill("its module says that it could not be initialised"));
        }

        _arena.Open();
        _watchdog.Start();
    }

    private static string RejectionOf(ChildAnswer answer)
    {
        FrameReader reader = answer.Read();
        _ = (reader.U32(), reader.U32());
        return ChildDialog.Plain(reader.Text());
    }

    private void ReadAll()
    {
        string? lie = null;
        try
        {
            FrameStream frames = new(_pipe);
            while (frames.TryRead(out FrameHead head, out ReadOnlySpan<byte> fields))
            {
                _dialog.Handle(head, fields);
                if (head.Type != FrameType.Decrypted) frames.Clear();
            }
        }
        catch (ChildProtocolException exception)
        {
            lie = $"it sent {exception.Message}";
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // It is gone, or was ended from here.
        }

        Finish(lie);
    }

    private void Write(ReadOnlySpan<byte> frame)
    {
        try
        {
            _pipe.Write(frame);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or InvalidOperationException)
        {
            throw new IOException("the child is gone", exception);
        }
    }

    /// <summary>Ends it, and tells everybody: once.</summary>
    /// <param name="reason">What was seen; <see langword="null"/>: it is gone.</param>
    private ChildEnd Finish(string? reason)
    {
        ChildEnd end;
        lock (_ended)
        {
            if (_end is { } known) return known;
            CdmStage stage = _arena.Stage is var written && Enum.IsDefined(written) && written != CdmStage.Idle ? written : _dialog.Stage;
            bool asked = Volatile.Read(ref _ending) && reason is null;
            end = _dialog.Fatal is { } last ? last : new ChildEnd(!asked, stage, reason ?? (asked ? "it was ended" : "its process is gone"));
            Volatile.Write(ref _end, end);
        }

        _watchdog.Dispose();
        TryKill(_process);
        _pipe.Dispose();
        _arena.End(end);
        _dialog.End(end);
        _arena.Dispose();
        _process.Dispose();
        _ended.TrySetResult(end);
        return end;
    }
}
