using Keyway.Decryption;

namespace Keyway.Mp4;

/// <summary>A sample could not be decrypted. What was written before it is incomplete.</summary>
/// <param name="source">The file or URL, without its query.</param>
/// <param name="trackId">The track.</param>
/// <param name="sampleNumber">The sample within its track, from 1.</param>
/// <param name="keyId">The key it needs.</param>
/// <param name="status">Why not.</param>
public sealed class SampleDecryptionException(string source, uint trackId, long sampleNumber, KeyId keyId, DecryptStatus status)
    : KeywayException($"{(source.Length == 0 ? "" : source + ": ")}sample {sampleNumber} of track {trackId} cannot be decrypted with key {keyId}: {Reason(status)}", null)
{
    private readonly string? _message;

    /// <summary>Makes the exception for a scheme that is not Common Encryption.</summary>
    /// <param name="source">The file or URL, without its query.</param>
    /// <param name="trackId">The track.</param>
    /// <param name="sampleNumber">The sample within its track, from 1.</param>
    /// <param name="schemeType">The four characters of <c>schm</c>; <see langword="null"/> where there are none.</param>
    internal SampleDecryptionException(string source, uint trackId, long sampleNumber, string? schemeType)
        : this(source, trackId, sampleNumber, default, DecryptStatus.SchemeNotSupported)
    {
        _message = $"{(source.Length == 0 ? "" : source + ": ")}track {trackId} is protected with {ForeignSchemes.Describe(schemeType)}: that is not Common Encryption, and no key opens it here (sample {sampleNumber})";
    }

    /// <summary>Makes the exception for a key that is missing and whose identifier has not 16 bytes.</summary>
    /// <param name="source">The file or URL, without its query.</param>
    /// <param name="trackId">The track.</param>
    /// <param name="sampleNumber">The sample within its track, from 1.</param>
    /// <param name="keyId">What stands for the identifier.</param>
    /// <param name="opaque">The identifier itself.</param>
    internal SampleDecryptionException(string source, uint trackId, long sampleNumber, KeyId keyId, ReadOnlySpan<byte> opaque)
        : this(source, trackId, sampleNumber, keyId, DecryptStatus.KeyNotFound)
    {
        _message = $"{(source.Length == 0 ? "" : source + ": ")}sample {sampleNumber} of track {trackId} cannot be decrypted with key 0x{Convert.ToHexStringLower(opaque)}: {Reason(Status)}";
    }

    /// <inheritdoc/>
    public override string Message => _message ?? base.Message;

    /// <summary>The file or URL, without its query.</summary>
    public string MediaSource { get; } = source;

    /// <summary>The track.</summary>
    public uint TrackId { get; } = trackId;

    /// <summary>The sample within its track, from 1.</summary>
    public long SampleNumber { get; } = sampleNumber;

    /// <summary>The key it needs.</summary>
    public KeyId KeyId { get; } = keyId;

    /// <summary>Why not. <see cref="DecryptStatus.Decrypted"/> where it was decrypted, and is not what its track has: the key does not fit.</summary>
    public DecryptStatus Status { get; } = status;

    /// <summary>Whether the key is a wrong one: what it decrypts to is not what samples of their format have. The sample is the one that made it certain.</summary>
    public bool KeyDoesNotFit => Status == DecryptStatus.Decrypted;

    private static string Reason(DecryptStatus status) => status switch
    {
        DecryptStatus.Decrypted => "the key does not fit: its samples so far are not what the track should have",
        DecryptStatus.KeyNotFound => "there is no such key",
        DecryptStatus.KeyNotUsable => "the key may not be used here or now",
        DecryptStatus.MalformedSample => "the sample and its protection do not fit together",
        DecryptStatus.SchemeNotSupported => "the protection scheme is not known",
        _ => "the decryptor failed",
    };
}
