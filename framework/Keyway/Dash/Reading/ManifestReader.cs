using System.Runtime.InteropServices;
using System.Xml;
using Keyway.Dash.Reading;
using Keyway.Dash.Segments;
using Keyway.Dash.Xml;
using Keyway.Sources;

namespace Keyway.Dash;

/// <summary>Reads MPEG-DASH manifests (ISO/IEC 23009-1).</summary>
/// <remarks>
/// A manifest is not trusted: DTDs are refused, nothing is fetched, size and depth are bounded, runs of segments stay runs.
/// What is wrong with the segments of one representation keeps neither the others nor the protection from being read.
/// </remarks>
internal sealed class ManifestReader
{
    /// <summary>The most <c>ContentProtection</c> elements in one place.</summary>
    public const int MostProtections = ManifestLimits.Protections;

    private readonly MpdCursor _at;
    private readonly List<ContentProtection> _protections = [];

    private ManifestReader(MpdCursor at) => _at = at;

    /// <summary>Reads a manifest.</summary>
    /// <param name="document">The manifest and where it came from.</param>
    /// <returns>The manifest.</returns>
    /// <exception cref="ManifestException">It is not one, or is larger or deeper than is read.</exception>
    public static Manifest Read(SourceDocument document) => Read(document, elapsed: null);

    /// <summary>Reads a manifest that replaces a dynamic one.</summary>
    /// <param name="document">The manifest and where it came from.</param>
    /// <param name="elapsed">How much of the presentation is past: of one that has become static and gives no length, this much is there.</param>
    internal static Manifest Read(SourceDocument document, TimeSpan? elapsed) => Read(document.Content, document.Origin, elapsed);

    /// <summary>Reads a manifest.</summary>
    /// <param name="content">Its bytes.</param>
    /// <param name="location">Where it was found.</param>
    /// <returns>The manifest.</returns>
    /// <exception cref="ManifestException">It is not one, or is larger or deeper than is read.</exception>
    public static Manifest Read(ReadOnlyMemory<byte> content, Uri location) => Read(content, ContentOrigin.Of(location), elapsed: null);

