using Keyway.Licensing;

namespace Keyway.Messaging;

/// <summary>The states of a licence session, in the framework's machine, the same for every key system.</summary>
public enum SessionState
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>Made, and nothing asked yet.</summary>
    Created,

    /// <summary>An exchange with the licence service is under way, and no key is usable.</summary>
    Acquiring,

    /// <summary>At least one key is usable.</summary>
    Usable,

    /// <summary>Keys are usable and an exchange is under way to keep them so.</summary>
    Renewing,

    /// <summary>The time of every key ran out. Asking again may help.</summary>
    Expired,

    /// <summary>A release is under way (persistent licences).</summary>
    Releasing,

    /// <summary>The licence was given back. Terminal.</summary>
    Released,

    /// <summary>No usable key and no way to get one. Terminal.</summary>
    Failed,

    /// <summary>Disposed; every key is zeroed. Terminal.</summary>
    Closed,
}

/// <summary>A presentation has found what protects its content.</summary>
public readonly record struct ProtectionDetected : IKeywayEvent
{
    /// <summary>The presentation.</summary>
    public required PresentationId Presentation { get; init; }

    /// <summary>The key system that was chosen.</summary>
    public required string KeySystem { get; init; }

    /// <summary>How many keys are wanted; 0 when the init data names none.</summary>
    public required int Keys { get; init; }
}

/// <summary>A manifest, or the boxes of a file, has been read: what there is, before anything is asked for.</summary>
public readonly record struct ContentRead : IKeywayEvent
{
    /// <summary>The presentation that is being opened.</summary>
    public required PresentationId Presentation { get; init; }

    /// <summary>Its form: <c>Dash</c>, <c>Hls</c>, <c>Smooth</c>, <c>WebM</c>, <c>FragmentedMp4</c>, <c>ProgressiveMp4</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>How many tracks it offers.</summary>
    public required int Tracks { get; init; }

    /// <summary>How many protection headers were found.</summary>
    public required int Headers { get; init; }

    /// <summary>How many of the places that say something of protection contradict each other.</summary>
    public required int Conflicts { get; init; }

    /// <summary>How long that took, from the call that opens the presentation on.</summary>
    public required TimeSpan Took { get; init; }
}

/// <summary>A protection header has been found that was not known before: by the opening of a presentation, in a newer manifest, or in the media.</summary>
public readonly record struct ProtectionHeaderFound : IKeywayEvent
{
    /// <summary>The presentation.</summary>
    public required PresentationId Presentation { get; init; }

    /// <summary>The protection system that it is for.</summary>
    public required SystemId System { get; init; }

    /// <summary>Where it was found: a place of the manifest, a file with the path of the box, or <c>moof</c>.</summary>
    public required string Place { get; init; }

    /// <summary>How many keys it names; 0 when it names none.</summary>
    public required int Keys { get; init; }

    /// <summary>The length of its data in bytes.</summary>
    public required int Length { get; init; }
}

/// <summary>A key that was waited for will not be there.</summary>
public readonly record struct KeyRefused : IKeywayEvent
{
    /// <summary>The presentation.</summary>
    public required PresentationId Presentation { get; init; }

    /// <summary>The key.</summary>
    public required KeyId Key { get; init; }

    /// <summary>Its status.</summary>
    public required KeyStatus Status { get; init; }

    /// <summary>Why: a word of the framework, such as <c>LicenseFailed</c> or <c>RefusedByPolicy</c>.</summary>
    public required string Reason { get; init; }
}

/// <summary>A session needs an exchange with its licence service.</summary>
public readonly record struct LicenseNeeded : IKeywayEvent
{
    /// <summary>The session.</summary>
    public required SessionId Session { get; init; }

    /// <summary>The number of the exchange, counted from 1 in each session.</summary>
    public required int Exchange { get; init; }

    /// <summary>What is asked for.</summary>
    public required ChallengeKind Kind { get; init; }
}

/// <summary>A challenge has been written and is about to be sent.</summary>
public readonly record struct ChallengeReady : IKeywayEvent
{
    /// <summary>The session.</summary>
    public required SessionId Session { get; init; }

    /// <summary>The number of the exchange.</summary>
    public required int Exchange { get; init; }

    /// <summary>What was really written.</summary>
    public required ChallengeKind Kind { get; init; }

    /// <summary>The length of the challenge in bytes.</summary>
    public required int Length { get; init; }
}

