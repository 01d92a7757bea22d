using Keyway.Cdm.FakeHost;
using Keyway.Cdm.Host;

EarlyThread.Start();

// What waits for the parent on other platforms can be tried on this one.
return args is ["queued", .. string[] rest]
    ? HostProgram.Run(rest, new FakeModuleLoader(), static pipe => new QueuedInlet(pipe))
    : HostProgram.Run(args, new FakeModuleLoader());
