using System.Text;

namespace Keyway.Licensing.Exchanges;

/// <summary>What a name in a template stands for: bytes, and the text that is written where no encoding is named. May be a secret.</summary>
internal readonly struct TemplateValue
{
    /// <summary>A value of bytes, such as a key identifier, with the text that it usually is.</summary>
    public TemplateValue(ReadOnlyMemory<byte> bytes, string? text) => (Bytes, Text) = (bytes, text);

    public TemplateValue(string text)
        : this(Encoding.UTF8.GetBytes(text), text)
    {
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary><see langword="null"/>: the bytes themselves.</summary>
    public string? Text { get; }

    /// <summary>Whether it only stands for a value that is not known yet: a preview shows its name, with the encodings, and never a value.</summary>
    public bool IsSymbol { get; private init; }

    public static TemplateValue Symbol(string text) => new(ReadOnlyMemory<byte>.Empty, text) { IsSymbol = true };

    /// <summary>Never the value: it may be a secret.</summary>
    public override string ToString() => "value";
}
