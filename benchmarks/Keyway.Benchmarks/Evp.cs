using System.Runtime.InteropServices;

namespace Keyway.Benchmarks;

/// <summary>OpenSSL's EVP through function pointers: what most other decryptors stand on.</summary>
internal static unsafe class Evp
{
    private static readonly nint Library = Load();
    private static readonly delegate* unmanaged<nint> New = (delegate* unmanaged<nint>)Export("EVP_CIPHER_CTX_new");
    private static readonly delegate* unmanaged<nint, nint, nint, byte*, byte*, int, int> Init = (delegate* unmanaged<nint, nint, nint, byte*, byte*, int, int>)Export("EVP_CipherInit_ex");
    private static readonly delegate* unmanaged<nint, int, int> SetPadding = (delegate* unmanaged<nint, int, int>)Export("EVP_CIPHER_CTX_set_padding");
    private static readonly delegate* unmanaged<nint, byte*, int*, byte*, int, int> Update = (delegate* unmanaged<nint, byte*, int*, byte*, int, int>)Export("EVP_CipherUpdate");

    /// <summary>Whether the library is on this machine.</summary>
    public static bool IsHere => Library != 0;

    /// <summary>Makes a context that decrypts.</summary>
    public static nint Create(string cipher, ReadOnlySpan<byte> key, ReadOnlySpan<byte> vector)
    {
        if (!IsHere) return 0;
        nint context = New();
        fixed (byte* k = key, v = vector)
        {
            nint kind = ((delegate* unmanaged<nint>)Export(cipher))();
            if (Init(context, kind, 0, k, v, 0) != 1 || SetPadding(context, 0) != 1) throw new InvalidOperationException("EVP_CipherInit_ex failed");
        }

        return context;
    }

    /// <summary>Begins anew with another vector.</summary>
    public static void Reset(nint context, byte* vector) => Init(context, 0, 0, null, vector, 0);

    /// <summary>Decrypts in place.</summary>
    public static void Run(nint context, byte* data, int length)
    {
        int written;
        Update(context, data, &written, data, length);
    }

    private static nint Load()
    {
        foreach (string name in (string[])["libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.3.dylib", "libcrypto-3-x64.dll", "libcrypto"])
            if (NativeLibrary.TryLoad(name, typeof(Evp).Assembly, null, out nint library)) return library;
        return 0;
    }

    private static nint Export(string name) => Library == 0 ? 0 : NativeLibrary.GetExport(Library, name);
}
