using System.Buffers.Binary;
using Keyway.Containers.WebM.Structure;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;

namespace Keyway.Containers.WebM.Packing;

/// <summary>Makes sample entries of MP4 of what WebM says of a codec.</summary>
/// <remarks>
/// <code>
/// V_VP8 V_VP9   vp08 vp09 ─ vpcC                    VP Codec ISO Media File Format Binding
/// V_AV1         av01 ─ av1C = CodecPrivate          AV1 Codec ISO Media File Format Binding, 2.3
/// A_OPUS        Opus ─ dOps of OpusHead             Encapsulation of Opus in ISO Base Media File Format, 4.3.2; RFC 7845, 5.1
/// A_VORBIS      mp4a ─ esds of type DD              its three headers as they are; for readers of samples, not for files
/// </code>
/// </remarks>
internal static class CodecEntries
{
    private const int OpusHead = 19;

    /// <summary>Of what no MP4 knows: bytes in, bytes out.</summary>
    private const uint Unknown = 0x7765626D;

    /// <summary>Makes an entry.</summary>
    /// <param name="track">The track.</param>
    /// <param name="frame">The clear beginning of its first frame, as far as it is known.</param>
    /// <param name="problem">Why its samples cannot be read; <see langword="null"/>: they can.</param>
    /// <returns>The entry, a whole box. Where there is a problem, one that says nothing.</returns>
    public static byte[] Make(WebMTrack track, ReadOnlySpan<byte> frame, out string? problem)
    {
        problem = track.CodecId switch
        {
            WebMCodec.Vp8 or WebMCodec.Vp9 or WebMCodec.Av1 when track.Type != WebMTrack.VideoType => $"{track.CodecId} in a track that is no video",
            WebMCodec.Opus or WebMCodec.Vorbis when track.Type != WebMTrack.AudioType => $"{track.CodecId} in a track that is no audio",
            WebMCodec.Av1 when track.CodecPrivate.Length < 4 || track.CodecPrivate.Span[0] != 0x81 => "V_AV1 without the CodecPrivate that sets it up",
            WebMCodec.Opus when !track.CodecPrivate.Span.StartsWith("OpusHead"u8) || track.CodecPrivate.Length < OpusHead => "A_OPUS without the OpusHead that sets it up",
            WebMCodec.Vorbis when track.CodecPrivate.IsEmpty => "A_VORBIS without the headers that set it up",
            WebMCodec.Vp8 or WebMCodec.Vp9 or WebMCodec.Av1 or WebMCodec.Opus or WebMCodec.Vorbis => null,
            _ => $"the codec '{track.CodecId}' is not one of WebM",
        };
        if (problem is not null) return track.Type == WebMTrack.VideoType ? SampleEntries.Visual(Unknown, track.Width, track.Height, FourCc.Free, []) : SampleEntries.Audio(Unknown, track.Channels, 0, FourCc.Free, []);
        return track.CodecId switch
        {
            WebMCodec.Vp8 => SampleEntries.Visual(FourCc.Vp08, track.Width, track.Height, FourCc.VpcC, VpHeader.ConfigurationOf(track, default)),
            WebMCodec.Vp9 => SampleEntries.Visual(FourCc.Vp09, track.Width, track.Height, FourCc.VpcC, VpHeader.ConfigurationOf(track, frame)),
            WebMCodec.Av1 => SampleEntries.Visual(FourCc.Av01, track.Width, track.Height, FourCc.Av1C, track.CodecPrivate.Span),
            WebMCodec.Opus => SampleEntries.Audio(FourCc.Opus, track.CodecPrivate.Span[9], WebMTimes.OpusRate, FourCc.DOps, DOps(track.CodecPrivate.Span)),
            _ => SampleEntries.Vorbis(track.Channels, (int)Math.Clamp(track.SamplingFrequency, 0, int.MaxValue), track.CodecPrivate.Span),
        };
    }

    /// <remarks>
    /// <code>
    /// OpusHead  magic:8 version:1 channels:1 preSkip:2 rate:4 gain:2 family:1 [ table ]     little-endian
    /// dOps              version:1 channels:1 preSkip:2 rate:4 gain:2 family:1 [ table ]     big-endian
    /// </code>
    /// </remarks>
    private static byte[] DOps(ReadOnlySpan<byte> head)
    {
        byte[] box = head[8..].ToArray();
        box[0] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(box.AsSpan(2), BinaryPrimitives.ReadUInt16LittleEndian(head[10..]));
        BinaryPrimitives.WriteUInt32BigEndian(box.AsSpan(4), BinaryPrimitives.ReadUInt32LittleEndian(head[12..]));
        BinaryPrimitives.WriteUInt16BigEndian(box.AsSpan(8), BinaryPrimitives.ReadUInt16LittleEndian(head[16..]));
        return head[18] == 0 ? box[..11] : box;
    }
}
