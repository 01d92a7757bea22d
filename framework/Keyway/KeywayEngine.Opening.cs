using System.Collections.Frozen;
using System.Diagnostics;
using Keyway.Content;
using Keyway.Diagnostics;
using Keyway.KeyFiles;
using Keyway.Licensing;
using Keyway.Licensing.Origins;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway;

// How a presentation is opened: its content is read once, and its licences are asked for in one way after the other until one is there.
public sealed partial class KeywayEngine
{
    private static readonly IReadOnlyDictionary<string, string> Nothing = FrozenDictionary<string, string>.Empty;

    private async ValueTask<Presentation> OpenAsync(Uri source, PresentationOptions options, DateTimeOffset begun, Activity? span, CancellationToken cancellationToken)
    {
        ConfiguredProvider? provider = ProviderFor(source, options);
        if (options.Token is not null && provider is null)
            throw new ArgumentException("a token was given, and no provider says where it belongs: name a provider whose pipeline has the step 'token'", nameof(options));

        MediaSources sources = Sources(options);
        PresentationId id = PresentationId.Create();
        PresentationKeyFiles keyFiles = KeyFilesOf(id, sources, options, span);
        try
        {
            Opening opening = new(source, options, begun, span, id, sources, keyFiles);
            return await OpenAsync(opening, provider, FallbacksOf(options), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await keyFiles.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The keys of a presentation that are files at an address: sessions of its own, since they are fetched with what was given for its content.</summary>
    private PresentationKeyFiles KeyFilesOf(PresentationId id, MediaSources sources, PresentationOptions options, Activity? span) => new(
        sources,
        transport => _sessions.Join(new KeyRingOptions
        {
            Presentation = id,
            KeySystem = _keyFiles,
            Service = LicenseService.OfContent(KeyFileSystem.Name, transport),
            Trace = span?.Context ?? default,
        }),
        _vault,
        options.Output,
        options.Keys,
        new KeyWaitSettings { Clock = _options.Clock, KeyWait = _options.KeyWait });

    private async ValueTask<Presentation> OpenAsync(Opening opening, ConfiguredProvider? provider, List<Alternative> fallbacks, CancellationToken cancellationToken)
    {
        PresentationOptions options = opening.Options;
        OpenedContent content = await new ContentReader(opening.Sources, opening.KeyFiles).ReadAsync(opening.Source, options.Wishes, everyTrack: false, cancellationToken).ConfigureAwait(false);
        opening.KeyFiles.Origin = content.Origin;
        ProtectionMap map = await _keySystems.ReadHeadersAsync(content.Protection, cancellationToken).ConfigureAwait(false);
        Tell(opening.Id, content, map, _options.Clock.GetUtcNow() - opening.Begun);
        KeyFileChoice choice = KeyFileChoice.Of(content, options);
        RefuseForeignScheme(content);
        KeySystemSelection selection = choice.MayHaveKeySystem
            ? await _keySystems.ChooseAsync(map, isProtected: true, choice.NeedsKeySystem, provider, options.KeySystem, cancellationToken).ConfigureAwait(false)
            : await _keySystems.ChooseAsync(map, isProtected: false, isNeeded: false, provider, options.KeySystem, cancellationToken).ConfigureAwait(false);
        selection = choice.Restrict(selection, map, system: null);
        Licenses.ReleasePendingInBackground();
        LicenseWay way = new(selection, provider?.Service ?? _options.Direct, options.LicenseUrl, HasOwn: true);
        if (selection.Chosen is null || fallbacks.Count == 0) return await AskAsync(opening, content, map, choice, way, [], cancellationToken).ConfigureAwait(false);

        LicenseWays ways = new();
        ways.TryBegin(way.KeySystem, way.Service.Name, way.Where);
        Queue<Alternative> rest = new(fallbacks);
        while (true)
        {
            Presentation presentation = await AskAsync(
                opening, content, map, choice, way, [.. ways.Failed, new LicenseAttempt { KeySystem = way.KeySystem, Provider = way.Service.Name }], cancellationToken).ConfigureAwait(false);
            LicenseWay? next;
            try
            {
                await presentation.AcquireLicensesAsync(isPatient: rest.Count == 0, cancellationToken).ConfigureAwait(false);
                return presentation;
            }
            catch (KeyUnavailableException exception) when (LicenseWays.IsFailure(exception))
            {
                // Before another way is looked for, so that nothing is left of this one however that ends.
                await presentation.AbandonAsync().ConfigureAwait(false);
                ways.Fail(way.KeySystem, way.Service.Name, way.Where, exception);
                next = await NextAsync(opening, map, choice, ways, rest, provider, cancellationToken).ConfigureAwait(false);
                if (next is null) throw ways.ToException();
                _fallbacks.Publish(new FallbackTaken
                {
                    Presentation = opening.Id,
                    FromKeySystem = way.KeySystem,
                    FromProvider = way.Service.Name,
                    Kind = ways.Failed.Last().Failure!.Value,
                    ToKeySystem = next.KeySystem,
                    ToProvider = next.Service.Name,
                });
            }
            catch (KeyUnavailableException)
            {
                // There is a licence, and it does not allow this sink: who reads is told so.
                return presentation;
            }
            catch
            {
                await presentation.AbandonAsync().ConfigureAwait(false);
                throw;
            }

            way = next;
        }
    }

    // Who asks for the oldest segment of the window gets it a little later than it was in it.
    private static TimeSpan Retention(LiveTiming live) => live.TimeShiftBuffer is { } window && window < LicenseLimits.KeptForWindow ? window + LicenseLimits.KeptBeyondWindow : LicenseLimits.KeptForWindow;

    private void Tell(PresentationId id, OpenedContent content, ProtectionMap map, TimeSpan took)
    {
        _options.Bus.Publisher<ContentRead>().Publish(new ContentRead
        {
            Presentation = id,
            Kind = content.Kind.ToString(),
            Tracks = content.Tracks.Count,
            Headers = map.Headers.Count,
            Conflicts = map.Conflicts.Count,
            Took = took,
        });
        IPublisher<ProtectionHeaderFound> found = _options.Bus.Publisher<ProtectionHeaderFound>();
        foreach (ProtectionEntry header in map.Headers)
            found.Publish(new ProtectionHeaderFound { Presentation = id, System = header.System, Place = header.Sources.Count > 0 ? header.Sources[0].Path : "", Keys = header.KeyIds.Count, Length = header.Data.Length });
    }

    /// <summary>What there is to fall back on, with the providers that are meant.</summary>
    /// <exception cref="ArgumentException">The options name one that is not configured.</exception>
    private List<Alternative> FallbacksOf(PresentationOptions options)
    {
        List<Alternative> fallbacks = [];
        foreach (LicenseFallback entry in options.Fallback ?? _options.Fallback)
        {
            // What is configured for all does not replace what the caller names for this one.
            bool isConfigured = options.Fallback is null;
            if (isConfigured && options.KeySystem is { } system && !system.Equals(entry.KeySystem ?? system, StringComparison.OrdinalIgnoreCase)) continue;
            if (isConfigured && options.Provider is { } named && !named.Equals(entry.Provider ?? named, StringComparison.OrdinalIgnoreCase)) continue;
            if (entry.KeySystem is { } name && !_options.KeySystems.Any(each => each.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                throw new ArgumentException($"there is no key system '{name}' to fall back on; configured are: {string.Join(", ", _options.KeySystems.Select(static each => each.Name))}", nameof(options));
            // One whose plugin is not there is passed over when its turn comes.
            if (entry.Provider is { } absent && _options.AbsentProviders.ContainsKey(absent)) continue;
            bool isDirect = entry.Provider?.Equals(LicenseService.DirectName, StringComparison.OrdinalIgnoreCase) == true;
            fallbacks.Add(new Alternative(entry, entry.Provider is null || isDirect ? null : ProviderOf(entry.Provider, nameof(options))));
        }

        return fallbacks;
    }

    /// <summary>The next way that could mend what has failed, and has not been tried; <see langword="null"/>: there is none.</summary>
    private async ValueTask<LicenseWay?> NextAsync(
        Opening opening, ProtectionMap map, KeyFileChoice choice, LicenseWays ways, Queue<Alternative> rest, ConfiguredProvider? first, CancellationToken cancellationToken)
    {
        PresentationOptions options = opening.Options;
        while (rest.TryDequeue(out Alternative? next))
        {
            ConfiguredProvider? provider = next.Entry.Provider is null ? first : next.Provider;
            bool isSame = next.Entry.LicenseUrl is null && provider?.Service == first?.Service;
            KeySystemSelection selection = choice.Restrict(
                await _keySystems.SelectAsync(map, provider, next.Entry.KeySystem ?? options.KeySystem, mustStart: false, cancellationToken).ConfigureAwait(false), map, system: null);
            if (selection.Chosen is not { KeySystem: not null }) continue;
            LicenseWay way = new(Explained(selection, ways), provider?.Service ?? _options.Direct, next.Entry.LicenseUrl ?? (isSame ? options.LicenseUrl : null), isSame);
            if (ways.MayMend(way.KeySystem, way.Service.Name, way.Where) && ways.TryBegin(way.KeySystem, way.Service.Name, way.Where)) return way;
        }

        return null;
    }

    /// <summary>A choice, with why those before it did not do.</summary>
    private static KeySystemSelection Explained(KeySystemSelection selection, LicenseWays ways)
    {
        ILookup<string, LicenseAttempt> failed = ways.Failed.ToLookup(static each => each.KeySystem, StringComparer.OrdinalIgnoreCase);
        return selection with
        {
            Reason = $"{selection.Reason}; it is tried after {string.Join(", ", ways.Failed.Select(static each => $"{each.KeySystem} of {each.Provider}"))}",
            Others = [.. selection.Others.Select(other => failed[other.Name].LastOrDefault() is { } attempt ? other with { Reason = attempt.Message ?? other.Reason } : other)],
        };
    }

    /// <summary>Makes a presentation, and has its licences asked for in one way.</summary>
    private async ValueTask<Presentation> AskAsync(
        Opening opening, OpenedContent content, ProtectionMap map, KeyFileChoice choice, LicenseWay way, IReadOnlyList<LicenseAttempt> attempts, CancellationToken cancellationToken)
    {
        (PresentationOptions options, PresentationId id, Activity? span) = (opening.Options, opening.Id, opening.Span);
        KeySystemSelection selection = way.Selection;
        span?.SetTag(Tags.Presentation, id.ToString()).SetTag(Tags.Provider, way.Service.Name).SetTag(Tags.KeySystem, selection.Chosen?.Name);
        KeyRingSession? ring = null;
        if (selection.Chosen?.KeySystem is { } system)
        {
            // What the caller gave for one provider goes to no other.
            ring = _sessions.Join(new KeyRingOptions
            {
                Presentation = id,
                KeySystem = system,
                Service = way.Service,
                LicenseUrl = way.Url,
                ContentUrls = Hints(map, system.Descriptor),
                ContentHost = content.Origin.Location.IsFile ? null : content.Origin.Location.IdnHost,
                RequestHeaders = way.HasOwn ? options.LicenseHeaders : Nothing,
                CustomData = way.HasOwn ? options.CustomData : null,
                ServerCertificate = way.HasOwn && attempts.Count <= 1 ? options.ServerCertificate : default,
                Values = way.HasOwn ? options.Values : Nothing,
                Tokens = way.HasOwn ? options.Token : null,
                Kind = options.Kind,
                SharingScope = options.SharingScope,
                Trace = span?.Context ?? default,
            });
        }

        Presentation presentation = new(new PresentationSetup
        {
            Id = id,
            Options = options,
            Facts = FactsOf(content, map, choice.Restrict(selection, map, _keyFiles)),
            Content = content,
            Sources = opening.Sources,
            Provider = way.Service.Name,
            Attempts = attempts,
            Keys = ring is null ? null : new PresentationLicenses(ring, Only(options.OnlyKeys, HeadersOf(content, map, selection)), new KeyWaitSettings
            {
                Clock = _options.Clock,
                KeyWait = _options.KeyWait,
                Spread = _options.RequestSpread,
                Random = _options.Random,
                Only = options.OnlyKeys?.ToHashSet(),
                IsLive = content.Timeline.Live is not null,
                Retention = options.KeepsKeysOfWindow && content.Timeline.Live is { } live ? Retention(live) : TimeSpan.Zero,
            })
            {
                Found = _options.Bus.Publisher<ProtectionHeaderFound>(),
                Refused = _options.Bus.Publisher<KeyRefused>(),
                Presentation = id,
            },
            KeyFiles = opening.KeyFiles,
            Vault = _vault,
            Decrypted = _options.Bus.Publisher<FragmentDecrypted>(),
            Clock = _options.Clock,
            First = new FirstDecrypt(id, _options.Clock, opening.Begun, span?.Context ?? default, _meter),
            MaxParallelFragments = _options.MaxParallelFragments,
        });
        try
        {
            await presentation.AskAsync(cancellationToken).ConfigureAwait(false);
            return presentation;
        }
        catch
        {
            await presentation.AbandonAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The headers to ask with. Where no track names a key, and so nothing else says which are needed, those of the tracks that are played.</summary>
    private static IReadOnlyList<ProtectionHeader> HeadersOf(OpenedContent content, ProtectionMap map, KeySystemSelection selection)
    {
        if (content.Tracks.Any(static track => track.IsChosen && track.KeyIds.Any(static id => id != default))) return selection.Headers;
        HashSet<string> played = [.. content.Periods.SelectMany(static row => row.Tracks).OfType<TrackPeriod>().Select(static period => period.Rendition.Path)];
        List<ProtectionEntry> entries = [.. map.Headers.Where(entry => entry.Tracks.Count == 0 || entry.Tracks.Any(played.Contains))];
        List<ProtectionHeader> headers =
        [
            .. selection.Headers.Where(header => entries.Exists(entry =>
                entry.System == header.System && entry.Data.Span.SequenceEqual(header.Data.Span) && entry.BoxKeyIds.All(header.KeyIds.Contains))),
        ];
        return headers.Count > 0 ? headers : selection.Headers;
    }

    /// <summary>The headers to ask with where only some keys are wanted: those that name one of them; where none does, those that name no key.</summary>
    private static IReadOnlyList<ProtectionHeader> Only(IReadOnlyList<KeyId>? keys, IReadOnlyList<ProtectionHeader> headers)
    {
        if (keys is null) return headers;
        ProtectionHeader[] naming = [.. headers.Where(header => header.KeyIds.Any(keys.Contains))];
        return naming.Length > 0 ? naming : [.. headers.Where(static header => header.KeyIds.Count == 0)];
    }

    private static List<LicenseUrlHint> Hints(ProtectionMap map, KeySystemDescriptor system) =>
    [
        .. map.LicenseUrls
            .Where(url => url.System is not { } named || system.Systems.Contains(named))
            .OrderBy(static url => url.System is null ? 1 : 0)
            .Select(static url => new LicenseUrlHint(url.Url, url.Source.Path)),
    ];

    /// <summary>What a presentation is opened with, whichever way its licences come.</summary>
    private sealed record Opening(Uri Source, PresentationOptions Options, DateTimeOffset Begun, Activity? Span, PresentationId Id, MediaSources Sources, PresentationKeyFiles KeyFiles);

    /// <summary>Something to fall back on, and the provider that it names.</summary>
    private sealed record Alternative(LicenseFallback Entry, ConfiguredProvider? Provider);

    /// <summary>A way to a licence.</summary>
    /// <param name="Selection">The key system.</param>
    /// <param name="Service">Whom to ask.</param>
    /// <param name="Url">Where, as the caller says.</param>
    /// <param name="HasOwn">Whether what the caller gave for its provider goes along.</param>
    private sealed record LicenseWay(KeySystemSelection Selection, LicenseService Service, Uri? Url, bool HasOwn)
    {
        public string KeySystem => Selection.Chosen!.Name;

        /// <summary>Where it asks, so that the same place is the same way however it is named; <see langword="null"/>: where the provider says by itself.</summary>
        public Uri? Where => Url is not null && Service.Endpoints.GetValueOrDefault(KeySystem) == Url ? null : Url;
    }
}
