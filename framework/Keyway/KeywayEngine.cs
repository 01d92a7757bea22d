using System.Diagnostics;
using Keyway.Content;
using Keyway.Decryption;
using Keyway.Diagnostics;
using Keyway.KeyFiles;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

/// <summary>Opens protected presentations. The engine without configuration, containers and dynamic loading: everything it needs is handed in.</summary>
/// <remarks>
/// <para>Threads: any.</para>
/// <para>Ownership: who creates it disposes it, after the presentations that it opened and before the key systems that it was given.</para>
/// </remarks>
public sealed partial class KeywayEngine : IKeyway, IAsyncDisposable
{
    private readonly KeywayEngineOptions _options;
    private readonly ContentKeyVault _vault;
    private readonly SessionEngine _sessions;
    private readonly MirrorBus? _mirror;
    private readonly EngineMeter _meter;
    private readonly KeySystemStarter _keySystems;
    private readonly KeyFileSystem _keyFiles = new();
    private readonly IPublisher<FallbackTaken> _fallbacks;

    /// <summary>Makes an engine.</summary>
    /// <param name="options">What it is made of.</param>
    public KeywayEngine(KeywayEngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _keySystems = new KeySystemStarter(options.KeySystems, options.KeySystemPatience);
        _fallbacks = options.Bus.Publisher<FallbackTaken>();
        _vault = new ContentKeyVault(options.Clock, options.Acceleration, options.KeyMemory);
        Events = options.Events ?? (_mirror = new MirrorBus(options.Bus, options.Logging));
        // Asked whenever somebody measures, and perhaps before the sessions are there.
        IReadOnlyList<SessionReport> Reports() => _sessions?.Reports() ?? [];
        _meter = new EngineMeter(
            () => Reports().Select(static session => session.State), () => Reports().SelectMany(static session => session.Keys).Select(static key => key.Status), () => (Events as MirrorBus)?.Dropped ?? 0);
        _sessions = new SessionEngine(new SessionEngineOptions
        {
            Vault = _vault,
            Bus = options.Bus,
            Clock = options.Clock,
            KeyWait = options.KeyWait,
            KeySystemPatience = options.KeySystemPatience,
            Store = options.LicenseStore,
            Coordinator = options.Coordinator,
            Recorder = options.Recorder,
            Meter = _meter,
            Events = Events,
            Story = options.Logging is { } logging ? new SessionStory(logging, id => Reports().FirstOrDefault(session => session.Id == id)) : null,
        });
        Licenses = new StoredLicenses(options.LicenseStore, _sessions, _keySystems.StartedAsync, ServiceOf);
    }

    /// <summary>The facts, to subscribe to. They are published after they have happened.</summary>
    public IEventSource Events { get; }

    /// <summary>What may be known about every session there is.</summary>
    public IReadOnlyList<SessionReport> Sessions => _sessions.Reports();

    /// <summary>The stored licences: to be listed, renewed and given back without media.</summary>
    public StoredLicenses Licenses { get; }

    /// <summary>Inspects content without asking for a licence: every track, every protection header from every place, and which key system would open it.</summary>
    /// <param name="source">A manifest or an MP4 file: <c>file</c>, <c>http</c> or <c>https</c>; a relative one is a path from the working directory.</param>
    /// <param name="options">How; without it, everything by default.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    /// <exception cref="ManifestException">The manifest cannot be read.</exception>
    /// <exception cref="MediaFormatException">A file cannot be read.</exception>
    /// <exception cref="ArgumentException">The options name a provider that is not configured.</exception>
    public async ValueTask<ContentFacts> InspectAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        source = Absolute(source);
        options ??= new PresentationOptions();
        MediaSources sources = Sources(options);
        OpenedContent content = await new ContentReader(sources, keys: null).ReadAsync(source, options.Wishes, everyTrack: true, cancellationToken).ConfigureAwait(false);
        content = await ContentSurvey.AddFragmentsAsync(content, sources, cancellationToken).ConfigureAwait(false);
        ConfiguredProvider? provider = null;
        try
        {
            provider = ProviderFor(source, options);
        }
        catch (LicenseServiceException absent) when (options.Provider is null)
        {
            // Looking needs no licence.
            content = content with { Notes = [.. content.Notes, absent.Message] };
        }

