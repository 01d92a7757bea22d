using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Text;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Reads a playlist of variants (RFC 8216bis, 4.4.6).</summary>
internal sealed class MultivariantReader(PlaylistText text)
{
    private readonly List<StreamTag> _streams = [];
    private readonly List<MediaTag> _media = [];
    private readonly List<KeyTag> _keys = [];
    private readonly List<SessionData> _data = [];
    private readonly CommonTags _common = new(text, isMedia: false);
    private (PlaylistLine Line, AttributeList Attributes)? _open;

    /// <summary>Reads it from its first line.</summary>
    /// <exception cref="ManifestException">It cannot be understood.</exception>
    public MultivariantPlaylist Read()
    {
        while (text.TryNext(out PlaylistLine line, out ReadOnlySpan<char> value))
        {
            if (_common.TryTake(line, value)) continue;
            if (_open is { } open && line.Tag is PlaylistTags.StreamInf) throw text.Broken(open.Line, "no address follows the variant");
            switch (line.Tag)
            {
                case "":
                    TakeAddress(line, value);
                    break;
                case PlaylistTags.StreamInf:
                    _open = (line, AttributeList.Read(text, line, value));
                    break;
                case PlaylistTags.IFrameStreamInf:
                    TakeOwnAddress(line, value, StreamKind.IFrames);
                    break;
                case PlaylistTags.ImageStreamInf:
                    TakeOwnAddress(line, value, StreamKind.Images);
                    break;
                case PlaylistTags.Media:
                    TakeMedia(line, value);
                    break;
                case PlaylistTags.SessionKey:
                    TakeKey(line, value);
                    break;
                case PlaylistTags.SessionData:
                    TakeData(line, value);
                    break;
            }
        }

        if (_open is { } last) throw text.Broken(last.Line, "no address follows the variant");
        return new MultivariantPlaylist
        {
            Origin = text.Origin,
            Name = text.Name,
            Version = _common.Version,
            Start = _common.Start,
            Variables = text.Variables,
            Streams = _streams,
            Media = _media,
            SessionKeys = _keys,
            Data = _data,
            Notes = text.Notes,
        };
    }

    private void TakeAddress(PlaylistLine line, ReadOnlySpan<char> value)
    {
        if (_open is not { } open)
        {
            text.Note(line, "an address that no variant stands before; it is ignored");
            return;
        }

        _open = null;
        Add(Stream(open.Line, open.Attributes, StreamKind.Variant, text.Resolve(line, text.Variables.Expand(line, value))));
    }

    private void TakeOwnAddress(PlaylistLine line, ReadOnlySpan<char> value, StreamKind kind)
    {
        AttributeList attributes = AttributeList.Read(text, line, value);
        if (attributes.Text("URI") is { Length: > 0 } address) Add(Stream(line, attributes, kind, text.Resolve(line, address)));
        else text.Note(line, "URI is missing; it is left out");
    }

    private void Add(StreamTag stream)
    {
        if (_streams.Count == HlsLimits.Streams) throw text.Broken(stream.Line, $"there are more than {HlsLimits.Streams} variants");
        _streams.Add(stream);
    }

    private StreamTag Stream(PlaylistLine line, AttributeList attributes, StreamKind kind, Uri address)
    {
        ulong? bandwidth = attributes.Number("BANDWIDTH"), average = attributes.Number("AVERAGE-BANDWIDTH");
        if (bandwidth is null) text.Note(line, "BANDWIDTH is missing");
        int? width = null, height = null;
        if (attributes.Text("RESOLUTION") is { } resolution)
        {
            if (PlaylistValue.TryResolution(resolution, out int across, out int down)) (width, height) = (across, down);
            else text.Note(line, "RESOLUTION is not WIDTHxHEIGHT");
        }

        return new StreamTag
        {
            Line = line,
            Kind = kind,
            Address = address,
            Bandwidth = (long)Math.Min(bandwidth ?? 0, long.MaxValue),
            AverageBandwidth = average is { } mean ? (long)Math.Min(mean, long.MaxValue) : null,
            Codecs = attributes.Text("CODECS")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
            SupplementalCodecs = attributes.Text("SUPPLEMENTAL-CODECS"),
            Width = width,
            Height = height,
            FrameRate = attributes.Text("FRAME-RATE"),
            Audio = attributes.Text("AUDIO"),
            Video = attributes.Text("VIDEO"),
            Subtitles = attributes.Text("SUBTITLES"),
            ClosedCaptions = attributes.Text("CLOSED-CAPTIONS"),
            HdcpLevel = attributes.Text("HDCP-LEVEL"),
            AllowedCpc = attributes.Text("ALLOWED-CPC"),
            VideoRange = attributes.Text("VIDEO-RANGE"),
            VideoLayout = attributes.Text("REQ-VIDEO-LAYOUT"),
            StableId = attributes.Text("STABLE-VARIANT-ID"),
            PathwayId = attributes.Text("PATHWAY-ID"),
            Score = attributes.Text("SCORE"),
        };
    }

