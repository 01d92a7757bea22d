using System.Globalization;
using System.Runtime.InteropServices;
using System.Xml;
using Keyway.Manifests.Smooth.Model;
using Keyway.Manifests.Smooth.Xml;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Reading;

/// <summary>Reads Smooth Streaming client manifests ([MS-SSTR], 2.2.2).</summary>
/// <remarks>
/// A manifest is not trusted: DTDs are refused, nothing is fetched, size and depth are bounded, runs of fragments stay runs.
/// What is wrong with one stream, or one quality of it, keeps the others from nothing.
/// </remarks>
internal sealed class SmoothManifestReader
{
    public const string Root = "SmoothStreamingMedia";

    private const uint DefaultTimescale = 10_000_000;

    private readonly SmoothCursor _at;
    private readonly string _name;
    private uint _timescale;
    private ulong? _duration;
    private bool _isLive;
    private int _qualities;

    private SmoothManifestReader(SmoothCursor at, string name) => (_at, _name) = (at, name);

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="ManifestException">It is not one, or is larger or deeper than is read.</exception>
    public static SmoothManifest Read(SourceDocument document)
    {
        string name = SourceText.Of(document.Origin.Location);
        if (document.Content.Length > ManifestLimits.Bytes)
            throw new ManifestException(name, new FormatError($"the manifest is larger than {ManifestLimits.Bytes >> 20} MiB", "", -1));
        using MemoryStream stream = MemoryMarshal.TryGetArray(document.Content, out ArraySegment<byte> array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(document.Content.ToArray(), writable: false);
        using SmoothCursor at = new(stream);
        try
        {
            return new SmoothManifestReader(at, name).Read(document.Origin);
        }
        catch (XmlException e)
        {
            throw new ManifestException(name, new FormatError($"this is not well-formed XML: {XmlCursor.Words(e)}", at.Path, -1), e);
        }
    }

    private SmoothManifest Read(ContentOrigin origin)
    {
        _at.MoveToRoot();
        if (_at.Name != Root) throw Refusal($"the root is not a {Root} element", _at.Path);
        if (_at.Attribute("MajorVersion")?.Trim() is { } version && version != "2") throw Refusal($"it has the version {SmoothCursor.Shown(version)}, and 2 is read", _at.Path);
        if (!TryTimescale(DefaultTimescale, out _timescale)) throw Refusal("@TimeScale is not a number of units that a second can have", _at.Path);
        _duration = _at.Number("Duration") is > 0 and var duration ? duration : null;
        _isLive = _at.Attribute("IsLive")?.Trim() is { } live && (live == "1" || live.Equals("true", StringComparison.OrdinalIgnoreCase));
        SmoothManifest manifest = new()
        {
            Origin = origin,
            Timescale = _timescale,
            Duration = _duration,
            IsLive = _isLive,
            LookAhead = _at.Number("LookAheadFragmentCount") ?? _at.Number("LookaheadCount") ?? 0,
            Window = _isLive && _at.Number("DVRWindowLength") is > 0 and var window ? window : null,
        };
        List<SmoothHeader> headers = [];
        List<SmoothStream> streams = [];
        string root = _at.Path;
        _at.Children(() =>
        {
            switch (_at.Name)
            {
                case "Protection":
                    _at.Children(() =>
                    {
                        if (_at.Name != "ProtectionHeader") NoteUnknown();
                        else if (headers.Count == ManifestLimits.Protections) throw Refusal($"more than {ManifestLimits.Protections} protection headers", _at.Path);
                        else headers.Add(SmoothHeaderReader.Read(_at));
                    });
                    break;
                case "StreamIndex":
                    if (streams.Count == SmoothLimits.Streams) throw Refusal($"more than {SmoothLimits.Streams} streams", _at.Path);
                    if (ReadStream() is { } stream) streams.Add(stream);
                    break;
                default:
                    NoteUnknown();
                    break;
            }
        });
        _at.Finish();
        if (!_isLive && _duration is null) _at.NoteAt(root, "it does not say how long it is, nor that it is live; what is listed now is read");
        return manifest with { Headers = headers, Streams = streams, Notes = _at.Notes, LeftOut = _at.LeftOut };
    }

    private void NoteUnknown() => _at.Note("the element is not known, and passed over");

    private bool TryTimescale(uint inherited, out uint timescale)
    {
        timescale = inherited;
        if (_at.Attribute("TimeScale") is not { } text) return true;
        return uint.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out timescale) && timescale > 0;
    }

