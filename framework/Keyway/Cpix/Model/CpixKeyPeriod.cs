namespace Keyway.Cpix;

/// <summary>A <c>ContentKeyPeriod</c>: a time in which keys are used, said in one or more ways.</summary>
public sealed record CpixKeyPeriod
{
    /// <summary>Where in the document: an XPath with ordinals from 0.</summary>
    public required string Path { get; init; }

    /// <summary>Its identifier (<c>@id</c>), which rules refer to.</summary>
    public string? Id { get; init; }

    /// <summary>Its number (<c>@index</c>).</summary>
    public long? Index { get; init; }

    /// <summary>Its label (<c>@label</c>).</summary>
    public string? Label { get; init; }

    /// <summary>When it begins (<c>@start</c>).</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>When it is over (<c>@end</c>, or the beginning and <c>@duration</c>). That moment belongs to the next.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>When it begins, from the beginning of the presentation (<c>@startOffset</c>).</summary>
    public TimeSpan? StartOffset { get; init; }

    /// <summary>When it is over, from there (<c>@endOffset</c>, or the beginning and <c>@duration</c>). That moment belongs to the next.</summary>
    public TimeSpan? EndOffset { get; init; }
}
