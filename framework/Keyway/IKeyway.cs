using Keyway.Content;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Timeline;

namespace Keyway;

/// <summary>
/// What an application asks of Keyway: opening and inspecting presentations. A host with configuration and plugins is one, an engine is one, and so is the
/// <c>TestKeyway</c> of the package <c>Keyway.Testing</c>, which gives an application's tests real presentations without a service.
/// </summary>
/// <remarks>Threads: any. Ownership: who created it disposes it, after the presentations that it opened.</remarks>
public interface IKeyway
{
    /// <summary>The facts, to subscribe to. They are published after they have happened.</summary>
    IEventSource Events { get; }

    /// <summary>What may be known about every licence session there is.</summary>
    IReadOnlyList<SessionReport> Sessions { get; }

    /// <summary>Opens a presentation: finds its tracks and what protects it, chooses a key system, and asks for the licences of the chosen tracks.</summary>
    /// <inheritdoc cref="KeywayEngine.OpenAsync(Uri, PresentationOptions, CancellationToken)"/>
    ValueTask<Presentation> OpenAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Opens what a text names: a path, relative to the working directory, or an address.</summary>
    /// <inheritdoc cref="KeywayEngine.OpenAsync(string, PresentationOptions, CancellationToken)"/>
    ValueTask<Presentation> OpenAsync(string source, PresentationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Inspects content without asking for a licence: every track, every protection header from every place, and which key system would open it.</summary>
    /// <inheritdoc cref="KeywayEngine.InspectAsync(Uri, PresentationOptions, CancellationToken)"/>
    ValueTask<ContentFacts> InspectAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Inspects what a text names: a path, relative to the working directory, or an address.</summary>
    /// <inheritdoc cref="KeywayEngine.InspectAsync(string, PresentationOptions, CancellationToken)"/>
    ValueTask<ContentFacts> InspectAsync(string source, PresentationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Lists the segments of a rendition that was found, without asking for a licence.</summary>
    /// <inheritdoc cref="KeywayEngine.ListSegmentsAsync(ContentFacts, Rendition, TimeRange, PresentationOptions, CancellationToken)"/>
    ValueTask<IReadOnlyList<TimelineSegment>> ListSegmentsAsync(ContentFacts facts, Rendition rendition, TimeRange range = default, PresentationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Reads a manifest, and nothing that it names but playlists.</summary>
    /// <inheritdoc cref="KeywayEngine.ReadManifestAsync"/>
    ValueTask<ManifestFacts> ReadManifestAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default) => throw NotWatching();

    /// <summary>What a manifest says of what protects its renditions, merged by key.</summary>
    /// <inheritdoc cref="KeywayEngine.ReadProtectionAsync"/>
    ValueTask<ProtectionMap> ReadProtectionAsync(ManifestFacts manifest, CancellationToken cancellationToken = default) => throw NotWatching();

    /// <summary>Asks the clock that a manifest names.</summary>
    /// <inheritdoc cref="KeywayEngine.ReadClockAsync"/>
    ValueTask<TimeSpan?> ReadClockAsync(ManifestFacts manifest, CancellationToken cancellationToken = default) => throw NotWatching();

    /// <summary>Asks for a segment once, and throws away what comes.</summary>
    /// <inheritdoc cref="KeywayEngine.ProbeAsync"/>
    ValueTask<SegmentProbe> ProbeAsync(ManifestFacts manifest, TimelineSegment segment, long most = long.MaxValue, PresentationOptions? options = null, CancellationToken cancellationToken = default) => throw NotWatching();

    /// <summary>Lists the segments of a rendition of a manifest.</summary>
    /// <inheritdoc cref="KeywayEngine.ListSegmentsAsync(ManifestFacts, Rendition, TimeRange, PresentationOptions, CancellationToken)"/>
    ValueTask<IReadOnlyList<TimelineSegment>> ListSegmentsAsync(ManifestFacts manifest, Rendition rendition, TimeRange range = default, PresentationOptions? options = null, CancellationToken cancellationToken = default) => throw NotWatching();

    private static NotSupportedException NotWatching() => new("this one opens presentations, and does not watch them");
}
