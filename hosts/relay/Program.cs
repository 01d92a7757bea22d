using System.Runtime.InteropServices;
using System.Text.Json;
using Keyway.Cli;
using Keyway.Relay;

Posix.ForbidDumps();
if (args is not [RelayProcess.Argument])
{
    Console.Error.WriteLine("keyway serve starts this program.");
    return ExitCode.Usage;
}

using CancellationTokenSource stop = new();
// A terminal sends the same signal to the command, which closes our input; both end, in whichever order.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

using StreamReader parent = new(Console.OpenStandardInput());
if (await parent.ReadLineAsync() is not { Length: <= RelayLimits.ParentLine } line) return ExitCode.Usage;
using JsonDocument request = JsonDocument.Parse(line);
string[] words = [.. request.RootElement.GetProperty("words").EnumerateArray().Select(static word => word.GetString()!)];
byte[] input = request.RootElement.TryGetProperty("input", out JsonElement given) ? given.GetBytesFromBase64() : [];
using Interrupts interrupts = new();
CommandIo io = new()
{
    Out = Console.Out,
    Error = Console.Error,
    ErrorIsTerminal = false,
    OpenInput = () => new MemoryStream(input, writable: false),
    OpenOutput = Console.OpenStandardOutput,
    Interrupts = interrupts,
};
// A thread of its own: reading standard input waits without regard to cancellation, and must not keep the process.
new Thread(() =>
{
    while (parent.ReadLine() is not null)
    {
    }

    stop.Cancel();
})
{ IsBackground = true, Name = "parent" }.Start();

int code = await RelayCommand.RunAsync(words, io, Ready, stop.Token);
io.Leftovers.Undo();
return code;

static void Ready(Uri page)
{
    using (Utf8JsonWriter json = new(Console.OpenStandardOutput()))
    {
        json.WriteStartObject();
        json.WriteString("page", page.AbsoluteUri);
        json.WriteNumber("pid", Environment.ProcessId);
        json.WriteEndObject();
    }

    Console.Out.WriteLine();
    Console.Out.Flush();
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
