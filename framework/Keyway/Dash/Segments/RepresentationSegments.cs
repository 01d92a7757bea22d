using Keyway.Dash.Segments;
using Keyway.Dash.Xml;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Dash;

/// <summary>Where the segments of one representation are. They are worked out one by one, when asked for.</summary>
/// <remarks>Every member but the two enumerations throws <see cref="ManifestException"/> when the manifest says it in a way that cannot be understood.</remarks>
public sealed partial class RepresentationSegments : SegmentList
{
    /// <summary>The most segments that one representation may have. Three months of two-second segments are 4 million; nothing real comes near.</summary>
    public const long MostSegments = ManifestLimits.Segments;

    private readonly MpdContext _context;
    private readonly SegmentInfo? _info;
    private readonly BaseAddress _base;
    private readonly string _id;
    private readonly long _bandwidth;
    private readonly SegmentRuns.Window _static;
    private readonly DateTimeOffset? _periodStart;

    internal RepresentationSegments(MpdContext context, SegmentInfo? info, BaseAddress baseAddress, string path, string id, long bandwidth, TimeSpan? duration, DateTimeOffset? periodStart, TimeSpan? there = null)
    {
        _context = context;
        _info = info;
        _base = baseAddress;
        _id = id;
        _bandwidth = bandwidth;
        // Of a live presentation that has ended and does not say how long it is, there is what was there by then.
        _static = new SegmentRuns.Window(duration, there, null);
        _periodStart = periodStart;
        Path = path;
        Addressing = info switch
        {
            { Error: not null } => SegmentAddressing.None,
            { Kind: SegmentInfoKind.Template, Media: not null } => SegmentAddressing.Template,
            { Kind: SegmentInfoKind.Template } => SegmentAddressing.None,
            { Kind: SegmentInfoKind.List, Urls: not null } => SegmentAddressing.List,
            { Kind: SegmentInfoKind.List } => SegmentAddressing.None,
            { Kind: SegmentInfoKind.Base, IndexRange: not null } => SegmentAddressing.Index,
            _ => SegmentAddressing.SingleFile,
        };
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <summary>How the manifest says where segments are.</summary>
    public SegmentAddressing Addressing { get; }

    /// <inheritdoc/>
    public override ulong Timescale => _info?.Timescale ?? 1;

    /// <summary>The base address; of a representation in one file that file.</summary>
    public Uri BaseAddress => _base.Resolve(_context);

    /// <summary>The bytes of the index in the file.</summary>
    public ByteRange? IndexRange => Addressing == SegmentAddressing.Index ? _info!.IndexRange : null;

    /// <inheritdoc/>
    public override TimelineSegment? Initialization
    {
        get
        {
            EnsureUnderstood();
            if (_info is null) return null;
            if (_info.InitializationTemplate is { } text)
            {
                UrlTemplate template = Template(text);
                if (template.IsPerSegment) throw Broken("the address of the initialisation segment has a $Number$ or $Time$");
                return At(Reference(template, 0, 0), default);
            }

            return _info.Initialization is { } reference ? At(reference.Url, default) with { Range = reference.Range } : null;
        }
    }

    /// <summary>How many segments there are; <see langword="null"/> when only the index in the file can tell.</summary>
    /// <param name="now">Of a dynamic manifest: the time.</param>
    /// <returns>The number.</returns>
    /// <exception cref="ManifestException">There are more than <see cref="MostSegments"/>, or the manifest cannot be understood.</exception>
    public long? Count(DateTimeOffset? now = null)
    {
        EnsureUnderstood();
        switch (Addressing)
        {
            case SegmentAddressing.Template: return Sum(Runs(now));
            case SegmentAddressing.List: return _info!.Urls!.Count;
            case SegmentAddressing.SingleFile: return 1;
            default: return null;
        }
    }

    /// <summary>The media segments in order, made as they are asked for.</summary>
    /// <param name="now">Of a dynamic manifest: the time. Segments that are not there yet, or no more, are left out.</param>
    /// <returns>The segments. Of a representation in one file: the file.</returns>
    /// <exception cref="ManifestException">There are more than <see cref="MostSegments"/>, or the manifest cannot be understood. Thrown before the first segment.</exception>
    public IEnumerable<TimelineSegment> Enumerate(DateTimeOffset? now = null)
    {
        Count(now);
        return Addressing switch
        {
            SegmentAddressing.Template => FromTemplate(now),
            SegmentAddressing.List => FromList(now),
            _ => [new TimelineSegment { Address = BaseAddress }],
        };
    }

    /// <inheritdoc/>
    public override bool IsIndexed => Addressing == SegmentAddressing.Index;

    internal override ByteRange? Index => IndexRange;

    internal override bool IsEnumerable => Addressing == SegmentAddressing.Template;

    internal override SegmentPart WholeFile => new(BaseAddress, null, IsMedia: true, _base.Alternatives > 1 ? _base.Others(_context, null, _info?.Path ?? Path) : null);

    internal override bool IsInOneFile => Addressing is SegmentAddressing.SingleFile or SegmentAddressing.Index && (Initialization is not { } initialization || initialization.Address == BaseAddress);

    /// <inheritdoc/>
    public override bool IsWholeFile => Addressing == SegmentAddressing.SingleFile && IsInOneFile;

    /// <inheritdoc/>
    public override long? CountPlayed(DateTimeOffset? now = null)
    {
        if (Addressing != SegmentAddressing.Template) return Addressing == SegmentAddressing.List ? Played(now).LongCount() : Count(now);
        Count(now);
        return Sum(PlayedRuns(now));
    }

    /// <inheritdoc/>
    public override IEnumerable<TimelineSegment> Played(DateTimeOffset? now = null)
    {
        Count(now);
        if (Addressing != SegmentAddressing.Template) return Within(Enumerate(now));
        return FromRuns(PlayedRuns(now));
    }

    internal override IEnumerable<TimelineSegment> Within(IEnumerable<TimelineSegment> segments) => segments.Where(segment =>
    {
        ulong offset = (ulong)UInt128.Min(MediaTime.Units(MediaOffset, segment.Timescale), ulong.MaxValue);
        return segment.Duration == 0 || SegmentRuns.Within(new SegmentRun(segment.Time, segment.Duration, 1, segment.Number), offset, _static.Duration, segment.Timescale).Count > 0;
    });

    private IEnumerable<TimelineSegment> FromTemplate(DateTimeOffset? now) => FromRuns(Runs(now));

    private IEnumerable<TimelineSegment> FromRuns(IEnumerable<SegmentRun> runs)
    {
        UrlTemplate template = Template(_info!.Media!);
        foreach (SegmentRun run in runs)
            for (ulong i = 0; i < run.Count; i++)
                yield return Segment(template, run, i);
    }

    private IEnumerable<TimelineSegment> FromList(DateTimeOffset? now)
    {
        ulong number = _info!.StartNumber ?? 1;
        ulong duration = _info.Duration ?? 0;
        ulong time = _info.PresentationTimeOffset ?? 0;
        using IEnumerator<(ulong Time, ulong Duration)> times = Times(now).GetEnumerator();
        foreach (SegmentReference reference in _info.Urls!)
        {
            if (times.MoveNext()) (time, duration) = times.Current;
            yield return At(reference.Url, new SegmentRun(time, duration, 1, number++)) with { Range = reference.Range };
            time += duration;
        }
    }

    private IEnumerable<(ulong Time, ulong Duration)> Times(DateTimeOffset? now)
    {
        if (_info!.Timeline is null) yield break;
        foreach (SegmentRun run in Runs(now))
            for (ulong i = 0; i < run.Count; i++) yield return (run.Time + i * run.Duration, run.Duration);
    }

    private IEnumerable<SegmentRun> Runs(DateTimeOffset? now)
    {
        SegmentRuns.Window window = _static;
        if (_context.IsDynamic)
        {
            bool needsTime = _info!.Timeline is not { } open || (open.Entries.Count > 0 && open.Entries[^1].Repeat < 0);
            if (needsTime && _info.Duration is null && _info.Timeline is null) needsTime = false;
            if (needsTime)
            {
                if (_periodStart is not { } start) throw Broken("a dynamic manifest has neither @availabilityStartTime nor a start of the period, so nobody knows which segments there are");
                if (now is not { } time) throw Broken("which segments a dynamic manifest has depends on the time, and none was given");
                window = window with { Elapsed = time < start ? TimeSpan.Zero : time - start, Kept = _context.TimeShiftBuffer, Ahead = Ahead };
            }
        }

        return Guarded(_info!.Timeline is { } timeline ? SegmentRuns.OfTimeline(_info, timeline, window) : SegmentRuns.OfTemplate(_info, window));
    }

    private IEnumerable<SegmentRun> Guarded(IEnumerable<SegmentRun> runs)
    {
        using IEnumerator<SegmentRun> each = runs.GetEnumerator();
        while (true)
        {
            try
            {
                if (!each.MoveNext()) yield break;
            }
            catch (SegmentException e)
            {
                throw _context.Refuse(e.Error);
            }

            yield return each.Current;
        }
    }

    private long Sum(IEnumerable<SegmentRun> runs)
    {
        ulong sum = 0;
        foreach (SegmentRun run in runs)
        {
            sum += Math.Min(run.Count, (ulong)MostSegments + 1);
            if (sum > (ulong)MostSegments) throw Broken($"it has more than {MostSegments} segments");
        }

        return (long)sum;
    }

    private UrlTemplate Template(string text) =>
        UrlTemplate.TryParse(text, out UrlTemplate template, out string reason) ? template : throw Broken(reason);

    private TimelineSegment Segment(UrlTemplate template, SegmentRun run, ulong index)
    {
        SegmentRun one = new(run.Time + index * run.Duration, run.Duration, 1, run.Number + index);
        return At(Reference(template, one.Number, one.Time), one);
    }

    private string Reference(UrlTemplate template, ulong number, ulong time) =>
        template.TryExpand(_id, _bandwidth, number, time, out string address) ? address : throw Broken($"the address of a segment is longer than {ManifestLimits.Address} characters");

    private TimelineSegment At(string? reference, SegmentRun run)
    {
        return new TimelineSegment
        {
            Address = _base.Resolve(_context, reference, _info?.Path ?? Path),
            Alternatives = _base.Alternatives > 1 ? _base.Others(_context, reference, _info?.Path ?? Path) : null,
            Number = run.Number,
            Time = run.Time,
            Duration = run.Duration,
            Timescale = Timescale,
        };
    }

    private void EnsureUnderstood()
    {
        if (_info?.Error is { } error) throw _context.Refuse(error);
        if (Addressing != SegmentAddressing.None) return;
        throw Broken(_info!.Kind == SegmentInfoKind.List ? "a SegmentList without SegmentURL" : "a SegmentTemplate without @media");
    }

    private ManifestException Broken(string reason) => _context.Refuse(new FormatError(reason, _info?.Path ?? Path, -1));
}