        ProtectionMap map = await _keySystems.ReadHeadersAsync(content.Protection, cancellationToken).ConfigureAwait(false);
        KeySystemSelection selection = await _keySystems.SelectAsync(map, provider, options.KeySystem, mustStart: false, cancellationToken).ConfigureAwait(false);
        return FactsOf(content, map, KeyFileChoice.Of(content, options) is { NeedsKeySystem: false } choice ? choice.Restrict(selection, map, _keyFiles) : selection);
    }

    /// <summary>Inspects what a text names: a path, relative to the working directory, or an address.</summary>
    /// <param name="source">The path or the address (<c>file</c>, <c>http</c>, <c>https</c>).</param>
    /// <param name="options">How; without it, everything by default.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What was found.</returns>
    /// <inheritdoc cref="InspectAsync(Uri, PresentationOptions, CancellationToken)" path="/exception"/>
    public ValueTask<ContentFacts> InspectAsync(string source, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        InspectAsync(MediaSources.AddressOf(source), options, cancellationToken);

    /// <summary>Lists the segments of a rendition that was found, without asking for a licence.</summary>
    /// <param name="facts">What was found.</param>
    /// <param name="rendition">The rendition, of <see cref="ContentFacts.Timeline"/>.</param>
    /// <param name="range">Which; without it, all: of a live presentation those that are there now.</param>
    /// <param name="options">As when it was looked at: headers and origins count.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The segments in order. Where nothing names any, the file is one.</returns>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation.</exception>
    /// <exception cref="RangeNotFoundException">The range lies outside the presentation.</exception>
    /// <exception cref="ManifestException">The manifest says it in a way that cannot be understood.</exception>
    /// <exception cref="MediaFormatException">The index is malformed.</exception>
    /// <exception cref="SourceException">The index cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<TimelineSegment>> ListSegmentsAsync(ContentFacts facts, Rendition rendition, TimeRange range = default, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(rendition);
        DateTimeOffset now = _options.Clock.GetUtcNow();
        TimeSpan ahead = facts.Timeline is { Live: not null, Source: { } source } ? await source.ReadClockAsync(_options.Clock, now, static _ => { }, cancellationToken).ConfigureAwait(false) ?? TimeSpan.Zero : TimeSpan.Zero;
        SegmentLister.PeriodOf(facts.Timeline, rendition);
        SegmentList segments = await rendition.Segments.OpenAsync(Sources(options ?? new PresentationOptions()), facts.Timeline.Origin, cancellationToken).ConfigureAwait(false);
        return SegmentLister.List(segments, facts.Timeline, rendition, range, now + ahead);
    }

    /// <summary>Opens what a text names: a path, relative to the working directory, or an address.</summary>
    /// <param name="source">The path or the address (<c>file</c>, <c>http</c>, <c>https</c>).</param>
    /// <param name="options">How; without it, everything by default.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The presentation. Ownership: the caller's.</returns>
    /// <inheritdoc cref="OpenAsync(Uri, PresentationOptions, CancellationToken)" path="/exception"/>
    public ValueTask<Presentation> OpenAsync(string source, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenAsync(MediaSources.AddressOf(source), options, cancellationToken);

    /// <summary>Opens a presentation: finds its tracks and what protects it, chooses a key system, and asks for the licences of the chosen tracks.</summary>
    /// <param name="source">A manifest or an MP4 file: <c>file</c>, <c>http</c> or <c>https</c>; a relative one is a path from the working directory.</param>
    /// <param name="options">How; without it, everything by default.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The presentation. Its licences may still be on their way: reading waits for them. Ownership: the caller's.</returns>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    /// <exception cref="ManifestException">The manifest cannot be read.</exception>
    /// <exception cref="MediaFormatException">A file cannot be read.</exception>
    /// <exception cref="NoKeySystemException">It is protected, and no configured key system opens it.</exception>
    /// <exception cref="LicenseServiceException">
    /// The key system that was asked for cannot start, because its credential is missing or wrong; or the provider's plugin is not there.
    /// </exception>
    /// <exception cref="Plugins.SecretException">A secret of the key system that was asked for is not there.</exception>
    /// <exception cref="ArgumentException">The options name a provider that is not configured, or a token that nothing would use.</exception>
    public async ValueTask<Presentation> OpenAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        source = Absolute(source);
        options ??= new PresentationOptions();
        DateTimeOffset begun = _options.Clock.GetUtcNow();
        using Activity? span = Spans.Open(source);
        try
        {
            return await OpenAsync(source, options, begun, span, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            span.Fail(exception);
            throw;
        }
    }

    /// <summary>The names of the key systems that have been started because content asked for them.</summary>
    public IReadOnlyList<string> StartedKeySystems => _keySystems.Started;

    /// <summary>Starts a key system before content asks for it.</summary>
    /// <param name="name">Its name in the configuration.</param>
    /// <param name="cancellationToken">Ends the wait, not the start.</param>
    /// <returns>A task that ends when it has started.</returns>
    /// <exception cref="LicenseServiceException">It cannot start, or is not there.</exception>
    /// <exception cref="KeywayException">It cannot start, for a reason of its own.</exception>
    public async ValueTask StartKeySystemAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        await _keySystems.StartAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes every session and zeroes every key.</summary>
    /// <returns>A task that ends when all is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        await Licenses.StopAsync().ConfigureAwait(false);
        _meter.Dispose();
        await _sessions.DisposeAsync().ConfigureAwait(false);
        _vault.Dispose();
        _mirror?.Dispose();
    }

    // A relative address is a path from where the process works.
    private static Uri Absolute(Uri source) => source.IsAbsoluteUri ? source : MediaSources.AddressOf(source.OriginalString);

    /// <summary>What it measures.</summary>
    internal EngineMeter Meter => _meter;

    private MediaSources Sources(PresentationOptions options, int? attempts = null) =>
        new(_options.ContentHttp, _options.Clock, _options.Sources with
        {
            Attempts = attempts ?? _options.Sources.Attempts,
            Headers = options.ContentHeaders.Count == 0 ? _options.Sources.Headers : options.ContentHeaders,
            HeadersFor = [.. _options.Sources.HeadersFor, .. options.ContentHeadersFor],
            AllowedOrigins = [.. _options.Sources.AllowedOrigins, .. options.AllowedContentOrigins],
        });

    private ConfiguredProvider? ProviderFor(Uri source, PresentationOptions options)
    {
        string? name = options.Provider ?? _options.Route(source);
        return name is null ? null : ProviderOf(name, nameof(options));
    }

    private ConfiguredProvider ProviderOf(string name, string parameter)
    {
        if (_options.Providers.FirstOrDefault(provider => provider.Service.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } provider) return provider;
        if (_options.AbsentProviders.TryGetValue(name, out string? why))
            throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"the provider '{name}' is not there: {why}");
        string configured = _options.Providers.Count == 0 ? "none" : string.Join(", ", _options.Providers.Select(static each => each.Service.Name));
        throw new ArgumentException($"there is no provider '{name}'; configured are: {configured}", parameter);
    }

    /// <summary>Says what protects a chosen track where that is not Common Encryption: no key system could open it.</summary>
    /// <exception cref="MediaFormatException">One is protected so.</exception>
    private static void RefuseForeignScheme(OpenedContent content)
    {
        foreach (ContentTrack track in content.Tracks)
        {
            if (!track.IsChosen || track.File is not { } file) continue;
            Mp4SampleEntry[] hidden = [.. file.SampleEntries.Where(static entry => entry.SchemeType is not null || entry.Encryption is not null)];
            if (hidden.Length == 0 || hidden.Any(static entry => entry.Scheme != ProtectionScheme.None)) continue;
            throw new MediaFormatException(
                SourceText.Of(content.Origin.Given), new FormatError($"track {file.Id} is protected with {ForeignSchemes.Describe(hidden[0].SchemeType)}: that is not Common Encryption, and no key system opens it", "moov", -1));
        }
    }

    /// <summary>The service of a stored licence.</summary>
    private LicenseService ServiceOf(string name) => name == LicenseService.DirectName
        ? _options.Direct
        : _options.Providers.FirstOrDefault(provider => provider.Service.Name == name)?.Service
            ?? throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"the provider '{name}' of a stored licence is not there{(_options.AbsentProviders.TryGetValue(name, out string? why) ? $": {why}" : "")}");

    private static ContentFacts FactsOf(OpenedContent content, ProtectionMap map, KeySystemSelection selection) => new()
    {
        Source = content.Origin.Given,
        Kind = content.Kind,
        IsDynamic = content.Timeline.Live is not null,
        Duration = content.Timeline.Duration,
        Timeline = content.Timeline,
        Tracks = content.Tracks,
        Protection = map,
        KeySystem = selection,
        Notes = content.Notes,
    };
}
