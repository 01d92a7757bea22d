namespace Keyway.Timeline;

/// <summary>The key that a segment, or an initialisation segment, needs by what its playlist says of it.</summary>
/// <remarks>Segments under the same statement share one object, unless each has an initialisation vector of its own. Equal are those of which all is equal.</remarks>
internal sealed record SegmentKey
{
    /// <summary>The key format of a URI that leads to the key itself: what is meant where none is named.</summary>
    public const string Identity = "identity";

    /// <summary>What is encrypted, and how.</summary>
    public required SegmentKeyMethod Method { get; init; }

    /// <summary>Where the key is said to be: absolute, and of any scheme. It may carry a token: for messages only as <see cref="Sources.SourceText"/> shows it.</summary>
    public required Uri Uri { get; init; }

    /// <summary>Who understands <see cref="Uri"/> (<c>KEYFORMAT</c>).</summary>
    public string Format { get; init; } = Identity;

    /// <summary>The initialisation vector, 16 bytes, whether the playlist says it or it follows from the segment's number; empty where none applies.</summary>
    public ReadOnlyMemory<byte> InitializationVector { get; init; }

    /// <summary>Where that is said, for messages: playlist, line and tag.</summary>
    public required string Place { get; init; }

    /// <inheritdoc/>
    public bool Equals(SegmentKey? other) =>
        other is not null && Method == other.Method && Uri == other.Uri && Format == other.Format && Place == other.Place
        && InitializationVector.Span.SequenceEqual(other.InitializationVector.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Method, Uri, Format, Place);
}
