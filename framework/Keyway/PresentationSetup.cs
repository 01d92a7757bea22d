using Keyway.Content;
using Keyway.Decryption;
using Keyway.Diagnostics;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <summary>What the engine makes a presentation of.</summary>
internal sealed record PresentationSetup
{
    public required PresentationId Id { get; init; }

    public required PresentationOptions Options { get; init; }

    public required ContentFacts Facts { get; init; }

    public required OpenedContent Content { get; init; }

    public required MediaSources Sources { get; init; }

    public required string Provider { get; init; }

    /// <summary>In which ways its licences were asked for, the one that was taken last. Empty where there is none, or nothing to fall back on.</summary>
    public IReadOnlyList<LicenseAttempt> Attempts { get; init; } = [];

    /// <summary>The licence side; <see langword="null"/> where nothing that is played is protected.</summary>
    public required PresentationLicenses? Keys { get; init; }

    /// <summary>Keys that are files at an address, beside the licence side.</summary>
    public required PresentationKeyFiles KeyFiles { get; init; }

    public required ContentKeyVault Vault { get; init; }

    public required IPublisher<FragmentDecrypted> Decrypted { get; init; }

    public required TimeProvider Clock { get; init; }

    public required FirstDecrypt First { get; init; }

    /// <summary>How many fragments of a track are decrypted at once; 0 for as many as there are processors.</summary>
    public required int MaxParallelFragments { get; init; }

    /// <summary>Whether no key system opens a track, and so what its playlist says of a key file counts.</summary>
    /// <param name="track">The track, as facts number it; -1: one that was not there when the presentation was opened.</param>
    public bool IsByKeyFile(int track)
    {
        if (Keys is not { } licenses) return true;
        if (Options.KeySystem is not null) return false;
        IReadOnlyList<SystemId> systems = licenses.Ring.Options.KeySystem.Descriptor.Systems;
        if (track < 0) return !Facts.Protection.Systems.Any(systems.Contains);
        string path = Facts.Tracks[track].Path;
        IEnumerable<Rendition> renditions = Content.Timeline.Periods.SelectMany(static period => period.Renditions).Where(rendition => rendition.Path == path);
        if (Facts.Tracks[track].IsChosen) renditions = renditions.Concat(Content.RenditionsOf(track));
        RenditionProtection[] said = [.. renditions.SelectMany(static rendition => rendition.Protection)];
        // Of a rendition whose playlist was fetched only now nothing was said when the key system was chosen.
        if (said.Length == 0) return !Facts.Tracks[track].IsChosen;
        return Array.Exists(said, static each => each.System == SystemIds.KeyFile) && !Array.Exists(said, each => each.System is { } system && systems.Contains(system));
    }
}
