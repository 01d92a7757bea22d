using Keyway.Dash.Reading;
using Keyway.Dash.Xml;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Dash;

/// <summary>Reads a manifest again, from where it says that it has moved to, and asks the clocks that it names.</summary>
internal sealed class DashSource(MediaSources sources, Manifest manifest) : ITimelineSource
{
    public async ValueTask<PresentationTimeline> RefreshAsync(TimeSpan? elapsed, Action<string> note, CancellationToken cancellationToken)
    {
        SourceDocument document = await FetchAsync(note, cancellationToken).ConfigureAwait(false);
        Manifest next = await ManifestLoader.LoadAsync(sources, document, elapsed, cancellationToken).ConfigureAwait(false);
        if (!next.IsDynamic && manifest.IsDynamic && next.Periods is [.., { Duration: null }])
            note("the manifest became static and does not say how long it is; what was there by then is read");
        return DashTimeline.Of(next, document.ServerAhead, new DashSource(sources, next));
    }

    /// <summary>Asks the first source of the time that may be asked and answers (ISO/IEC 23009-1, 5.8.4.11).</summary>
    public async ValueTask<TimeSpan?> ReadClockAsync(TimeProvider clock, DateTimeOffset opened, Action<string> note, CancellationToken cancellationToken)
    {
        const string Schemes = "urn:mpeg:dash:utc:";
        foreach (UtcTiming timing in manifest.UtcTimings)
        {
            // Named with the year of its edition: :2012, :2014.
            string scheme = timing.SchemeIdUri.Trim();
            string kind = scheme.StartsWith(Schemes, StringComparison.OrdinalIgnoreCase) ? scheme[Schemes.Length..].Split(':')[0].ToLowerInvariant() : "";
            if (kind == "direct")
            {
                if (!MpdValue.TryTime(timing.Value, out DateTimeOffset said)) continue;
                return said - opened;
            }

            if (kind is not ("http-head" or "http-iso" or "http-xsdate")) continue;
            foreach (string address in timing.Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                if (!Uri.TryCreate(manifest.Origin.Location, address, out Uri? target)) continue;
                try
                {
                    DateTimeOffset time = await sources.ReadTimeAsync(manifest.Origin, target, kind == "http-head", cancellationToken).ConfigureAwait(false);
                    return time - clock.GetUtcNow();
                }
                catch (SourceException exception)
                {
                    note($"UTCTiming: {exception.Message}");
                }
            }
        }

        return null;
    }

    /// <summary>From where it says that it has moved to; else from where the caller said.</summary>
    private async ValueTask<SourceDocument> FetchAsync(Action<string> note, CancellationToken cancellationToken)
    {
        ContentOrigin origin = manifest.Origin;
        foreach (string location in manifest.Locations)
        {
            if (!Uri.TryCreate(origin.Location, location.Trim(), out Uri? target)) continue;
            if (origin.Location.Scheme == Uri.UriSchemeHttps && target.Scheme != Uri.UriSchemeHttps)
            {
                note($"Location: {SourceText.Of(target)} is not https, and is not followed");
                continue;
            }

            if (!origin.TryAllow(target, out string reason))
            {
                note($"Location: {SourceText.Of(target)} is not followed: {reason}");
                continue;
            }

            try
            {
                return await sources.ReadManifestAsync(origin, target, cancellationToken).ConfigureAwait(false);
            }
            catch (SourceException exception)
            {
                note($"Location: {exception.Message}");
            }
        }

        return await sources.ReadManifestAsync(origin, origin.Given, cancellationToken).ConfigureAwait(false);
    }
}
