using System.Globalization;
using System.Text;
using Keyway.Decryption;
using Keyway.MediaUnits;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>The key that a segment, or an initialisation segment, needs by what its playlist says of it.</summary>
/// <remarks>Segments under the same statement share one object, unless each has an initialisation vector of its own. Equal are those of which all is equal.</remarks>
internal sealed record SegmentKey : IUnitKey
{
    /// <summary>The key format of a URI that leads to the key itself: what is meant where none is named.</summary>
    public const string Identity = "identity";

    /// <summary>What is encrypted, and how.</summary>
    public required SegmentKeyMethod Method { get; init; }

    /// <summary>Where the key is said to be: absolute, and of any scheme. It may carry a token: for messages only as <see cref="SourceText"/> shows it.</summary>
    public required Uri Uri { get; init; }

    /// <summary>Who understands <see cref="Uri"/> (<c>KEYFORMAT</c>).</summary>
    public string Format { get; init; } = Identity;

    /// <summary>The initialisation vector, 16 bytes, whether the playlist says it or it follows from the segment's number; empty where none applies.</summary>
    public ReadOnlyMemory<byte> InitializationVector { get; init; }

    /// <summary>Where that is said, for messages: playlist, line and tag.</summary>
    public required string Place { get; init; }

    /// <summary>The key's identifier where nothing gives it one: of method and address, and so the same for every vector (<see cref="KeyFileId"/>).</summary>
    public KeyId Id => KeyFileId.Of(MethodName, Uri);

    /// <summary>The method, as playlists name it.</summary>
    public string MethodName => Method switch
    {
        SegmentKeyMethod.Aes128 => "AES-128",
        SegmentKeyMethod.SampleAes => "SAMPLE-AES",
        SegmentKeyMethod.SampleAesCtr => "SAMPLE-AES-CTR",
        _ => "NONE",
    };

    /// <summary>Whether the address leads to the key itself.</summary>
    public bool IsKeyFile => Format.Equals(Identity, StringComparison.OrdinalIgnoreCase);

    // The address may hold a token, or the key itself.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(Method)} = {Method}, {nameof(Uri)} = {SourceText.Of(Uri)}, {nameof(Format)} = {Format}, {nameof(Place)} = {Place}");
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(SegmentKey? other) =>
        other is not null && Method == other.Method && Uri == other.Uri && Format == other.Format && Place == other.Place
        && InitializationVector.Span.SequenceEqual(other.InitializationVector.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Method, Uri, Format, Place);
}
