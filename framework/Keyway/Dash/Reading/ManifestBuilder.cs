using Keyway.Dash.Segments;
using Keyway.Dash.Xml;
using Keyway.Timeline;

namespace Keyway.Dash.Reading;

/// <summary>Turns what was written into what it means: times of periods, inheritance, references.</summary>
internal sealed class ManifestBuilder(MpdContext context, Manifest manifest, MpdCursor at, List<ContentProtection> all)
{
    private readonly Dictionary<string, ContentProtection> _byRefId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ContentProtection> _resolved = new(StringComparer.Ordinal);

    public IReadOnlyList<Period> Build(MpdDraft mpd)
    {
        ResolveReferences();
        List<ContentProtection> inherited = Inheritable(mpd, []);
        BaseAddress address = mpd.AddressUnder(BaseAddress.Root);
        List<Period> periods = [];
        TimeSpan? next = TimeSpan.Zero;
        for (int i = 0; i < mpd.Periods.Count; i++)
        {
            PeriodDraft draft = mpd.Periods[i];

            // Start: said; or where the last one ends; or 0 for the first of a static manifest (5.3.2.1).
            TimeSpan? start = draft.Start ?? (i == 0 && context.IsDynamic ? null : next);
            TimeSpan? until = i + 1 < mpd.Periods.Count ? mpd.Periods[i + 1].Start : manifest.Duration;
            TimeSpan? duration = draft.Duration ?? (until - start is { } length && length >= TimeSpan.Zero ? length : null);
            if (draft.Duration is null && until < start) at.NoteAt(draft.Path, "the period ends before it begins");
            next = Add(start, duration);
            periods.Add(Build(draft, start, duration, inherited, draft.AddressUnder(address), mpd.Segments));
        }

        if (periods.Count == 0) at.NoteAt(mpd.Path, "the manifest has no periods");
        return periods;
    }

    private Period Build(PeriodDraft draft, TimeSpan? start, TimeSpan? duration, List<ContentProtection> inherited, BaseAddress address, SegmentInfo? outer)
    {
        inherited = Inheritable(draft, inherited);
        SegmentInfo? segments = draft.Segments?.Over(outer) ?? outer;
        DateTimeOffset? wall = Add(manifest.AvailabilityStart, start ?? (draft.Path.EndsWith("[0]", StringComparison.Ordinal) ? TimeSpan.Zero : null));
        return new Period
        {
            Path = draft.Path,
            Id = draft.Id,
            Start = start,
            Duration = duration,
            AdaptationSets = [.. draft.Sets.Select(set => Build(set, start, duration, wall, inherited, set.AddressUnder(address), set.Segments?.Over(segments) ?? segments))],
        };
    }

    private AdaptationSet Build(AdaptationSetDraft draft, TimeSpan? start, TimeSpan? duration, DateTimeOffset? wall, List<ContentProtection> inherited, BaseAddress address, SegmentInfo? segments)
    {
        IReadOnlyList<ContentProtection> protections = Inherit(draft, inherited);
        MediaKind kind = KindOf(draft.ContentType, draft.MimeType, draft.Codecs);
        string? unknown = Unknown(draft, null);
        TimeSpan? there = duration is null && context.Elapsed is { } elapsed && elapsed > (start ?? TimeSpan.Zero) ? elapsed - (start ?? TimeSpan.Zero) : null;
        List<Representation> representations = [];
        foreach (RepresentationDraft each in draft.Representations)
        {
            string? mime = each.MimeType ?? draft.MimeType, codecs = each.Codecs ?? draft.Codecs;
            MediaKind own = kind != MediaKind.None ? kind : KindOf(null, mime, codecs);
            representations.Add(new Representation
            {
                Path = each.Path,
                Id = each.Id ?? "",
                Kind = own,
                Bandwidth = each.Bandwidth,
                Width = MpdValue.Int32(each.Width ?? draft.Width),
                Height = MpdValue.Int32(each.Height ?? draft.Height),
                FrameRate = each.FrameRate ?? draft.FrameRate,
                AudioSamplingRate = each.AudioSamplingRate ?? draft.AudioSamplingRate,
                Codecs = codecs,
                MimeType = mime,
                Language = draft.Language,
                ContentProtections = Inherit(each, protections),
                UnknownEssential = Unknown(each, unknown),
                Segments = new RepresentationSegments(
                    context, each.Segments?.Over(segments) ?? segments, each.AddressUnder(address), each.Path, each.Id ?? "", each.Bandwidth, duration, wall, there),
            });
        }

        return new AdaptationSet
        {
            Path = draft.Path,
            Id = draft.Id,
            Kind = kind != MediaKind.None || representations.Count == 0 ? kind : representations[0].Kind,
            Language = draft.Language,
            Label = draft.Label,
            Roles = draft.Roles,
            IsTrickMode = draft.IsTrickMode || (draft.Representations.Count > 0 && draft.Representations.TrueForAll(static each => each.IsTrickMode)),
            ContentProtections = protections,
            Representations = representations,
        };
    }

