using System.Buffers;
using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Text;
using Keyway.Sources;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Reads a playlist of segments (RFC 8216bis, 4.4.3 to 4.4.5).</summary>
/// <param name="text">Its text.</param>
/// <param name="previous">The last whole copy, for an update that leaves out what stands there.</param>
internal sealed class MediaPlaylistReader(PlaylistText text, MediaPlaylist? previous)
{
    private static readonly SearchValues<char> PlainLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private readonly CommonTags _common = new(text, isMedia: true);
    private readonly List<HlsSegment> _segments = [];
    private readonly List<KeyTag> _allKeys = [];
    private readonly List<DateRange> _dateRanges = [];
    private readonly List<PreloadHint> _hints = [];
    private readonly List<RenditionReport> _reports = [];
    private readonly List<PlayReadyTag> _playReady = [];
    private readonly Dictionary<string, PlaylistLine> _once = new(StringComparer.Ordinal);

    // In force until they are replaced.
    private KeyScope _keys = new([]);
    private MapTag? _map;

    // Of the next segment.
    private TimeSpan? _duration;
    private PlaylistLine _durationLine;
    private (PlaylistLine Line, long Length, long? Offset)? _bytes;
    private bool _isDiscontinuity;
    private bool _isGap;
    private DateTimeOffset? _time;
    private List<PartTag> _parts = [];
    private int _partCount;

    private TimeSpan? _target;
    private ulong _firstNumber;
    private ulong _firstDiscontinuity;
    private string? _type;
    private TimeSpan? _partTarget;
    private ServerControl? _control;
    private PlaylistLine? _unmerged;
    private TimeSpan _total;

    /// <summary>Reads it from its first line.</summary>
    /// <exception cref="ManifestException">It cannot be understood.</exception>
    public MediaPlaylist Read()
    {
        while (text.TryNext(out PlaylistLine line, out ReadOnlySpan<char> value))
        {
            if (_common.TryTake(line, value) || TryTakeOfSegment(line, value)) continue;
            if (line.Tag is not (PlaylistTags.PreloadHint or PlaylistTags.RenditionReport or PlaylistTags.DateRange) && !_once.TryAdd(line.Tag, line))
                throw text.Broken(line, $"the tag stands there twice: first at {_once[line.Tag]}");
            TakeOfPlaylist(line, value);
        }

        if (_duration is not null) throw text.Broken(_durationLine, "no address follows: the playlist ends within a segment");
        if (_target is not { } target) throw text.Broken(default, $"{PlaylistTags.TargetDuration} is missing");
        if (_firstNumber > ulong.MaxValue - HlsLimits.Segments) throw text.Broken(_once[PlaylistTags.MediaSequence], "the numbers of its segments are larger than 64 bits");
        if (_firstDiscontinuity > ulong.MaxValue - HlsLimits.Segments) throw text.Broken(_once[PlaylistTags.DiscontinuitySequence], "the numbers of its discontinuities are larger than 64 bits");
        return new MediaPlaylist
        {
            Origin = text.Origin,
            Name = text.Name,
            Version = _common.Version,
            Start = _common.Start,
            Variables = text.Variables,
            TargetDuration = target,
            FirstNumber = _firstNumber,
            FirstDiscontinuity = _firstDiscontinuity,
            Segments = _segments,
            IsComplete = _once.ContainsKey(PlaylistTags.EndList),
            IsOnDemand = _type == "VOD",
            IsEvent = _type == "EVENT",
            IsIFrames = _once.ContainsKey(PlaylistTags.IFramesOnly),
            IsImages = _once.ContainsKey(PlaylistTags.ImagesOnly),
            PartTarget = _partTarget,
            OpenParts = _parts,
            Control = _control,
            Hints = _hints,
            Reports = _reports,
            DateRanges = _dateRanges,
            PlayReady = _playReady,
            Keys = _allKeys,
            Unmerged = _unmerged,
            Duration = _total,
            Notes = text.Notes,
        };
    }

