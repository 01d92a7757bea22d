using Keyway.Cdm.Host.Interface;

namespace Keyway.Cdm.Host.Loading;

/// <summary>The functions of a module, as their addresses. 0: it has none of this name.</summary>
/// <remarks>Threads: the dispatcher's.</remarks>
internal sealed unsafe class ModuleExports
{
    /// <summary><c>InitializeCdmModule_4</c>: the 4 is the version of all of this.</summary>
    public required nint InitializeModule { get; init; }

    /// <summary><c>CreateCdmInstance</c>.</summary>
    public required nint CreateInstance { get; init; }

    /// <summary><c>DeinitializeCdmModule</c>, which not every module has.</summary>
    public nint DeinitializeModule { get; init; }

    /// <summary><c>GetCdmVersion</c>, which not every module has.</summary>
    public nint GetVersion { get; init; }

    /// <summary><c>VerifyCdmHost_0</c>, which not every module has.</summary>
    public nint VerifyHost { get; init; }

    public void Initialize() => ((delegate* unmanaged[Cdecl]<void>)InitializeModule)();

    public void Deinitialize()
    {
        if (DeinitializeModule != 0) ((delegate* unmanaged[Cdecl]<void>)DeinitializeModule)();
    }

    /// <summary>Shows the module files of its host.</summary>
    /// <returns>What it makes of them is its own business, and decides nothing here.</returns>
    public bool Verify(void* files, uint count) => ((delegate* unmanaged[Cdecl]<void*, uint, byte>)VerifyHost)(files, count) != 0;

    /// <summary>Makes an instance.</summary>
    /// <param name="version">The version of the interface.</param>
    /// <param name="keySystem">The key system, without a zero at the end.</param>
    /// <param name="getHost">Where it gets its host.</param>
    /// <param name="data">What that function is given.</param>
    public ContentDecryptionModule Create(int version, ReadOnlySpan<byte> keySystem, delegate* unmanaged[Cdecl]<int, nint, nint> getHost, nint data)
    {
        fixed (byte* at = keySystem)
        {
            return new ContentDecryptionModule(((delegate* unmanaged[Cdecl]<int, byte*, uint, delegate* unmanaged[Cdecl]<int, nint, nint>, nint, nint>)CreateInstance)(
                version, at, (uint)keySystem.Length, getHost, data));
        }
    }

    /// <summary>The module's version: what of it can be shown, and nothing where it has none.</summary>
    public string Version()
    {
        if (GetVersion == 0) return "";
        byte* text = ((delegate* unmanaged[Cdecl]<byte*>)GetVersion)();
        int length = 0;
        while (text != null && length < 64 && text[length] is >= 0x20 and < 0x7f) length++;
        return System.Text.Encoding.ASCII.GetString(text, length);
    }
}