/// <summary>A request for a licence is being sent. Published once an attempt: a retry is another, with a challenge of its own.</summary>
public readonly record struct ExchangeSent : IKeywayEvent
{
    /// <summary>The session.</summary>
    public required SessionId Session { get; init; }

    /// <summary>The number of the exchange.</summary>
    public required int Exchange { get; init; }

    /// <summary>The host and port that it goes to. No path and no query: they may hold a token.</summary>
    public required string Host { get; init; }

    /// <summary>The number of the attempt, counted from 1 in each exchange.</summary>
    public required int Attempt { get; init; }
}

/// <summary>A licence service has answered, and the answer is not a refusal.</summary>
public readonly record struct LicenseReceived : IKeywayEvent
{
    /// <summary>The session.</summary>
    public required SessionId Session { get; init; }

    /// <summary>The number of the exchange.</summary>
    public required int Exchange { get; init; }

    /// <summary>The length of the answer in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>How long the exchange took, from the first step of the pipeline to the last.</summary>
    public required TimeSpan RoundTrip { get; init; }
}

/// <summary>The keys of a session, or their status, have changed.</summary>
public readonly record struct KeysChanged : IKeywayEvent
{
    /// <summary>The session.</summary>
    public required SessionId Session { get; init; }

    /// <summary>How many keys the session holds.</summary>
    public required int Keys { get; init; }

    /// <summary>How many of them are usable.</summary>
    public required int Usable { get; init; }
}

/// <summary>A session has changed from one state to another.</summary>
public readonly record struct SessionStateChanged : IKeywayEvent
{
    /// <summary>The session.</summary>
    public required SessionId Session { get; init; }

    /// <summary>The state it left.</summary>
    public required SessionState From { get; init; }

    /// <summary>The state it entered.</summary>
    public required SessionState To { get; init; }
}

/// <summary>An exchange or a session has failed. A failed renewal leaves usable keys usable: <see cref="Terminal"/> is then false.</summary>
public readonly record struct SessionFailed : IKeywayEvent
{
    /// <summary>The session.</summary>
    public required SessionId Session { get; init; }

    /// <summary>Why, in words that every key system and provider shares.</summary>
    public required LicenseErrorKind Kind { get; init; }

    /// <summary>Whether the session is over.</summary>
    public required bool Terminal { get; init; }
}

/// <summary>A licence could not be had in one way, and the next one is tried. What failed has said its own <see cref="SessionFailed"/>.</summary>
public readonly record struct FallbackTaken : IKeywayEvent
{
    /// <summary>The presentation.</summary>
    public required PresentationId Presentation { get; init; }

    /// <summary>The key system that was asked, by its name in the configuration.</summary>
    public required string FromKeySystem { get; init; }

    /// <summary>The provider that was asked.</summary>
    public required string FromProvider { get; init; }

    /// <summary>Why there was no licence, in words that every key system and provider shares.</summary>
    public required LicenseErrorKind Kind { get; init; }

    /// <summary>The key system that is tried now.</summary>
    public required string ToKeySystem { get; init; }

    /// <summary>The provider that is asked now.</summary>
    public required string ToProvider { get; init; }
}

/// <summary>A fragment has been decrypted. Published once a fragment, never once a sample.</summary>
public readonly record struct FragmentDecrypted : IKeywayEvent
{
    /// <summary>The presentation.</summary>
    public required PresentationId Presentation { get; init; }

    /// <summary>The index of the track in the presentation's list of tracks.</summary>
    public required int Track { get; init; }

    /// <summary>How many samples the fragment has.</summary>
    public required int Samples { get; init; }

    /// <summary>The length of the fragment's samples in bytes.</summary>
    public required long Length { get; init; }
}

/// <summary>A plugin has been loaded and configured.</summary>
public readonly record struct PluginLoaded : IKeywayEvent
{
    /// <summary>The plugin's id.</summary>
    public required string PluginId { get; init; }

    /// <summary>The contract version that it was built against.</summary>
    public required string Contract { get; init; }
}

/// <summary>A plugin was refused or has thrown, and is left out.</summary>
public readonly record struct PluginFaulted : IKeywayEvent
{
    /// <summary>The plugin's id, or the name of its folder when it has none.</summary>
    public required string PluginId { get; init; }

    /// <summary>Where it failed: <c>discovery</c>, <c>contract</c>, <c>load</c>, <c>configure</c>, <c>start</c>.</summary>
    public required string Stage { get; init; }
}

/// <summary>A plugin has been asked to leave.</summary>
public readonly record struct PluginUnloaded : IKeywayEvent
{
    /// <summary>The plugin's id.</summary>
    public required string PluginId { get; init; }

    /// <summary>Whether its load context was really collected. False means that something still holds it.</summary>
    public required bool Collected { get; init; }
}
