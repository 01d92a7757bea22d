using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Sandbox.Live;

/// <summary>Writes one encrypted segment whose key is named by a sample group (ISO/IEC 23001-7, 6).</summary>
/// <remarks>
/// <code>
/// styp
/// moof ─ mfhd  ─ pssh …
///      ─ traf ─ tfhd tfdt trun
///             ─ sgpd seig  the key                ─ sbgp seig  all samples are in that group, which stands in this traf (0x10001)
///             ─ saiz saio senc
/// mdat
/// </code>
/// </remarks>
internal sealed class LiveSegmentWriter : IDisposable
{
    private readonly MemoryStream _bytes = new();

    private LiveSegmentWriter()
    {
    }

    /// <summary>Writes a segment.</summary>
    /// <param name="trackId">The track's number in the initialisation segment.</param>
    /// <param name="number">The segment's number; with the number of the sample it is the sample's vector.</param>
    /// <param name="time">When it begins.</param>
    /// <param name="samples">Its clear samples.</param>
    /// <param name="key">The key.</param>
    /// <param name="pssh">The <c>pssh</c> boxes for its <c>moof</c>.</param>
    /// <returns>The segment.</returns>
    public static byte[] Write(uint trackId, ulong number, ulong time, IReadOnlyList<LiveSample> samples, ContentKey key, IEnumerable<byte[]> pssh)
    {
        using LiveSegmentWriter writer = new();
        writer.Box("styp", () => writer.Text("msdh").U32(0).Text("msdhiso6"));
        long moof = writer._bytes.Position;
        long dataOffset = 0, auxiliaryOffset = 0, auxiliary = 0;
        bool runs = samples.Any(sample => sample.Subsamples.Count > 0);
        writer.Box("moof", () =>
        {
            writer.Full("mfhd", 0, 0, () => writer.U32((uint)number + 1));
            foreach (byte[] box in pssh) writer._bytes.Write(box);
            writer.Box("traf", () =>
            {
                writer.Full("tfhd", 0, 0x020000, () => writer.U32(trackId));
                writer.Full("tfdt", 1, 0, () => writer.U64(time));
                writer.Full("trun", 1, 0xF01, () =>
                {
                    writer.U32((uint)samples.Count);
                    dataOffset = writer._bytes.Position;
                    writer.U32(0);
                    foreach (LiveSample sample in samples) writer.U32(sample.Duration).U32((uint)sample.Data.Length).U32(sample.Flags).U32((uint)sample.Composition);
                });
                writer.Full("sgpd", 1, 0, () =>
                {
                    writer.Text("seig").U32(20).U32(1);
                    writer.U8(0).U8(0).U8(1).U8(8);
                    writer._bytes.Write(Convert.FromHexString(key.Kid));
                });
                writer.Full("sbgp", 0, 0, () => writer.Text("seig").U32(1).U32((uint)samples.Count).U32(0x10001));
                writer.Full("saiz", 0, 0, () =>
                {
                    writer.U8(0).U32((uint)samples.Count);
                    foreach (LiveSample sample in samples) writer.U8((byte)(8 + (runs ? 2 + sample.Subsamples.Count * 6 : 0)));
                });
                writer.Full("saio", 0, 0, () =>
                {
                    writer.U32(1);
                    auxiliaryOffset = writer._bytes.Position;
                    writer.U32(0);
                });
                writer.Full("senc", 0, runs ? 2u : 0, () =>
                {
                    writer.U32((uint)samples.Count);
                    auxiliary = writer._bytes.Position;
                    for (int i = 0; i < samples.Count; i++)
                    {
                        writer._bytes.Write(Vector(number, i));
                        if (!runs) continue;
                        writer.U16((ushort)samples[i].Subsamples.Count);
                        foreach ((ushort clear, uint secret) in samples[i].Subsamples) writer.U16(clear).U32(secret);
                    }
                });
            });
        });
        long mdat = writer._bytes.Position;
        writer.Box("mdat", () =>
        {
            using Aes aes = Aes.Create();
            aes.Key = key.Key;
            for (int i = 0; i < samples.Count; i++)
            {
                byte[] sample = [.. samples[i].Data];
                LiveCipher.Apply(aes, Vector(number, i), sample, samples[i].Subsamples);
                writer._bytes.Write(sample);
            }
        });
        byte[] segment = writer._bytes.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan((int)dataOffset), (uint)(mdat + 8 - moof));
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan((int)auxiliaryOffset), (uint)(auxiliary - moof));
        return segment;
    }

    /// <summary>Writes a <c>pssh</c> box.</summary>
    /// <param name="system">The protection system.</param>
    /// <param name="kids">The keys that the box itself names; <see langword="null"/>: a box of version 0.</param>
    /// <param name="data">The system's own data.</param>
    /// <returns>The box.</returns>
    public static byte[] Pssh(Guid system, byte[][]? kids, byte[] data)
    {
        using LiveSegmentWriter writer = new();
        writer.Full("pssh", kids is null ? (byte)0 : (byte)1, 0, () =>
        {
            writer._bytes.Write(system.ToByteArray(bigEndian: true));
            if (kids is not null)
            {
                writer.U32((uint)kids.Length);
                foreach (byte[] kid in kids) writer._bytes.Write(kid);
            }

            writer.U32((uint)data.Length);
            writer._bytes.Write(data);
        });
        return writer._bytes.ToArray();
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _bytes.Dispose();

    // Unique under a key: a crypto period is four segments, and each number occurs once.
    private static byte[] Vector(ulong segment, int sample)
    {
        byte[] vector = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(vector, (uint)segment);
        BinaryPrimitives.WriteUInt32BigEndian(vector.AsSpan(4), (uint)sample);
        return vector;
    }

    private void Box(string type, Action content)
    {
        long start = _bytes.Position;
        U32(0).Text(type);
        content();
        long end = _bytes.Position;
        _bytes.Position = start;
        U32((uint)(end - start));
        _bytes.Position = end;
    }

    private void Full(string type, byte version, uint flags, Action content) => Box(type, () =>
    {
        U32((uint)version << 24 | flags);
        content();
    });

    private LiveSegmentWriter U8(byte value)
    {
        _bytes.WriteByte(value);
        return this;
    }

    private LiveSegmentWriter U16(ushort value) => U8((byte)(value >> 8)).U8((byte)value);

    private LiveSegmentWriter U32(uint value) => U16((ushort)(value >> 16)).U16((ushort)value);

    private LiveSegmentWriter U64(ulong value) => U32((uint)(value >> 32)).U32((uint)value);

    private LiveSegmentWriter Text(string text)
    {
        _bytes.Write(Encoding.ASCII.GetBytes(text));
        return this;
    }
}
