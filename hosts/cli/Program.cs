using System.Runtime.InteropServices;
using Keyway.Cli;

using Interrupts interrupts = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
return await KeywayCommand.RunAsync(args, CommandIo.ForProcess(interrupts), interrupts.Token);

// The command is told and tidies up; one signal more than it has a use for ends the process as usual.
void Interrupt(PosixSignalContext signal) => signal.Cancel = interrupts.Signal();
