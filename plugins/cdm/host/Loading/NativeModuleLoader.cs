using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Loading;

/// <summary>Loads a module as the system loads libraries.</summary>
internal sealed class NativeModuleLoader : IModuleLoader
{
    /// <inheritdoc/>
    public ModuleExports Load(ModuleImage image)
    {
        nint library = Open(image);
        return new ModuleExports
        {
            InitializeModule = Required(library, "InitializeCdmModule_4"),
            CreateInstance = Required(library, "CreateCdmInstance"),
            DeinitializeModule = Optional(library, "DeinitializeCdmModule"),
            GetVersion = Optional(library, "GetCdmVersion"),
            VerifyHost = Optional(library, "VerifyCdmHost_0"),
        };
    }

    private static nint Open(ModuleImage image)
    {
        using LoadableFile file = LoadableFile.Of(image);
        try
        {
            return NativeLibrary.Load(file.Path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            // What it lacks is said in the system's words, which name the library; the path in it is that of our copy.
            string reason = e.Message.ReplaceLineEndings(" ").Replace(file.Path, image.Path, StringComparison.Ordinal);
            throw new HostException($"the module cannot be loaded: {reason}");
        }
    }

    private static nint Required(nint library, string name) =>
        NativeLibrary.TryGetExport(library, name, out nint address) ? address : throw new HostException($"the module has no {name}: it is no CDM of this interface");

    private static nint Optional(nint library, string name) => NativeLibrary.TryGetExport(library, name, out nint address) ? address : 0;
}