    private SmoothStream? ReadStream()
    {
        string path = _at.Path, type = _at.Attribute("Type")?.Trim() ?? "";
        if (!TryTimescale(_timescale, out uint timescale))
        {
            _at.NoteLeftOut(path, "@TimeScale is not a number of units that a second can have; the stream is left out");
            return null;
        }

        string? fourCC = _at.Attribute("FourCC");
        SmoothStream stream = new()
        {
            Path = path,
            Kind = type.ToLowerInvariant() switch { "video" => MediaKind.Video, "audio" => MediaKind.Audio, "text" => MediaKind.Text, _ => MediaKind.Other },
            Name = _at.Attribute("Name")?.Trim() is { Length: > 0 } name ? name : type,
            Subtype = _at.Attribute("Subtype")?.Trim() ?? "",
            Language = _at.Attribute("Language")?.Trim(),
            Timescale = timescale,
            Url = _at.Attribute("Url"),
            IsSparse = !string.IsNullOrWhiteSpace(_at.Attribute("ParentStreamIndex")),
        };
        ulong? promised = _at.Number("Chunks");
        List<SmoothQuality> qualities = [];
        UInt128? end = _duration is { } whole ? (UInt128)whole * timescale / _timescale : null;
        ChunkListBuilder chunks = new(_at, end <= ulong.MaxValue ? (ulong)end : null);
        _at.Children(() =>
        {
            switch (_at.Name)
            {
                case "QualityLevel":
                    if (_qualities++ == SmoothLimits.Qualities) throw Refusal($"more than {SmoothLimits.Qualities} quality levels", _at.Path);
                    if (ReadQuality(fourCC) is { } quality) Add(qualities, quality);
                    break;
                case "c":
                    chunks.Add();
                    break;
                default:
                    NoteUnknown();
                    break;
            }
        });
        ChunkRuns listed = chunks.Finish(_isLive);
        if (chunks.Problem is null && !_isLive && !stream.IsSparse) Compare(stream, listed, promised, end);
        return stream with { Qualities = qualities, Chunks = listed, Problem = chunks.Problem };
    }

    /// <summary>Notes where a complete stream has less than it promises.</summary>
    private void Compare(SmoothStream stream, ChunkRuns listed, ulong? promised, UInt128? end)
    {
        if (promised is { } count && count != listed.Count) _at.NoteAt(stream.Path, string.Create(CultureInfo.InvariantCulture, $"@Chunks promises {count} fragments, and {listed.Count} are listed"));
        if (end is not { } whole || listed.IsEmpty || stream.Kind is not (MediaKind.Video or MediaKind.Audio)) return;
        UInt128 length = listed.End - listed.Start;
        if (whole > length && whole > listed.End && whole - length > stream.Timescale && whole - length > listed.Last.Duration)
            _at.NoteAt(stream.Path, string.Create(CultureInfo.InvariantCulture, $"what is listed is {(double)length / stream.Timescale:0.###} s long, and the presentation {(double)whole / stream.Timescale:0.###} s"));
    }

    /// <summary>Adds a quality, unless its addresses are those of another.</summary>
    private void Add(List<SmoothQuality> qualities, SmoothQuality quality)
    {
        if (qualities.Exists(other => other.Bitrate == quality.Bitrate && other.CustomAttributes == quality.CustomAttributes && other.Url == quality.Url))
            _at.NoteLeftOut(quality.Path, "another quality has the same addresses; it is left out");
        else qualities.Add(quality);
    }

    private SmoothQuality? ReadQuality(string? fourCC)
    {
        string path = _at.Path;
        if (_at.Number("Bitrate") is not { } bitrate)
        {
            _at.NoteLeftOut(path, "it has no @Bitrate, which is its name in addresses; it is left out");
            return null;
        }

        SmoothQuality quality = new()
        {
            Path = path,
            Bitrate = bitrate,
            Index = _at.Attribute("Index"),
            FourCC = (_at.Attribute("FourCC") ?? fourCC)?.Trim() ?? "",
            CodecPrivateData = _at.Attribute("CodecPrivateData")?.Trim() ?? "",
            MaxWidth = Small("MaxWidth"),
            MaxHeight = Small("MaxHeight"),
            SamplingRate = Small("SamplingRate"),
            Channels = Small("Channels"),
            AudioTag = Small("AudioTag"),
            NalLengthSize = Small("NALUnitLengthField"),
            FrameRate = _at.Attribute("FrameRate")?.Trim(),
            Url = _at.Attribute("Url"),
        };
        List<string> attributes = [];
        _at.Children(() =>
        {
            if (_at.Name != "CustomAttributes") return;
            _at.Children(() =>
            {
                if (_at.Name != "Attribute") return;
                if (attributes.Count == SmoothLimits.CustomAttributes) throw Refusal($"more than {SmoothLimits.CustomAttributes} custom attributes", _at.Path);
                attributes.Add($"{_at.Attribute("Name")}={_at.Attribute("Value")}");
            });
        });
        return quality with { CustomAttributes = string.Join(',', attributes) };
    }

    private int? Small(string name) => _at.Number(name) is { } value and <= int.MaxValue ? (int)value : null;

    private ManifestException Refusal(string reason, string path) => new(_name, new FormatError(reason, path, -1));
}
