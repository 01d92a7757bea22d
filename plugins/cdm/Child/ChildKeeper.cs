using System.Security.Cryptography;
using Keyway.Cdm.Wire;
using Keyway.Licensing;
using Microsoft.Extensions.Logging;

namespace Keyway.Cdm.Child;

/// <summary>
/// Keeps one child for a key system: starts it for the first session, ends it a while after the last, starts another where it died, and gives up where it dies again and again.
/// </summary>
/// <param name="options">Which module, and how.</param>
/// <param name="program">What is started.</param>
/// <param name="store">What the module keeps.</param>
/// <param name="logger">Where to log.</param>
/// <param name="machine">The machine's time.</param>
/// <remarks>Threads: any.</remarks>
internal sealed partial class ChildKeeper(CdmOptions options, ChildProgram program, ModuleStore store, ILogger logger, TimeProvider machine) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _over = new();
    private readonly Queue<long> _crashes = new();
    private Task<CdmChild>? _start;
    private CdmChild? _child;
    private ITimer? _idle;
    private int _sessions;
    private int _inARow;
    private long? _died;
    private TimeSpan _pause;
    private long _started;
    private int _told;
    private LicenseServiceException? _fault;
    private bool _disposed;

    /// <summary>What the newest child has said of its module.</summary>
    public ModuleFacts? Facts { get; private set; }

    /// <summary>The child that runs.</summary>
    internal CdmChild? Current
    {
        get
        {
            lock (_gate) return _child;
        }
    }

    /// <summary>How many children were started.</summary>
    internal int Starts { get; private set; }

    /// <summary>Gives a session a child, started where there is none. It is given back with <see cref="Return"/>.</summary>
    /// <exception cref="LicenseServiceException">The module cannot be used, now or any more.</exception>
    public async ValueTask<CdmChild> RentAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<CdmChild> start;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (_fault is { } fault) throw fault;
                start = _start ??= StartAsync();
            }

            CdmChild child;
            try
            {
                child = await start.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ChildLostException lost)
            {
                throw _fault ?? CdmError.Lost(options, Facts, lost.End);
            }

            // It may have died since: then there is another, or there will be.
            if (child.IsOver)
            {
                await child.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
                await Task.Yield();
                continue;
            }

            lock (_gate)
            {
                if (child != _child) continue;
                child.Sessions++;
                _sessions++;
                _idle?.Dispose();
                _idle = null;
                return child;
            }
        }
    }

    /// <summary>Takes a child back from a session.</summary>
    public void Return(CdmChild child)
    {
        lock (_gate)
        {
            _sessions--;
            if (--child.Sessions > 0 || child != _child || _disposed) return;
            WatchIdle();
        }
    }

    /// <summary>Compares the module with its pin.</summary>
    /// <returns>Its SHA-256.</returns>
    /// <exception cref="LicenseServiceException">It is not there, or another.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> CheckModuleAsync(CancellationToken cancellationToken)
    {
        byte[] hash;
        try
        {
            FileStream file = new(options.Module, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan);
            await using (file.ConfigureAwait(false))
            {
                if (file.Length > CdmLimits.Module) throw CdmError.Module(options, $"{file.Length} bytes: no library");
                hash = await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CdmError.Module(options, $"cannot be read: {exception.Message}", exception);
        }

        if (!options.Pin.IsEmpty && !options.Pin.Span.SequenceEqual(hash))
            throw CdmError.Module(options, $"is not the one that is pinned: its SHA-256 is {Convert.ToHexStringLower(hash)}");
        return hash;
    }

    public async ValueTask DisposeAsync()
    {
        Task<CdmChild>? start;
        CdmChild? child;
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            (start, child) = (_start, _child);
            (_start, _child) = (null, null);
            _idle?.Dispose();
        }

        await _over.CancelAsync().ConfigureAwait(false);
        if (child is null && start is not null)
        {
            try
            {
                child = await start.ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is ChildLostException or OperationCanceledException or LicenseServiceException)
            {
                // There is none.
            }
        }

        if (child is not null) await child.DisposeAsync().ConfigureAwait(false);
        _over.Dispose();
    }

    /// <summary>Starts a child, after the pause that the last one's death asks for.</summary>
    private async Task<CdmChild> StartAsync()
    {
        await Task.Yield();   // not under the lock
        try
        {
            TimeSpan left = Left();
            if (left > CdmLimits.LongestPause) throw CdmError.NotYet(options, Facts, left);
            if (left > TimeSpan.Zero) await Task.Delay(left, machine, _over.Token).ConfigureAwait(false);
            await CheckModuleAsync(_over.Token).ConfigureAwait(false);
            lock (_gate) Starts++;
            Volatile.Write(ref _told, 0);
            CdmChild child = await CdmChild.StartAsync(program, options, new ModuleFiles(store), Asked, machine, _over.Token).ConfigureAwait(false);
            lock (_gate)
            {
                Facts = child.Facts;
                _child = child;
                _started = machine.GetTimestamp();
                if (!_disposed) WatchIdle();
            }

            Log.Started(logger, options.ModuleName, child.Facts, child.ProcessId);
            _ = WatchAsync(child);
            return child;
        }
        catch (ChildLostException lost)
        {
            NoteCrash(lost.End, lived: TimeSpan.Zero);
            throw;
        }
        catch (Exception) when (Forget())
        {
            throw;
        }
    }

    private bool Forget()
    {
        lock (_gate) _start = null;
        return false;
    }

    private TimeSpan Left()
    {
        lock (_gate) return _died is { } died ? _pause - machine.GetElapsedTime(died) : TimeSpan.Zero;
    }

    private async Task WatchAsync(CdmChild child)
    {
        ChildEnd end = await child.Ended.ConfigureAwait(false);
        lock (_gate)
        {
            if (_child != child) return;   // it was ended from here
            (_child, _start) = (null, null);
            NoteCrash(end, machine.GetElapsedTime(_started));
            // Who read with it asks for another at once: it is on its way then.
            if (child.Sessions > 0 && !_disposed && _fault is null && _pause <= CdmLimits.LongestPause) _ = Observed(_start = StartAsync());
        }
    }

    private static async Task Observed(Task start)
    {
        try
        {
            await start.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ChildLostException or LicenseServiceException or OperationCanceledException)
        {
            // Whoever asks for it hears of it.
        }
    }

    private void NoteCrash(ChildEnd end, TimeSpan lived)
    {
        LicenseServiceException? fault = null;
        TimeSpan pause;
        lock (_gate)
        {
            _start = null;
            long now = machine.GetTimestamp();
            while (_crashes.TryPeek(out long oldest) && machine.GetElapsedTime(oldest, now) > CdmLimits.CrashWindow) _crashes.Dequeue();
            _crashes.Enqueue(now);
            _inARow = lived > CdmLimits.CrashWindow ? 1 : _inARow + 1;
            _died = now;
            pause = _pause = CdmLimits.Pauses[Math.Min(_inARow, CdmLimits.Pauses.Length) - 1];
            if (_crashes.Count >= CdmLimits.Crashes) fault = _fault = CdmError.OutOfOrder(options, Facts, end);
        }

        if (fault is null) Log.Died(logger, options.ModuleName, end.StageText, end.Reason, pause.TotalSeconds);
        else Log.OutOfOrder(logger, fault.Message);
    }

    /// <summary>Begins to wait for a session. Under the lock.</summary>
    private void WatchIdle()
    {
        if (_sessions > 0 && _child is { Sessions: > 0 }) return;
        CdmChild? child = _child;
        _idle?.Dispose();
        _idle = machine.CreateTimer(_ => EndIdle(child), null, options.IdleTime, Timeout.InfiniteTimeSpan);
    }

    private void EndIdle(CdmChild? child)
    {
        lock (_gate)
        {
            if (child is null || _child != child || child.Sessions > 0 || _disposed) return;
            (_child, _start) = (null, null);
        }

        Log.Ended(logger, options.ModuleName);
        _ = child.DisposeAsync().AsTask();
    }

    private void Asked(CdmQuestion question, ulong detail)
    {
        if (question == CdmQuestion.Metric) return;
        // Its own process counts, too; but that is the module's, which may say anything.
        int told = Interlocked.Increment(ref _told);
        if (told > CdmLimits.QuestionsTold) return;
        if (question == CdmQuestion.Irregular) Log.Irregular(logger, options.ModuleName, (CdmIrregularity)detail);
        else Log.Asked(logger, options.ModuleName, question, detail);
        if (told == CdmLimits.QuestionsTold) Log.NoMore(logger, options.ModuleName);
    }

    private static partial class Log
    {
        [LoggerMessage(10, LogLevel.Information, "The module {Module} runs in process {Process}: {Facts}")]
        public static partial void Started(ILogger logger, string module, ModuleFacts facts, int process);

        [LoggerMessage(11, LogLevel.Warning, "The module {Module} died {Stage} ({Reason}); it is started again after {Pause} s")]
        public static partial void Died(ILogger logger, string module, string stage, string reason, double pause);

        [LoggerMessage(12, LogLevel.Error, "{Reason}")]
        public static partial void OutOfOrder(ILogger logger, string reason);

        [LoggerMessage(13, LogLevel.Debug, "The module {Module} has no session any more: its process is ended")]
        public static partial void Ended(ILogger logger, string module);

        [LoggerMessage(14, LogLevel.Debug, "The module {Module} asks for {Question} ({Detail}); nothing is claimed that is not known")]
        public static partial void Asked(ILogger logger, string module, CdmQuestion question, ulong detail);

        [LoggerMessage(15, LogLevel.Debug, "The module {Module} broke a rule of its interface: {Rule}")]
        public static partial void Irregular(ILogger logger, string module, CdmIrregularity rule);

        [LoggerMessage(16, LogLevel.Debug, "What the module {Module} asks and breaks is not told any more until its process is another")]
        public static partial void NoMore(ILogger logger, string module);
    }
}