    private void TakeMedia(PlaylistLine line, ReadOnlySpan<char> value)
    {
        AttributeList attributes = AttributeList.Read(text, line, value);
        string? type = attributes.Text("TYPE"), group = attributes.Text("GROUP-ID"), address = attributes.Text("URI");
        MediaKind kind = type switch
        {
            "AUDIO" => MediaKind.Audio,
            "VIDEO" => MediaKind.Video,
            "SUBTITLES" => MediaKind.Text,
            "CLOSED-CAPTIONS" => MediaKind.Other,
            _ => MediaKind.None,
        };
        if (kind == MediaKind.None || group is not { Length: > 0 } || (kind == MediaKind.Text && address is not { Length: > 0 }))
        {
            string what = kind == MediaKind.None ? type is null ? "TYPE is missing" : "TYPE is not known" : group is not { Length: > 0 } ? "GROUP-ID is missing" : "subtitles without URI";
            text.Note(line, $"{what}; the rendition is left out");
            return;
        }

        if (attributes.Text("NAME") is not { Length: > 0 }) text.Note(line, "NAME is missing");
        if (kind == MediaKind.Other && address is not null) text.Note(line, "closed captions have no URI; it is ignored");
        if (_media.Count == HlsLimits.Streams) throw text.Broken(line, $"there are more than {HlsLimits.Streams} renditions");
        _media.Add(new MediaTag
        {
            Line = line,
            Kind = kind,
            Group = group,
            Name = attributes.Text("NAME") ?? "",
            Address = kind != MediaKind.Other && address is { Length: > 0 } ? text.Resolve(line, address) : null,
            Language = attributes.Text("LANGUAGE"),
            IsDefault = attributes.Flag("DEFAULT"),
            IsAutoSelect = attributes.Flag("AUTOSELECT"),
            IsForced = attributes.Flag("FORCED"),
            Characteristics = attributes.Text("CHARACTERISTICS")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
            Channels = attributes.Text("CHANNELS"),
            SampleRate = attributes.Text("SAMPLE-RATE"),
            StableId = attributes.Text("STABLE-RENDITION-ID"),
        });
    }

    private void TakeKey(PlaylistLine line, ReadOnlySpan<char> value)
    {
        KeyTag tag = KeyTagReader.Read(text, line, value);
        if (tag.Method == KeyMethod.None) text.Note(line, "METHOD=NONE has no place here; it is ignored");
        else if (_keys.Count == HlsLimits.Keys) throw text.Broken(line, $"there are more than {HlsLimits.Keys} keys");
        else _keys.Add(tag);
    }

    private void TakeData(PlaylistLine line, ReadOnlySpan<char> value)
    {
        AttributeList attributes = AttributeList.Read(text, line, value);
        string? id = attributes.Text("DATA-ID"), said = attributes.Text("VALUE"), address = attributes.Text("URI");
        if (id is not { Length: > 0 } || said is null == address is null) text.Note(line, "it must have DATA-ID, and VALUE or URI; it is ignored");
        else if (_data.Count < HlsLimits.Others) _data.Add(new SessionData(id, said, address, attributes.Text("LANGUAGE")));
    }
}
