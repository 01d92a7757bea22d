using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.PackedAudio;

/// <summary>Walks packed audio (RFC 8216, 3.4): tags and audio frames, one after another.</summary>
/// <remarks>
/// <code>
/// │ ID3 │ frame │ frame │ … │ ID3 │ frame │ …
/// </code>
/// Each segment begins anew, but has the same codec as the one before it. Threads: one at a time.
/// </remarks>
internal sealed class PackedAudioWalker
{
    private string _name = "";
    private long _offset;
    private bool _isMarked;

    /// <summary>What the frames are; <see cref="StreamCodec.None"/> before the first.</summary>
    public StreamCodec Codec { get; private set; }

    /// <summary>Where what comes next stands.</summary>
    public UnitPlace Place => new(_name, 0, 0, _offset);

    /// <summary>Begins a segment.</summary>
    /// <param name="name">Its name for messages.</param>
    public void Begin(string name) => (_name, _offset, _isMarked) = (name, 0, false);

    /// <summary>Takes as many tags and frames as are whole.</summary>
    /// <param name="bytes">What follows what was taken before.</param>
    /// <param name="isEnd">Whether nothing comes behind it.</param>
    /// <param name="handler">Who gets them.</param>
    /// <returns>How many bytes they have.</returns>
    /// <exception cref="MediaFormatException">Something else stands there, or the last one is cut short.</exception>
    public int Take(Span<byte> bytes, bool isEnd, IPackedAudioHandler handler)
    {
        int taken = 0;
        while (taken < bytes.Length)
        {
            Span<byte> rest = bytes[taken..];
            bool isTag = rest[0] == 'I';
            int length = isTag ? TagLength(rest) : FrameLength(rest, isEnd);
            if (length == 0 || length > rest.Length)
            {
                if (isEnd) throw Place.Error(isTag ? "the last tag is cut short" : "the last audio frame is cut short");
                break;
            }

            if (isTag)
            {
                Id3Tag tag = Id3Tag.Read(rest[..length]);
                _isMarked |= tag.Description > 0;
                handler.HandleTag(rest[..length], tag);
            }
            else
            {
                handler.HandleFrame(rest[..length], _isMarked, Place);
            }

            taken += length;
            _offset += length;
        }

        return taken;
    }

    /// <summary>The length of a tag; 0 where too little is there to know.</summary>
    private int TagLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Id3Tag.Head) return "ID3"u8.StartsWith(bytes[..Math.Min(3, bytes.Length)]) ? 0 : throw Neither();
        if (!Id3Tag.IsTag(bytes)) throw Neither();
        int length = Id3Tag.LengthOf(bytes);
        return length <= TransportStreamLimits.TagBytes ? length : throw Place.Error($"an ID3 tag has more than {TransportStreamLimits.TagBytes} bytes");
    }

    /// <summary>The length of an audio frame; 0 where too little is there to know.</summary>
    private int FrameLength(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        bool isDolby = bytes[0] == 0x0B;
        if (!isDolby && bytes[0] != 0xFF) throw Neither();
        if (bytes.Length < AdtsHeader.Least) return 0;
        if (!isDolby)
        {
            if (AdtsHeader.TryRead(bytes, out AdtsHeader adts) is { } problem) throw Place.Error(problem);
            Settle(StreamCodec.Aac);
            return adts.Length;
        }

        if (DolbyHeader.TryRead(bytes, out DolbyHeader header) is { } fault) throw Place.Error(fault);
        Settle(header.IsEnhanced ? StreamCodec.EAc3 : StreamCodec.Ac3);
        int length = header.Length;
        if (!header.IsEnhanced) return length;

        // Its other substreams belong to it, up to where the next audio frame, a tag or the end is.
        while (true)
        {
            if (bytes.Length < length + DolbyHeader.Least) return isEnd && bytes.Length == length ? length : isEnd && length < bytes.Length ? throw new MediaFormatException(_name, new FormatError("the last audio frame is cut short", Place.Path, _offset + length)) : 0;
            if (!DolbyHeader.IsSync(bytes[length..]) || DolbyHeader.TryRead(bytes[length..], out DolbyHeader next) is not null || !next.IsEnhanced || next.BeginsFrame) return length;
            length += next.Length;
            if (length > TransportStreamLimits.AudioFrameBytes) throw Place.Error($"an audio frame has more than {TransportStreamLimits.AudioFrameBytes} bytes");
        }
    }

    private void Settle(StreamCodec codec)
    {
        if (Codec == StreamCodec.None) Codec = codec;
        else if (Codec != codec) throw Place.Error($"the audio changes from {StreamType.NameOf(Codec)} to {StreamType.NameOf(codec)}");
    }

    private MediaFormatException Neither() => Place.Error("neither a tag nor a frame of AAC, AC-3 or E-AC-3 stands here");
}
