using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.Packing;

/// <summary>Writes sample entries (ISO/IEC 14496-12, 8.5.2) around what says how a codec is set up.</summary>
internal static class SampleEntries
{
    /// <summary>Of video.</summary>
    /// <param name="type">The entry: <c>avc1</c>, <c>hvc1</c>.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="configurationType">The box that sets up the codec: <c>avcC</c>, <c>hvcC</c>.</param>
    /// <param name="configuration">Its content.</param>
    /// <returns>The entry, a whole box.</returns>
    public static byte[] Visual(uint type, int width, int height, uint configurationType, ReadOnlySpan<byte> configuration)
    {
        BoxWriter writer = new();
        int entry = Begin(writer, type);
        Zeros(writer, 16);
        writer.U16((ushort)width);
        writer.U16((ushort)height);
        writer.U32(0x00480000);   // 72 dots an inch, both ways
        writer.U32(0x00480000);
        writer.U32(0);
        writer.U16(1);            // one frame a sample
        Zeros(writer, 32);        // no name
        writer.U16(0x0018);
        writer.U16(0xFFFF);
        Box(writer, configurationType, configuration);
        writer.End(entry);
        return writer.Written.ToArray();
    }

    /// <summary>Of audio, with a box that sets up the codec: <c>dac3</c>, <c>dec3</c>.</summary>
    /// <param name="type">The entry: <c>ac-3</c>, <c>ec-3</c>.</param>
    /// <param name="channels">How many channels there are.</param>
    /// <param name="rate">Samples in a second.</param>
    /// <param name="configurationType">The box.</param>
    /// <param name="configuration">Its content.</param>
    /// <returns>The entry, a whole box.</returns>
    public static byte[] Audio(uint type, int channels, int rate, uint configurationType, ReadOnlySpan<byte> configuration)
    {
        BoxWriter writer = new();
        int entry = BeginAudio(writer, type, channels, rate);
        Box(writer, configurationType, configuration);
        writer.End(entry);
        return writer.Written.ToArray();
    }

    /// <summary>Of AAC: <c>mp4a</c> with an <c>esds</c> (ISO/IEC 14496-14, 5.6; the descriptors are those of ISO/IEC 14496-1, 7.2.6).</summary>
    /// <param name="channels">How many channels there are.</param>
    /// <param name="rate">Samples in a second.</param>
    /// <param name="audioSpecificConfig">The configuration (ISO/IEC 14496-3, 1.6.2.1).</param>
    /// <returns>The entry, a whole box.</returns>
    public static byte[] Aac(int channels, int rate, ReadOnlySpan<byte> audioSpecificConfig) => Described(channels, rate, 0x40, audioSpecificConfig);

    /// <summary>Of Vorbis: <c>mp4a</c> with an <c>esds</c> of the type that players agree on. No standard has it: it is for those who read samples.</summary>
    /// <param name="channels">How many channels there are.</param>
    /// <param name="rate">Samples in a second.</param>
    /// <param name="headers">Its three headers.</param>
    /// <returns>The entry, a whole box.</returns>
    public static byte[] Vorbis(int channels, int rate, ReadOnlySpan<byte> headers) => Described(channels, rate, SampleSyntax.VorbisType, headers);

    private static byte[] Described(int channels, int rate, byte type, ReadOnlySpan<byte> setup)
    {
        BoxWriter writer = new();
        int entry = BeginAudio(writer, FourCc.Mp4a, channels, rate);
        int esds = writer.Begin(FourCc.Esds, 0, 0);
        int specific = 5 + setup.Length, decoder = 5 + 13 + specific, stream = 3 + decoder + 5 + 1;
        Descriptor(writer, 0x03, stream);
        writer.U16(0);
        writer.U8(0);
        Descriptor(writer, 0x04, decoder - 5);
        writer.U8(type);
        writer.U8(0x15);          // an audio stream, not upstream
        Zeros(writer, 11);        // the size of the decoder's buffer, and bit rates: not known
        Descriptor(writer, 0x05, setup.Length);
        writer.Bytes(setup);
        Descriptor(writer, 0x06, 1);
        writer.U8(2);             // as MP4 has it
        writer.End(esds);
        writer.End(entry);
        return writer.Written.ToArray();
    }

