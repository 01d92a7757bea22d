using System.Reflection;

// What the settings do, for keyway config explain: read from metadata, before any of this code is loaded.
[assembly: AssemblyMetadata("Keyway.Setting:Keys:*", "The key of this identifier, as secret:NAME: it is used without asking anybody.")]
