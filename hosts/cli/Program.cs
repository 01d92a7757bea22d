using System.Runtime.InteropServices;
using Keyway.Cli;

using CancellationTokenSource interrupted = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
CommandIo io = CommandIo.ForProcess();
return await (ShortPath.TryRead(args) is { } request ? ShortPath.RunAsync(request, io, interrupted.Token) : KeywayCommand.RunAsync(args, io, interrupted.Token));

void Interrupt(PosixSignalContext signal)
{
    // The command is told and tidies up; a second signal ends the process as usual.
    signal.Cancel = !interrupted.IsCancellationRequested;
    interrupted.Cancel();
}
