using Keyway.Cdm.FakeHost;
using Keyway.Cdm.Host;

EarlyThread.Start();
return HostProgram.Run(args, new FakeModuleLoader());
