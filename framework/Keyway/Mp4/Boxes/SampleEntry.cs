using Keyway.Decryption;

namespace Keyway.Mp4.Boxes;

/// <summary>One entry of <c>stsd</c>: what the samples are, and how they are protected.</summary>
internal sealed class SampleEntry
{
    /// <summary>What people see of it.</summary>
    public required Mp4SampleEntry Facts { get; init; }

    /// <summary>Where the entry begins in its buffer.</summary>
    public required int Start { get; init; }

    public required int Length { get; init; }

    public required int HeaderSize { get; init; }

    /// <summary>Where its child boxes begin in the content; -1 where none can be told.</summary>
    public required int ChildrenAt { get; init; }

    /// <summary>The format to be restored, or the format as it is.</summary>
    public required uint ClearFormat { get; init; }

    /// <summary>Where boxes begin that a clear entry does not have.</summary>
    public required int[] Protecting { get; init; }

    /// <summary>What protects the samples by default; <see langword="null"/> in a clear entry.</summary>
    public Sinf? Protection { get; init; }

    /// <summary>What is known of the inside of its samples.</summary>
    public SampleSyntax Syntax { get; init; }

    /// <summary>Whether the entry says that its samples may be protected.</summary>
    public bool IsProtected => Protection is not null;

    /// <summary>Whether the format says that the samples are encrypted, and nothing says how.</summary>
    public bool LacksProtection => Protection is null && Facts.Format.StartsWith("enc", StringComparison.Ordinal);

    public ProtectionScheme Scheme => Protection?.Scheme ?? ProtectionScheme.None;
}