    private string? Unknown(TrackDraft draft, string? outer)
    {
        if (draft.Essentials.Unknown is not { } scheme) return outer;
        at.NoteLeftOut(draft.Path, $"it asks for '{ManifestReader.Shown(scheme)}', which is not understood; it is ignored");
        return scheme;
    }

    // An element with @ref takes over what the one with that @refId says. One step only: a chain of references has no meaning.
    private void ResolveReferences()
    {
        foreach (ContentProtection protection in all)
            if (protection.RefId is { } id) _byRefId.TryAdd(id, protection);
        for (int i = 0; i < all.Count; i++)
        {
            if (all[i].Ref is not { } reference) continue;
            if (_byRefId.TryGetValue(reference, out ContentProtection? referred) && !ReferenceEquals(referred, all[i]))
                _resolved[all[i].Path] = all[i] = ContentProtectionReader.Over(all[i], referred);
            else at.NoteAt(all[i].Path, "@ref names no ContentProtection element");
        }
    }

    private ContentProtection Resolved(ContentProtection protection) => _resolved.GetValueOrDefault(protection.Path, protection);

    // Above the sets an element with @refId is a definition, which protects only what refers to it.
    private List<ContentProtection> Inheritable(LevelDraft level, List<ContentProtection> outer) =>
        level.Protections.Count == 0 ? outer : [.. Inherit(level, outer).Where(static protection => protection.RefId is null)];

    private IReadOnlyList<ContentProtection> Inherit(LevelDraft level, IReadOnlyList<ContentProtection> outer)
    {
        if (level.Protections.Count == 0) return outer;
        List<ContentProtection> own = [.. level.Protections.Select(Resolved)];
        HashSet<string> named = new(own.Select(static protection => protection.SchemeIdUri), StringComparer.OrdinalIgnoreCase);
        own.AddRange(outer.Where(protection => !named.Contains(protection.SchemeIdUri)));
        return own;
    }

    private static MediaKind KindOf(string? contentType, string? mimeType, string? codecs)
    {
        string name = contentType ?? mimeType?.Split('/')[0] ?? "";
        switch (name.Trim().ToLowerInvariant())
        {
            case "video": return MediaKind.Video;
            case "audio": return MediaKind.Audio;
            case "text": return MediaKind.Text;
            case "image": return MediaKind.Image;
            case "application" when mimeType!.Contains("ttml", StringComparison.OrdinalIgnoreCase) || IsText(codecs): return MediaKind.Text;
            case "": return IsText(codecs) ? MediaKind.Text : MediaKind.None;
            default: return MediaKind.Other;
        }
    }

    private static bool IsText(string? codecs) =>
        codecs is not null && (codecs.StartsWith("stpp", StringComparison.OrdinalIgnoreCase) || codecs.StartsWith("wvtt", StringComparison.OrdinalIgnoreCase));

    private static TimeSpan? Add(TimeSpan? start, TimeSpan? length) =>
        start is { } from && length is { } more && from <= TimeSpan.MaxValue - more ? from + more : null;

    private static DateTimeOffset? Add(DateTimeOffset? start, TimeSpan? length) =>
        start is { } from && length is { } more && more <= DateTimeOffset.MaxValue - from ? from + more : null;
}