    private bool TryTakeOfSegment(PlaylistLine line, ReadOnlySpan<char> value)
    {
        switch (line.Tag)
        {
            case "":
                TakeAddress(line, value);
                return true;
            case PlaylistTags.Inf:
                TakeDuration(line, value);
                return true;
            case PlaylistTags.ByteRange:
                if (!PlaylistValue.TryBytes(value, out long length, out long? offset)) throw text.Broken(line, "this is not a range of bytes (n@o)");
                _bytes = (line, length, offset);
                return true;
            case PlaylistTags.Discontinuity:
                _isDiscontinuity = true;
                return true;
            case PlaylistTags.Key:
                TakeKey(line, value);
                return true;
            case PlaylistTags.Map:
                TakeMap(line, value);
                return true;
            case PlaylistTags.ProgramDateTime:
                if (PlaylistValue.TryTime(value, out DateTimeOffset time)) _time = time;
                else text.Note(line, "this is not a date and a time");
                return true;
            case PlaylistTags.Gap:
                _isGap = true;
                return true;
            case PlaylistTags.Part:
                TakePart(line, value);
                return true;
            case PlaylistTags.PlayReadyHeader:
                if (LenientBase64.TryRead(value.ToString(), out byte[] header) && _playReady.Count < HlsLimits.Keys) _playReady.Add(new PlayReadyTag(line, header));
                else text.Note(line, "this is not base64, or there are too many");
                return true;
            case PlaylistTags.AdobeAccess:
                text.Note(line, "Adobe Access is no longer in use; nothing can be asked for with it");
                return true;

            // Advice.
            case PlaylistTags.Bitrate:
                return true;
            default:
                return false;
        }
    }

    private void TakeOfPlaylist(PlaylistLine line, ReadOnlySpan<char> value)
    {
        switch (line.Tag)
        {
            case PlaylistTags.TargetDuration:
                if (!PlaylistValue.TrySeconds(value, out TimeSpan target)) throw text.Broken(line, "this is not a number of seconds");
                _target = target;
                break;
            case PlaylistTags.MediaSequence:
                if (!PlaylistValue.TryNumber(value, out _firstNumber)) throw text.Broken(line, "this is not a number of up to 64 bits");
                break;
            case PlaylistTags.DiscontinuitySequence:
                if (!PlaylistValue.TryNumber(value, out _firstDiscontinuity)) throw text.Broken(line, "this is not a number of up to 64 bits");
                break;
            case PlaylistTags.PlaylistType:
                _type = value.ToString();
                if (_type is not ("VOD" or "EVENT")) text.Note(line, "the type is neither VOD nor EVENT");
                break;
            case PlaylistTags.PartInf:
                _partTarget = AttributeList.Read(text, line, value).Seconds("PART-TARGET");
                break;
            case PlaylistTags.ServerControl:
                TakeControl(line, value);
                break;
            case PlaylistTags.Skip:
                TakeSkip(line, value);
                break;
            case PlaylistTags.PreloadHint:
                TakeHint(line, value);
                break;
            case PlaylistTags.RenditionReport:
                TakeReport(line, value);
                break;
            case PlaylistTags.DateRange:
                TakeDateRange(line, value);
                break;
        }
    }

    private void TakeDuration(PlaylistLine line, ReadOnlySpan<char> value)
    {
        int comma = value.IndexOf(',');
        if (!PlaylistValue.TrySeconds(comma < 0 ? value : value[..comma], out TimeSpan duration))
            throw text.Broken(line, $"this is not a number of seconds from 0 to {HlsLimits.SegmentDuration.TotalSeconds:0}");
        if (_duration is not null) throw text.Broken(_durationLine, "no address follows: another segment begins");
        (_duration, _durationLine) = (duration, line);
    }

