using System.Runtime.InteropServices;
using Keyway.Cli;
using Keyway.Cli.Mp4Decrypt;

Posix.ForbidDumps();
using Interrupts interrupts = new();
CommandIo io = CommandIo.ForProcess(interrupts);
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interrupt);
using PosixSignalRegistration quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Interrupt);
try
{
    string[] words = RawNames.Resolve(ProgramName.Is(Mp4DecryptRun.Name) ? [Mp4DecryptRun.Name, .. args] : args);
    if (words is [Mp4DecryptRun.Name, ..]) return Mp4DecryptRun.Run(words.AsSpan(1), io, interrupts.Token);
    return ShortPath.TryRead(words) is { } request ? ShortPath.Run(request, io, interrupts.Token) : await KeywayCommand.RunAsync(words, io, interrupts.Token);
}
catch (UsageException exception)
{
    return Failure.Usage(exception.Message).Tell(io, Array.IndexOf(args, "--json") >= 0);
}

// The command is notified and tidies up; one signal more than it has a use for ends it at once, and tidies up for it.
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    if (interrupts.Signal()) return;
    io.Leftovers.Undo();
    Environment.Exit(ExitCode.Interrupted);
}
