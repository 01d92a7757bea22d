namespace Keyway.Cpix;

/// <summary>A <c>DRMSystem</c>: what one protection system wants said about one key.</summary>
public sealed record CpixDrmSystem
{
    /// <summary>Where in the document: an XPath with ordinals from 0.</summary>
    public required string Path { get; init; }

    /// <summary>The protection system (<c>@systemId</c>).</summary>
    public required SystemId System { get; init; }

    /// <summary>The key (<c>@kid</c>); <see langword="null"/> where none is said.</summary>
    public KeyId? KeyId { get; init; }

    /// <summary>Its name (<c>@name</c>), for people.</summary>
    public string? Name { get; init; }

    /// <summary>Every header that is there, each once: of <c>PSSH</c>, of the snippets for manifests and playlists, of Smooth Streaming.</summary>
    public IReadOnlyList<CpixHeader> Headers { get; init; } = [];

    /// <summary>The snippets for manifests and playlists that are there, in their order.</summary>
    public IReadOnlyList<CpixSignal> Signals { get; init; } = [];
}
