using Keyway.Cli;

using CancellationTokenSource interrupted = new();
Console.CancelKeyPress += (_, press) =>
{
    // The command is told and tidies up; a second Ctrl-C ends the process as usual.
    press.Cancel = !interrupted.IsCancellationRequested;
    interrupted.Cancel();
};
return await KeywayCommand.RunAsync(args, CommandIo.ForProcess(), interrupted.Token);