    private void TakeAddress(PlaylistLine line, ReadOnlySpan<char> value)
    {
        if (_duration is not { } duration) throw text.Broken(line, "an address without EXTINF");
        if (_segments.Count == HlsLimits.Segments) throw text.Broken(line, $"there are more than {HlsLimits.Segments} segments");
        string address = text.Variables.Expand(line, value);
        // Most are names without anything that could be wrong with them.
        if (address.Length > ManifestLimits.Address || address.AsSpan().ContainsAnyExcept(PlainLetters)) text.Resolve(line, address);
        ByteRange? range = null;
        if (_bytes is { } bytes)
        {
            // Directly behind the sub-range before, of the same resource; where there is none, nothing says where it begins.
            long first = bytes.Offset
                ?? (_segments is [.., { Range.Last: { } last } before] && before.Address == address && last < long.MaxValue - bytes.Length
                    ? last + 1
                    : throw text.Broken(bytes.Line, "a range of bytes that does not say where it begins, and the segment before it is none of the same resource"));
            range = new ByteRange(first, first + bytes.Length - 1);
        }

        _segments.Add(new HlsSegment
        {
            Line = line,
            Address = address,
            Range = range,
            Duration = duration,
            Map = _map,
            Keys = _keys.Current,
            IsDiscontinuity = _isDiscontinuity,
            IsGap = _isGap,
            Time = _time,
            Parts = _parts,
        });
        _total += duration;
        (_duration, _bytes, _isDiscontinuity, _isGap, _time) = (null, null, false, false, null);
        if (_parts.Count > 0) _parts = [];
    }

    private void TakeKey(PlaylistLine line, ReadOnlySpan<char> value)
    {
        KeyTag tag = KeyTagReader.Read(text, line, value);
        if (!_keys.Apply(tag)) throw text.Broken(line, $"more than {HlsLimits.Keys} keys are in force at once");
        _allKeys.Add(tag);
    }

    private void TakeMap(PlaylistLine line, ReadOnlySpan<char> value)
    {
        AttributeList attributes = AttributeList.Read(text, line, value);
        ByteRange? range = null;
        if (attributes.Text("BYTERANGE") is { } bytes)
        {
            if (!PlaylistValue.TryBytes(bytes, out long length, out long? offset)) throw text.Broken(line, "BYTERANGE is not a range of bytes (n@o)");
            long first = offset ?? throw text.Broken(line, "BYTERANGE of an initialisation segment does not say where it begins");
            range = new ByteRange(first, first + length - 1);
        }

        _map = new MapTag { Line = line, Address = text.Resolve(line, attributes.Required("URI")), Range = range, Keys = _keys.Current };
    }

    private void TakePart(PlaylistLine line, ReadOnlySpan<char> value)
    {
        AttributeList attributes = AttributeList.Read(text, line, value);
        if (++_partCount > HlsLimits.Parts) throw text.Broken(line, $"there are more than {HlsLimits.Parts} parts");
        (long Length, long? Offset)? range = null;
        if (attributes.Text("BYTERANGE") is { } bytes)
        {
            if (!PlaylistValue.TryBytes(bytes, out long length, out long? offset)) throw text.Broken(line, "BYTERANGE is not a range of bytes (n@o)");
            range = (length, offset);
        }

        _parts.Add(new PartTag
        {
            Line = line,
            Address = attributes.Required("URI"),
            Duration = attributes.Seconds("DURATION") ?? throw text.Broken(line, "DURATION is missing"),
            Bytes = range,
            IsIndependent = attributes.Flag("INDEPENDENT"),
            IsGap = attributes.Flag("GAP"),
        });
    }

    private void TakeControl(PlaylistLine line, ReadOnlySpan<char> value)
    {
        AttributeList attributes = AttributeList.Read(text, line, value);
        _control = new ServerControl
        {
            CanBlockReload = attributes.Flag("CAN-BLOCK-RELOAD"),
            CanSkipUntil = attributes.Seconds("CAN-SKIP-UNTIL"),
            CanSkipDateRanges = attributes.Flag("CAN-SKIP-DATERANGES"),
            HoldBack = attributes.Seconds("HOLD-BACK"),
            PartHoldBack = attributes.Seconds("PART-HOLD-BACK"),
        };
    }

