using System.Globalization;
using Keyway.Timeline;

namespace Keyway.Relay.Serving;

/// <summary>A rendition under our own name: no text of a manifest is part of a path.</summary>
internal sealed record ServedRendition
{
    /// <summary>The number of its period. Never another's.</summary>
    public required int Period { get; init; }

    /// <summary>Its number in the period. Never another's.</summary>
    public required int Number { get; init; }

    /// <summary>What it is called in all periods: what is refused in one is refused in all.</summary>
    public required string Name { get; init; }

    /// <summary>The rendition, as the newest manifest has it.</summary>
    public required Rendition Rendition { get; init; }

    /// <summary>What is known of its media beyond the manifest; found when somebody asks.</summary>
    public required RenditionMedia Media { get; init; }

    /// <summary>Why it is not served; <see langword="null"/>: it is.</summary>
    public Refusal? Refusal { get; init; }

    /// <summary>The number of the rendition of its period in whose segments it is; <see langword="null"/>: it has its own.</summary>
    public int? SharedWith { get; init; }

    /// <summary>Whether it would be played by whoever does not choose.</summary>
    public bool IsChosen { get; init; }

    /// <summary>Its folder below the token, without slashes around it.</summary>
    public string Folder => string.Create(CultureInfo.InvariantCulture, $"p{Period}/r{Number}");
}
