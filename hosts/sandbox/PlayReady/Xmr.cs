using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Writes licences.</summary>
/// <remarks>
/// Every number has its highest byte first; identifiers are GUIDs in PlayReady's order.
/// <code>
/// licence   58 4D 52 00 | version 3  4 | rights id  16 | outer container
/// object    flags  2 | type  2 | length with these 8  4 | body          flags: 1 must be understood, 2 holds objects
/// </code>
/// The last object of the outer container is the signature: a CMAC of everything before that object. Lengths count it already.
/// </remarks>
internal static class Xmr
{
    private const int Optional = 0;
    private const int MustUnderstand = 1;
    private const int Container = 2;
    private const int MacLength = 16;
    private const int SignatureLength = 28;

    /// <summary>Writes a licence.</summary>
    /// <param name="rightsId">The rights id, 16 bytes.</param>
    /// <param name="integrityKey">The key of the signature.</param>
    /// <param name="containers">The containers in it.</param>
    /// <param name="version">The version.</param>
    /// <returns>The licence.</returns>
    public static byte[] License(byte[] rightsId, byte[] integrityKey, IReadOnlyList<byte[]> containers, int version = 3)
    {
        ByteWriter writer = new ByteWriter().Bytes("XMR\0"u8).U32(version).Bytes(rightsId);
        writer.U16(MustUnderstand | Container).U16((int)XmrType.Outer).U32(8 + containers.Sum(one => one.Length) + SignatureLength);
        foreach (byte[] container in containers) writer.Bytes(container);
        byte[] signed = writer.ToArray();
        return [.. signed, .. Must(XmrType.Signature, new ByteWriter().U16(1).U16(MacLength).Bytes(Mac(integrityKey, signed)))];
    }

    /// <summary>Writes an object that a client must understand.</summary>
    /// <param name="type">The type.</param>
    /// <param name="body">The body.</param>
    /// <returns>The object.</returns>
    public static byte[] Must(XmrType type, ByteWriter body) => Object(MustUnderstand, type, body.ToArray());

    /// <summary>Writes an object that a client may skip.</summary>
    /// <param name="type">The type.</param>
    /// <param name="body">The body.</param>
    /// <returns>The object.</returns>
    public static byte[] May(XmrType type, ByteWriter body) => Object(Optional, type, body.ToArray());

    /// <summary>Writes a container.</summary>
    /// <param name="type">The type.</param>
    /// <param name="objects">The objects in it.</param>
    /// <returns>The container. One for playback may be skipped, as it only grants.</returns>
    public static byte[] Hold(XmrType type, params IEnumerable<byte[]> objects) =>
        Object(type == XmrType.PlaybackPolicy ? Container : Container | MustUnderstand, type, [.. objects.SelectMany(one => one)]);

    /// <summary>Computes AES-CMAC (RFC 4493).</summary>
    /// <param name="key">The key, 16 bytes.</param>
    /// <param name="message">The message.</param>
    /// <returns>The code, 16 bytes.</returns>
    public static byte[] Mac(byte[] key, byte[] message)
    {
        CMac mac = new(new AesEngine());
        mac.Init(new KeyParameter(key));
        mac.BlockUpdate(message, 0, message.Length);
        byte[] code = new byte[MacLength];
        mac.DoFinal(code, 0);
        return code;
    }

    private static byte[] Object(int flags, XmrType type, byte[] body) => new ByteWriter().U16(flags).U16((int)type).U32(8 + body.Length).Bytes(body).ToArray();
}
