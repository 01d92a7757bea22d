using System.Runtime.InteropServices;
using Keyway.Cli;

using Interrupts interrupts = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
CommandIo io = CommandIo.ForProcess(interrupts);
return await (ShortPath.TryRead(args) is { } request ? ShortPath.RunAsync(request, io, interrupts.Token) : KeywayCommand.RunAsync(args, io, interrupts.Token));

// The command is told and tidies up; one signal more than it has a use for ends the process as usual.
void Interrupt(PosixSignalContext signal) => signal.Cancel = interrupts.Signal();
