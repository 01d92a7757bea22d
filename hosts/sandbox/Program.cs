using Keyway.Sandbox;

CoreDumps.Forbid();
try
{
    if (args is [CredentialCommand.Verb, .. string[] rest]) return CredentialCommand.Run(rest);
    if (!SandboxOptions.TryParse(args, out SandboxOptions? options, out string message))
    {
        Console.Error.WriteLine(Shown.Text(message, lineBreaks: true));
        return args is ["--help" or "-h"] ? 0 : 2;
    }

    await SandboxApp.RunAsync(options);
    return 0;
}
catch (SandboxException e)
{
    Console.Error.WriteLine(Shown.Text(e.Message));
    return 1;
}
catch (IOException e)   // the port is taken, a file cannot be written
{
    Console.Error.WriteLine(Shown.Text(e.Message));
    return 1;
}
