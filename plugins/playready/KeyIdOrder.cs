using System.Diagnostics;

namespace Keyway.PlayReady;

/// <summary>Key identifiers in PlayReady's byte order.</summary>
/// <remarks>
/// A header and a licence store a KID as a Windows GUID, everybody else as a big-endian UUID. Content keys are never swapped.
/// <code>
/// UUID  f81d4fae-7dec-11d0-a765-00a0c91e6bf6
/// tenc  f8 1d 4f ae  7d ec  11 d0  a7 65 00 a0 c9 1e 6b f6
/// here  ae 4f 1d f8  ec 7d  d0 11  a7 65 00 a0 c9 1e 6b f6
/// </code>
/// </remarks>
internal static class KeyIdOrder
{
    /// <summary>Reads 16 bytes in GUID order.</summary>
    public static KeyId Read(ReadOnlySpan<byte> guid)
    {
        Span<byte> ordered = stackalloc byte[KeyId.Size];
        new Guid(guid, bigEndian: false).TryWriteBytes(ordered, bigEndian: true, out _);
        bool read = KeyId.TryRead(ordered, out KeyId id);
        Debug.Assert(read, "16 bytes are a key identifier");
        return id;
    }

    /// <summary>Writes 16 bytes in GUID order.</summary>
    public static void Write(KeyId id, Span<byte> guid)
    {
        Span<byte> ordered = stackalloc byte[KeyId.Size];
        id.Write(ordered);
        new Guid(ordered, bigEndian: true).TryWriteBytes(guid, bigEndian: false, out _);
    }

    /// <summary>Writes base64 of the 16 bytes in GUID order, as headers have it.</summary>
    public static string ToBase64(KeyId id)
    {
        Span<byte> guid = stackalloc byte[KeyId.Size];
        Write(id, guid);
        return Convert.ToBase64String(guid);
    }
}
