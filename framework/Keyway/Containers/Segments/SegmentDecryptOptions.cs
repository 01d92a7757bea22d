namespace Keyway.Containers.Segments;

/// <summary>How segments are decrypted.</summary>
public sealed record SegmentDecryptOptions
{
    /// <summary>How they are encrypted.</summary>
    public required SegmentEncryption Method { get; init; }

    /// <summary>The initialisation vector of all of them, 16 bytes. Empty: each has its media sequence number, big-endian (RFC 8216, 5.2).</summary>
    public ReadOnlyMemory<byte> InitializationVector { get; init; }

    /// <summary>The media sequence number of the first of them (<c>EXT-X-MEDIA-SEQUENCE</c>).</summary>
    /// <value>0.</value>
    public ulong FirstSequenceNumber { get; init; }

    /// <summary>Reports how many bytes have been written; on any thread, one at a time.</summary>
    public IProgress<long>? Progress { get; init; }
}
