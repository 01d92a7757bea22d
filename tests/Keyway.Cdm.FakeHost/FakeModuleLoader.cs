using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Keyway.Cdm.Host;
using Keyway.Cdm.Host.Loading;

namespace Keyway.Cdm.FakeHost;

/// <summary>Reads the module's file as a script, and makes a module that does what it says.</summary>
internal sealed unsafe class FakeModuleLoader : IModuleLoader
{
    private static FakeModule? _module;

    /// <summary>The one module of the process.</summary>
    public static FakeModule Module => _module ?? throw new InvalidOperationException("no module was loaded");

    /// <inheritdoc/>
    public ModuleExports Load(ModuleImage image)
    {
        FakeScript script;
        try { script = FakeScript.Parse(Encoding.UTF8.GetString(image.Bytes)); }
        catch (FormatException e) { throw new HostException(e.Message); }

        _module = new FakeModule(script);
        _module.Run("Loading", default);
        return new ModuleExports
        {
            InitializeModule = (nint)(delegate* unmanaged[Cdecl]<void>)&InitializeModule,
            CreateInstance = (nint)(delegate* unmanaged[Cdecl]<int, byte*, uint, nint, nint, nint>)&CreateInstance,
            DeinitializeModule = script.Has("deinitialize") ? (nint)(delegate* unmanaged[Cdecl]<void>)&DeinitializeModule : 0,
            GetVersion = script.Has("version") ? (nint)(delegate* unmanaged[Cdecl]<byte*>)&GetVersion : 0,
            VerifyHost = script.Has("verify") ? (nint)(delegate* unmanaged[Cdecl]<byte*, uint, byte>)&VerifyHost : 0,
        };
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void InitializeModule() => Module.Run("InitializeModule", default);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void DeinitializeModule() => Module.Run("DeinitializeModule", default);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* GetVersion() => Version;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint CreateInstance(int version, byte* keySystem, uint size, nint getHost, nint data)
    {
        Module.Run("CreateInstance", default);
        Module.Log($"key system {Encoding.UTF8.GetString(keySystem, (int)size)}");
        return Module.Create(version, (delegate* unmanaged[Cdecl]<int, nint, nint>)getHost, data);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte VerifyHost(byte* files, uint count)
    {
        Module.Run("VerifyHost", default);
        FakeSyscalls.LogHostFiles(Module, files, count);
        return 0;   // a host without signature is none that is verified, and goes on
    }

    private static byte* Version { get; } = (byte*)Marshal.StringToCoTaskMemUTF8("fake 1.0");
}
