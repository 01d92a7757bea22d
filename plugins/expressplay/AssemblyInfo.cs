using System.Reflection;

// What the settings do, for keyway config explain: read from metadata, before any of this code is loaded.
[assembly: AssemblyMetadata("Keyway.Setting:Environment", "Production or Test. Without it the hosts of Endpoints and Token say which.")]
[assembly: AssemblyMetadata("Keyway.Setting:TokenPlacement", "Where the token goes: Query, Header or CustomData; below it, the same for one key system.")]
[assembly: AssemblyMetadata("Keyway.Default:TokenPlacement", "Query")]
[assembly: AssemblyMetadata("Keyway.Setting:CbcsHost", "Whether PlayReady licences for cbcs come from pr2 in the place of pr.")]
[assembly: AssemblyMetadata("Keyway.Default:CbcsHost", "false")]
