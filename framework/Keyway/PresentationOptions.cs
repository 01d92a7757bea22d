using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Secrets;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <summary>How a presentation is opened: what the application knows and content does not.</summary>
public sealed record PresentationOptions
{
    /// <summary>What asks for the keys that playlists have at addresses (<c>EXT-X-KEY</c>, <c>identity</c>), and for no key system beside them, as <see cref="KeySystem"/>.</summary>
    public const string KeyFileSystem = KeyFiles.KeyFileSystem.Name;

    /// <summary>The provider; <see langword="null"/>: the one of the first route that fits, or none.</summary>
    public string? Provider { get; init; }

    /// <summary>The key system, by its name or one of its other names; <see langword="null"/>: the first by priority that fits, or <see cref="KeyFileSystem"/> where a playlist names no other.</summary>
    public string? KeySystem { get; init; }

    /// <summary>
    /// What is tried, in this order, where a licence cannot be had and another way could mend that: the device is revoked or its security level too low, the service is away. Opening
    /// the presentation then waits for its licences. Empty: nothing. <see langword="null"/>: <see cref="KeywayEngineOptions.Fallback"/>, of which only what is of the
    /// <see cref="KeySystem"/> and of the <see cref="Provider"/> that are named here.
    /// </summary>
    public IReadOnlyList<LicenseFallback>? Fallback { get; init; }

    /// <summary>
    /// Keys that the caller holds: what one of them opens needs no licence, and a key file that is one of them (<see cref="RawMediaKeys.Add(Uri, ReadOnlySpan{byte})"/>) is not
    /// asked for. <see langword="null"/>: none. Ownership: the caller's, who disposes them after the presentation.
    /// </summary>
    public RawMediaKeys? Keys { get; init; }

    /// <summary>
    /// The keys that licences are asked for, whatever else content needs: for those who hold licences and do not play. What needs another key fails with
    /// <see cref="KeyUnavailableReason.NotInLicense"/>, and nothing is asked for it. <see langword="null"/>: every key that is needed.
    /// </summary>
    public IReadOnlyList<KeyId>? OnlyKeys { get; init; }

    /// <summary>The licence URL. Trusted: the caller said so.</summary>
    public Uri? LicenseUrl { get; init; }

    /// <summary>Headers for licence requests. Secrets.</summary>
    public IReadOnlyDictionary<string, string> LicenseHeaders { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Data that the challenge itself carries. A secret.</summary>
    public string? CustomData { get; init; }

    /// <summary>
    /// The licence service's certificate, for a key system that encrypts the device's identity for its service: then the service is not asked for it. Empty: the one of
    /// configuration, or the one that the service sends.
    /// </summary>
    public ReadOnlyMemory<byte> ServerCertificate { get; init; }

    /// <summary>Values that steps of the provider's pipeline may name as <c>{name}</c>.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>The application's source of tokens, for the provider's step <c>token</c>.</summary>
    public TokenSource? Token { get; init; }

    /// <summary>Where the clear samples go, and how that is protected.</summary>
    /// <value><see cref="OutputCapabilities.None"/>: they are handed on.</value>
    public OutputCapabilities Output { get; init; } = OutputCapabilities.None;

    /// <summary>How long licences may live.</summary>
    public SessionKind Kind { get; init; }

    /// <summary>
    /// Of a live presentation: whether keys are kept for as long as what they open can be read back (its time-shift buffer, of which six hours count), although readers have gone on and the
    /// manifest names them no more. For those who serve it to others, who seek back; without it a licence is left when its keys are over, and asked for again.
    /// </summary>
    public bool KeepsKeysOfWindow { get; init; }

    /// <summary>With whom sessions are shared; <see langword="null"/>: with nobody but this presentation.</summary>
    public string? SharingScope { get; init; }

    /// <summary>Which video; <see langword="null"/>: the highest that is not for trick mode.</summary>
    public TrackQuery? Video { get; init; }

    /// <summary>Which audio; <see langword="null"/>: the first main one.</summary>
    public TrackQuery? Audio { get; init; }

    /// <summary>Which text (subtitles or captions); <see langword="null"/>: none.</summary>
    public TrackQuery? Text { get; init; }

    /// <summary>The three together.</summary>
    internal TrackWishes Wishes => new() { Video = Video, Audio = Audio, Text = Text };

    /// <summary>Headers for content requests, sent to the origin of the presentation and to no other.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ContentHeaders { get; init; } = [];

    /// <summary>Headers for content requests to other origins that the caller names.</summary>
    public IReadOnlyList<OriginHeader> ContentHeadersFor { get; init; } = [];

    /// <summary>Origins that content may name although they are of this machine or its network.</summary>
    /// <value>None: public addresses, and the one that the content itself came from.</value>
    public IReadOnlyList<Uri> AllowedContentOrigins { get; init; } = [];

    /// <summary>How much of a live presentation is read; <see langword="null"/>: until it ends or is stopped. Of other content nothing.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>What to do about segments that are missing, or are not what their manifest promises.</summary>
    /// <value><see cref="GapPolicy.Default"/>: they are reported, and reading fails only where most of a track is missing.</value>
    public GapPolicy Gaps { get; init; }

    /// <summary>Called for every media segment that has been read.</summary>
    public IProgress<PresentationProgress>? Progress { get; init; }

    // Headers, values, custom data and the query of a URL are secrets: no text holds them.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(Provider)} = {Provider}, {nameof(KeySystem)} = {KeySystem}, {nameof(LicenseUrl)} = {(LicenseUrl is null ? null : Redactor.Url(LicenseUrl))}, {nameof(Kind)} = {Kind}, {nameof(SharingScope)} = {SharingScope}, {nameof(Video)} = {Video}, {nameof(Audio)} = {Audio}");
        return true;
    }
}