    private static Manifest Read(ReadOnlyMemory<byte> content, ContentOrigin origin, TimeSpan? elapsed)
    {
        string name = SourceText.Of(origin.Location);
        if (content.Length > MediaSources.ManifestLimit)
            throw new ManifestException(name, new FormatError($"the manifest is larger than {MediaSources.ManifestLimit >> 20} MiB", "", -1));
        using MemoryStream stream = MemoryMarshal.TryGetArray(content, out ArraySegment<byte> array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(content.ToArray(), writable: false);
        using MpdCursor at = new(stream);
        try
        {
            return new ManifestReader(at).Read(origin, name, elapsed);
        }
        catch (XmlException e)
        {
            throw new ManifestException(name, new FormatError($"this is not well-formed XML: {XmlCursor.Words(e)}", at.Path, -1), e);
        }
    }

    private Manifest Read(ContentOrigin origin, string name, TimeSpan? elapsed)
    {
        _at.MoveToRoot();
        if (_at.Name != "MPD" || !_at.IsDash) throw new ManifestException(name, new FormatError("the root is not an MPD element", _at.Path, -1));
        if (_at.Namespace.Length == 0) _at.Note("the manifest has no namespace");
        Manifest manifest = new()
        {
            Origin = origin,
            IsDynamic = _at.Attribute("type") == "dynamic",
            Profiles = _at.Attribute("profiles"),
            Duration = Duration("mediaPresentationDuration"),
            AvailabilityStart = _at.Attribute("availabilityStartTime") is { } text && MpdValue.TryTime(text, out DateTimeOffset start) ? start : null,
            PublishTime = _at.Attribute("publishTime") is { } published && MpdValue.TryTime(published, out DateTimeOffset publishTime) ? publishTime : null,
            TimeShiftBuffer = Duration("timeShiftBufferDepth"),
            MinimumUpdatePeriod = Duration("minimumUpdatePeriod"),
            SuggestedDelay = Duration("suggestedPresentationDelay"),
        };
        MpdDraft draft = new() { Path = _at.Path };
        ReadLevel(draft, () =>
        {
            switch (_at.Name)
            {
                case "Period":
                    // An element that needs what nobody here can do is to be read as if it were not there (5.8.4.8).
                    PeriodDraft period = ReadPeriod();
                    if (period.Essentials.Unknown is { } scheme) _at.NoteLeftOut(period.Path, $"the period asks for '{Shown(scheme)}', which is not understood; it is ignored");
                    else draft.Periods.Add(period);
                    break;
                case "Location" when draft.Locations.Count < ManifestLimits.Alternatives:
                    draft.Locations.Add(_at.Text());
                    break;
                case "UTCTiming" when draft.UtcTimings.Count < ManifestLimits.Alternatives:
                    draft.UtcTimings.Add(new UtcTiming(_at.Attribute("schemeIdUri") ?? "", _at.Attribute("value") ?? ""));
                    break;
            }
        });
        _at.Finish();
        manifest = manifest with { Locations = draft.Locations, UtcTimings = draft.UtcTimings };
        if (draft.Essentials.Unknown is { } unknown) throw new ManifestException(name, new FormatError($"it asks for '{Shown(unknown)}', which is not understood", draft.Path, -1));
        MpdContext context = new(origin, manifest.IsDynamic, manifest.TimeShiftBuffer, manifest.IsDynamic ? null : elapsed);
        ManifestBuilder builder = new(context, manifest, _at, _protections);
        return manifest with { Periods = builder.Build(draft), ContentProtections = _protections, Notes = _at.Notes, LeftOut = _at.LeftOut, HasRemoteElements = _at.HasRemoteElements };
    }

    private PeriodDraft ReadPeriod()
    {
        PeriodDraft period = new() { Path = _at.Path, Id = _at.Attribute("id"), Start = Duration("start"), Duration = Duration("duration") };
        ReadLevel(period, () =>
        {
            if (_at.Name == "AdaptationSet") period.Sets.Add(ReadSet());
        });
        return period;
    }

    private AdaptationSetDraft ReadSet()
    {
        AdaptationSetDraft set = new()
        {
            Path = _at.Path,
            ContentType = _at.Attribute("contentType"),
            Language = _at.Attribute("lang"),
        };
        ReadCommon(set);
        ReadLevel(set, () =>
        {
            switch (_at.Name)
            {
                case "Representation":
                    set.Representations.Add(ReadRepresentation());
                    break;
                case "Role" when _at.Attribute("schemeIdUri") == MpdNames.RoleScheme && _at.Attribute("value") is { } role:
                    set.Roles.Add(role);
                    break;
                case "ContentComponent":
                    set.ContentType ??= _at.Attribute("contentType");
                    set.Language ??= _at.Attribute("lang");
                    break;
                case "Label":
                    set.Label ??= _at.Text();
                    break;
            }
        });
        return set;
    }

    private RepresentationDraft ReadRepresentation()
    {
        RepresentationDraft representation = new()
        {
            Path = _at.Path,
            Bandwidth = _at.Attribute("bandwidth") is { } text && MpdValue.TryInt64(text, out long bandwidth) && bandwidth > 0 ? bandwidth : 0,
        };
        ReadCommon(representation);
        ReadLevel(representation, static () => { });
        return representation;
    }

    /// <summary>Reads what sets and representations have in common (ISO/IEC 23009-1, 5.3.7).</summary>
    private void ReadCommon(TrackDraft draft)
    {
        draft.Id = _at.Attribute("id");
        draft.MimeType = _at.Attribute("mimeType");
        draft.Codecs = _at.Attribute("codecs");
        draft.Width = _at.Attribute("width");
        draft.Height = _at.Attribute("height");
        draft.FrameRate = _at.Attribute("frameRate");
        draft.AudioSamplingRate = _at.Attribute("audioSamplingRate");
    }

    private void ReadProperty(LevelDraft level)
    {
        bool essential = _at.Name == "EssentialProperty";
        string scheme = _at.Attribute("schemeIdUri")?.Trim() ?? "";
        string? id = _at.Attribute("id");
        bool understood = EssentialProperties.IsUnderstood(scheme);
        if (UrlQuery.IsScheme(scheme) && UrlQuery.Read(_at, out bool concernsSegments) is { } query)
        {
            understood = true;
            if (concernsSegments) level.Query = query;
        }

        if (!essential) return;
        level.IsTrickMode |= scheme == AdaptationSet.TrickModeScheme;
        level.Essentials.Add(id, scheme, understood);
    }

    internal static string Shown(string text) => text.Length <= ManifestLimits.ShownText ? text : string.Concat(text.AsSpan(0, ManifestLimits.ShownText), "…");

    /// <summary>Reads what every level may have, and hands on the rest.</summary>
    private void ReadLevel(LevelDraft level, Action other) => _at.Children(() =>
    {
        if (!_at.IsDash) return;
        switch (_at.Name)
        {
            case "BaseURL":
                // Several are other servers for the same content.
                AvailabilityOffset availability = ReadAvailability(_at);
                if (level.BaseUrls.Count < ManifestLimits.Alternatives) level.BaseUrls.Add(new BaseReference(_at.Text(), availability));
                break;
            case "SegmentTemplate":
                ReadSegments(level, SegmentInfoKind.Template);
                break;
            case "SegmentList":
                ReadSegments(level, SegmentInfoKind.List);
                break;
            case "SegmentBase":
                ReadSegments(level, SegmentInfoKind.Base);
                break;
            case "EssentialProperty" or "SupplementalProperty":
                ReadProperty(level);
                break;
            case "ContentProtection":
                ContentProtection protection = ContentProtectionReader.Read(_at, level.Path);
                if (level.Protections.Count == MostProtections) throw new XmlException($"more than {MostProtections} ContentProtection elements in one place");
                level.Protections.Add(protection);
                _protections.Add(protection);
                break;
            default:
                other();
                break;
        }
    });

    /// <summary>What an element says about segments that are there before they are due.</summary>
    internal static AvailabilityOffset ReadAvailability(MpdCursor at)
    {
        TimeSpan? offset = null;
        if (at.Attribute("availabilityTimeOffset") is { } text && !MpdValue.TryOffset(text, out offset)) at.Note("@availabilityTimeOffset is not a number of seconds");
        return new AvailabilityOffset(offset, at.Attribute("availabilityTimeComplete")?.Trim() switch { "false" or "0" => false, "true" or "1" => true, _ => null });
    }

    private void ReadSegments(LevelDraft level, SegmentInfoKind kind)
    {
        SegmentInfo info = SegmentInfoReader.Read(_at, kind);
        if (level.Segments is null) level.Segments = info;
        else _at.NoteAt(info.Path, "a second way to address segments in one place is left out");
    }

    private TimeSpan? Duration(string name)
    {
        if (_at.Attribute(name) is not { } text) return null;
        if (MpdValue.TryDuration(text, out TimeSpan value)) return value;
        _at.Note($"@{name} is not a duration");
        return null;
    }
}