    /// <summary>Takes from the last whole copy what an update leaves out, with the keys and the initialisation segment in force at its end (RFC 8216bis, 6.2.5.1).</summary>
    private void TakeSkip(PlaylistLine line, ReadOnlySpan<char> value)
    {
        AttributeList attributes = AttributeList.Read(text, line, value);
        if (attributes.Number("SKIPPED-SEGMENTS") is not { } skipped) throw text.Broken(line, "SKIPPED-SEGMENTS is missing");
        if (_segments.Count > 0 || _duration is not null) throw text.Broken(line, "it stands behind a segment");
        if (previous is null || _firstNumber < previous.FirstNumber || skipped > HlsLimits.Segments || _firstNumber > previous.EndNumber || skipped > previous.EndNumber - _firstNumber)
        {
            _unmerged = line;
            return;
        }

        int first = (int)(_firstNumber - previous.FirstNumber);
        for (int i = first; i < first + (int)skipped; i++)
        {
            _segments.Add(previous.Segments[i]);
            _total += previous.Segments[i].Duration;
        }

        HashSet<string> removed = [.. (attributes.Text("RECENTLY-REMOVED-DATERANGES") ?? "").Split('\t')];
        _dateRanges.AddRange(previous.DateRanges.Where(range => !removed.Contains(range.Id)));
        if (_segments is not [.., HlsSegment last]) return;
        _map = last.Map;
        _keys = new KeyScope(last.Keys);
        _allKeys.AddRange(_segments.SelectMany(static segment => segment.Keys).Distinct(ReferenceEqualityComparer.Instance).Cast<KeyTag>());
    }

    private void TakeHint(PlaylistLine line, ReadOnlySpan<char> value)
    {
        AttributeList attributes = AttributeList.Read(text, line, value);
        if (attributes.Text("TYPE") is not ("PART" or "MAP") || attributes.Text("URI") is not { Length: > 0 } address) text.Note(line, "it must have TYPE PART or MAP, and URI; it is ignored");
        else if (_hints.Count < HlsLimits.Others)
            _hints.Add(new PreloadHint { Line = line, IsMap = attributes.Text("TYPE") == "MAP", Address = address, First = attributes.Number("BYTERANGE-START") ?? 0, Length = attributes.Number("BYTERANGE-LENGTH") });
    }

    private void TakeReport(PlaylistLine line, ReadOnlySpan<char> value)
    {
        AttributeList attributes = AttributeList.Read(text, line, value);
        if (attributes.Text("URI") is not { Length: > 0 } address) text.Note(line, "URI is missing; it is ignored");
        else if (_reports.Count < HlsLimits.Others) _reports.Add(new RenditionReport(address, attributes.Number("LAST-MSN"), attributes.Number("LAST-PART")));
    }

    private void TakeDateRange(PlaylistLine line, ReadOnlySpan<char> value)
    {
        AttributeList attributes;
        try
        {
            attributes = AttributeList.Read(text, line, value);
        }
        catch (ManifestException exception)
        {
            // What is said of a time decides nothing that is played.
            text.Note(line, exception.Error.Reason);
            return;
        }

        if (attributes.Text("ID") is not { Length: > 0 } id)
        {
            text.Note(line, "ID is missing; it is ignored");
            return;
        }

        DateRange range = new()
        {
            Line = line,
            Id = id,
            Start = attributes.Time("START-DATE"),
            End = attributes.Time("END-DATE"),
            Duration = attributes.Seconds("DURATION"),
            EndsOnNext = attributes.Flag("END-ON-NEXT"),
            Attributes = attributes.Items,
        };
        int known = _dateRanges.FindIndex(each => each.Id == id);
        if (known >= 0) _dateRanges[known] = range with { Start = range.Start ?? _dateRanges[known].Start };
        else if (_dateRanges.Count < HlsLimits.DateRanges) _dateRanges.Add(range);
    }
}
