using Keyway.Content;
using Keyway.Decryption;
using Keyway.Diagnostics;
using Keyway.Messaging;
using Keyway.Sources;

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

    /// <summary>The licence side; <see langword="null"/> where nothing that is played is protected.</summary>
    public required PresentationLicenses? Keys { get; init; }

    public required ContentKeyVault Vault { get; init; }

    public required IPublisher<FragmentDecrypted> Decrypted { get; init; }

    public required TimeProvider Clock { get; init; }

    public required FirstDecrypt First { get; init; }

    /// <summary>How many fragments of a track are decrypted at once; 0 for as many as there are processors.</summary>
    public required int MaxParallelFragments { get; init; }
}
