using Keyway.Cdm.Host;
using Keyway.Cdm.Host.Loading;

return HostProgram.Run(args, new NativeModuleLoader());