    /// <summary>Of text in XML (ISO/IEC 14496-12, 12.6.3.2).</summary>
    /// <param name="ns">Its namespace.</param>
    /// <returns>The entry, a whole box.</returns>
    public static byte[] Xml(ReadOnlySpan<byte> ns)
    {
        BoxWriter writer = new();
        int entry = Begin(writer, FourCc.Stpp);
        writer.Bytes(ns);
        Zeros(writer, 3);         // each of three texts ends with a zero: the namespace, no schema, no types of other media
        writer.End(entry);
        return writer.Written.ToArray();
    }

    /// <summary>The entry of protected samples around that of clear ones (ISO/IEC 14496-12, 8.12; ISO/IEC 23001-7, 8.2).</summary>
    /// <param name="clear">The entry of clear samples.</param>
    /// <param name="type">The entry: <c>encv</c>, <c>enca</c>.</param>
    /// <param name="protection">How they are protected.</param>
    /// <returns>The entry, a whole box.</returns>
    public static byte[] Protected(ReadOnlySpan<byte> clear, uint type, PackedProtection protection)
    {
        BoxWriter writer = new();
        int entry = writer.Begin(type);
        writer.Bytes(clear[8..]);
        int sinf = writer.Begin(FourCc.Sinf);
        Box(writer, FourCc.Frma, clear[4..8]);
        int schm = writer.Begin(FourCc.Schm, 0, 0);
        writer.U32((uint)protection.Scheme);
        writer.U32(0x00010000);
        writer.End(schm);
        int schi = writer.Begin(FourCc.Schi);
        int tenc = writer.Begin(FourCc.Tenc, protection.VectorSize > 0 ? (byte)0 : (byte)1, 0);
        writer.U8(0);
        writer.U8((byte)((protection.CryptBlocks << 4) | protection.SkipBlocks));
        writer.U8(1);
        writer.U8(protection.VectorSize);
        Span<byte> id = stackalloc byte[KeyId.Size];
        protection.KeyId.Write(id);
        writer.Bytes(id);
        if (protection.VectorSize == 0)
        {
            writer.U8((byte)protection.Vector.Length);
            writer.Bytes(protection.Vector.Span);
        }

        writer.End(tenc);
        writer.End(schi);
        writer.End(sinf);
        writer.End(entry);
        return writer.Written.ToArray();
    }

    private static int BeginAudio(BoxWriter writer, uint type, int channels, int rate)
    {
        int entry = Begin(writer, type);
        Zeros(writer, 8);
        writer.U16((ushort)channels);
        writer.U16(16);
        writer.U32(0);
        writer.U32(rate <= ushort.MaxValue ? (uint)rate << 16 : 0);
        return entry;
    }

    private static int Begin(BoxWriter writer, uint type)
    {
        int entry = writer.Begin(type);
        Zeros(writer, 6);
        writer.U16(1);            // the media is in this file
        return entry;
    }

    private static void Box(BoxWriter writer, uint type, ReadOnlySpan<byte> content)
    {
        int box = writer.Begin(type);
        writer.Bytes(content);
        writer.End(box);
    }

    /// <summary>Tag and length, in the four bytes that everybody reads.</summary>
    private static void Descriptor(BoxWriter writer, byte tag, int length) =>
        writer.Bytes([tag, (byte)(0x80 | (length >> 21)), (byte)(0x80 | (length >> 14)), (byte)(0x80 | (length >> 7)), (byte)(length & 0x7F)]);

    private static void Zeros(BoxWriter writer, int count)
    {
        ReadOnlySpan<byte> zeros = stackalloc byte[32];
        writer.Bytes(zeros[..count]);
    }
}
