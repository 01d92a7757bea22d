using System.Text;

namespace Keyway.Containers.WebM.Ebml;

/// <summary>Goes through the children of an element that is in memory, one after the other. None of them leads out of it.</summary>
/// <param name="content">The parent's content.</param>
/// <param name="offset">Where that begins in the file.</param>
/// <param name="path">The parent, for messages.</param>
internal ref struct EbmlCursor(ReadOnlySpan<byte> content, long offset, string path)
{
    private readonly ReadOnlySpan<byte> _content = content;

    /// <summary>The child.</summary>
    public EbmlHead Head { get; private set; }

    /// <summary>Where it begins in the content of its parent.</summary>
    public int Start { get; private set; }

    /// <summary>Where it ends, and the next begins.</summary>
    public int End { get; private set; }

    /// <summary>What is wrong; <see langword="null"/>: nothing so far.</summary>
    public FormatError? Error { get; private set; }

    public readonly uint Id => Head.Id;

    public readonly ReadOnlySpan<byte> Content => _content[(Start + Head.Length)..End];

    /// <summary>Where its content begins in the file.</summary>
    public readonly long ContentOffset => offset + Start + Head.Length;

    /// <summary>Goes to the next child.</summary>
    /// <returns><see langword="false"/> at the end, or where something is wrong.</returns>
    public bool MoveNext()
    {
        if (Error is not null || End == _content.Length) return false;
        ReadOnlySpan<byte> rest = _content[End..];
        if (!EbmlHead.TryRead(rest, out EbmlHead head, out int wanted))
            return Fail(wanted == 0 ? "what follows is no element" : "an element is cut short by the end of its parent", End);
        if (head.Size < 0) return Fail($"{EbmlId.NameOf(head.Id)} has an unknown size, which only Segment and Cluster may have", End);
        if (head.Size > rest.Length - head.Length) return Fail($"{EbmlId.NameOf(head.Id)} of {head.Size} bytes leads out of its parent, which has {rest.Length - head.Length} left", End);
        (Head, Start) = (head, End);
        End += head.Length + (int)head.Size;
        return true;
    }

    /// <summary>The children of the child.</summary>
    public readonly EbmlCursor Enter() => new(Content, ContentOffset, $"{path}/{EbmlId.NameOf(Id)}");

    /// <summary>Notes that the child is wrong.</summary>
    /// <returns><see langword="false"/>.</returns>
    public bool Fail(string reason) => Fail(reason, Start);

    /// <summary>Takes over what is wrong further in.</summary>
    public void Fail(FormatError error) => Error ??= error;

    /// <summary>The child as a number; 0 with <see cref="Error"/> where it is none.</summary>
    public ulong Number()
    {
        if (!EbmlHead.TryReadNumber(Content, out ulong value)) Fail($"{EbmlId.NameOf(Id)} is a number of {Content.Length} bytes");
        return value;
    }

    /// <summary>The child as a number with a point.</summary>
    public double Float()
    {
        if (!EbmlHead.TryReadFloat(Content, out double value)) Fail($"{EbmlId.NameOf(Id)} is a number of {Content.Length} bytes");
        return value;
    }

    /// <summary>The child as text, which zeros may follow (RFC 8794, 7.4).</summary>
    /// <param name="most">How much of it is read.</param>
    public readonly string Text(int most)
    {
        ReadOnlySpan<byte> text = Content[..Math.Min(most, Content.Length)];
        int end = text.IndexOf((byte)0);
        StringBuilder printed = new();
        foreach (byte b in end < 0 ? text : text[..end]) printed.Append(b is >= 0x20 and < 0x7F ? (char)b : '.');
        return printed.ToString();
    }

    private bool Fail(string reason, int at)
    {
        Error ??= new FormatError(reason, path, offset + at);
        return false;
    }
}
