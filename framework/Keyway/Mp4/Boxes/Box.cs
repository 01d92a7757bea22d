namespace Keyway.Mp4.Boxes;

/// <summary>One box inside a buffer.</summary>
/// <remarks>
/// <code>
/// size:4 type:4 [ largesize:8 if size = 1 ] [ usertype:16 if type = 'uuid' ] content
/// |---------- HeaderSize ---------------|   |---------- Content ------------|
/// </code>
/// (ISO/IEC 14496-12, 4.2; size 0: to the end of what encloses it.) The user type counts as content here, so that a header is 8 or 16 bytes.
/// </remarks>
internal readonly ref struct Box
{
    public required uint Type { get; init; }

    /// <summary>The whole box with its header.</summary>
    public required ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Where it begins in the buffer.</summary>
    public required int Start { get; init; }

    /// <summary>Where the buffer begins in the file.</summary>
    public required long Origin { get; init; }

    public required int HeaderSize { get; init; }

    public required BoxPath Parent { get; init; }

    /// <summary>Where it begins in the file.</summary>
    public long Offset => Origin + Start;

    public int Length => Bytes.Length;

    public int ContentStart => Start + HeaderSize;

    public ReadOnlySpan<byte> Content => Bytes[HeaderSize..];

    /// <summary>Whether this is a <c>uuid</c> box of that user type.</summary>
    public bool IsUuid(Guid type) => Type == FourCc.Uuid && Content.Length >= 16 && new Guid(Content[..16], bigEndian: true) == type;

    public FieldReader Fields(int skip = 0) => new(Content[skip..]);

    /// <summary>Walks the boxes inside.</summary>
    /// <param name="skip">How many bytes of the content come before the first of them.</param>
    public BoxWalker Children(int skip = 0) => new(Content[Math.Min(skip, Content.Length)..], ContentStart + Math.Min(skip, Content.Length), Origin, Parent.Into(Type));

    public bool Fail(string reason, out FormatError error) => Fail(reason, 0, out error);

    /// <summary>Says what is wrong and where. Always <see langword="false"/>, for the caller to return.</summary>
    /// <param name="reason">What is wrong.</param>
    /// <param name="at">Where in the content.</param>
    /// <param name="error">Both, with the path.</param>
    public bool Fail(string reason, int at, out FormatError error)
    {
        error = new FormatError(reason, Parent.With(Type), Offset + HeaderSize + at);
        return false;
    }
}
