using System.Buffers;
using Keyway.Containers.WebM.Ebml;
using Keyway.Containers.WebM.Structure;

namespace Keyway.Containers.WebM.Reading;

/// <summary>Reads a file strictly forward, so many bytes at a time: every byte of it once, and where in them tracks and blocks are.</summary>
/// <remarks>
/// <code>
/// EBML · Segment ─ Info · Tracks │ Cluster ─ Timestamp · SimpleBlock · BlockGroup ─ Block … │ … │ Cues
/// └───────── Description ────────┘ └───────────────── Media ──────────────────────────────┘
/// </code>
/// <para>
/// It knows three levels and never goes deeper: what may be nested without end (tags, chapters) is passed over. A size is compared with what encloses it before it is used, and memory
/// grows with the bytes that are there. A cluster or segment of unknown size ends with the first element that cannot be in it; a cluster of size 0 with blocks behind it is one.
/// </para>
/// Threads: one at a time. Ownership: the stream is the caller's.
/// </remarks>
internal sealed class WebMReader : IDisposable
{
    private const int FirstBytes = 512 << 10;

    private readonly Stream _input;
    private readonly List<(int, int)> _checks = [];
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(FirstBytes);
    private int _at, _end;
    private long _offset, _passing;
    private Level _level;
    private long _segmentEnd = long.MaxValue, _clusterEnd = long.MaxValue;
    private bool _hasHeader, _isClusterOpen, _wasClusterEmpty;
    private ulong? _clusterTime;
    private byte[] _tracks = [];

    /// <param name="input">The file, from its current position.</param>
    /// <param name="name">Its name for messages.</param>
    public WebMReader(Stream input, string name) => (_input, Name) = (input, name);

    /// <summary>Reads what follows a description that is known: clusters.</summary>
    /// <param name="input">The segment.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="tracks">The tracks.</param>
    /// <param name="clock">The unit of times.</param>
    public WebMReader(Stream input, string name, IReadOnlyList<WebMTrack> tracks, WebMClock clock)
        : this(input, name) => (Tracks, Clock, _level, _hasHeader) = (tracks, clock, Level.Segment, true);

    private enum Level
    {
        Top,
        Segment,
        Cluster,
    }

    private enum Step
    {
        Go,
        Need,
        Slab,
    }

    /// <summary>The file's name for messages.</summary>
    public string Name { get; }

    /// <summary>Whether it is the beginning of a file alone: then its segment goes on elsewhere.</summary>
    public bool IsInitialization { private get; init; }

    /// <summary>The tracks, once they are known.</summary>
    public IReadOnlyList<WebMTrack> Tracks { get; private set; } = [];

    /// <summary>The unit of times.</summary>
    public WebMClock Clock { get; private set; } = new(WebMClock.DefaultScale);

    /// <summary>How long the media is, in units; 0: not said.</summary>
    public double Duration { get; private set; }

    /// <summary>What the bytes are.</summary>
    public SlabKind Kind { get; private set; }

    /// <summary>The bytes that were read last. Valid until the next are; they may be changed.</summary>
    public Memory<byte> Slab => _bytes.AsMemory(0, _at);

    /// <summary>Where they begin in the file.</summary>
    public long Offset => _offset;

    /// <summary>The blocks in them.</summary>
    public List<WebMBlock> Blocks { get; } = [];

    /// <summary>Checks in them (<c>CRC-32</c>) over elements in which blocks or tracks are.</summary>
    public IReadOnlyList<(int Start, int Length)> Checks => _checks;

    /// <summary>Of a description: where the content of <c>Tracks</c> begins.</summary>
    public int TracksAt { get; private set; }

    /// <summary>Where the content of the segment begins.</summary>
    public long SegmentStart { get; private set; }

    /// <summary>Where the segment ends; <see langword="null"/>: it does not say.</summary>
    public long? SegmentEnd => _segmentEnd == long.MaxValue ? null : _segmentEnd;

    /// <summary>Where <c>Tracks</c> ends.</summary>
    public long DescriptionEnd { get; private set; }

    /// <summary>Reads on.</summary>
    /// <returns><see langword="false"/>: the file has ended where it may.</returns>
    /// <exception cref="MediaFormatException">It is malformed or cut short.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        Release();
        while (true)
        {
            if (_passing > 0)
            {
                if (_at == _end && !await FillAsync(1, cancellationToken).ConfigureAwait(false)) throw Error($"the file is cut short: {_passing} bytes of an element are missing", Path, Position);
                int taken = (int)Math.Min(_passing, _end - _at);
                _at += taken;
                _passing -= taken;
                if (_at >= WebMLimits.BatchBytes) return true;
                continue;
            }

            switch (Look(out int wanted))
            {
                case Step.Slab:
                    return true;
                case Step.Need:
                    // A large one begins where the room does.
                    if (_at > 0 && wanted > _bytes.Length - _at) return true;
                    if (!await FillAsync(wanted, cancellationToken).ConfigureAwait(false)) return End();
                    break;
            }
        }
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="reason">What is wrong.</param>
    /// <param name="path">In which element.</param>
    /// <param name="offset">Where in the file.</param>
    public MediaFormatException Error(string reason, string path, long offset) => new(Name, new FormatError(reason, path, offset));

    /// <summary>Makes an exception about a block.</summary>
    public MediaFormatException Error(in WebMBlock block, string reason) =>
        Error($"a block of track {block.Head.Track}: {reason}", "Segment/Cluster/SimpleBlock", _offset + block.ContentAt);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _at = _end = 0;
    }

    private long Position => _offset + _at;

    private string Path => _level switch
    {
        Level.Top => "",
        Level.Segment => "Segment",
        _ => "Segment/Cluster",
    };

    private long ParentEnd => _level switch
    {
        Level.Top => long.MaxValue,
        Level.Segment => _segmentEnd,
        _ => Math.Min(_clusterEnd, _segmentEnd),
    };

    private void Release()
    {
        _bytes.AsSpan(_at, _end - _at).CopyTo(_bytes);
        _offset += _at;
        (_at, _end) = (0, _end - _at);
        Blocks.Clear();
        _checks.Clear();
        Kind = SlabKind.Media;
    }

    private async ValueTask<bool> FillAsync(int wanted, CancellationToken cancellationToken)
    {
        while (_end - _at < wanted)
        {
            if (_end == _bytes.Length)
            {
                // Twice what is there: never what a size claims.
                byte[] larger = ArrayPool<byte>.Shared.Rent(2 * _bytes.Length);
                _bytes.AsSpan(0, _end).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = larger;
            }

            int read = await _input.ReadAsync(_bytes.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0) return false;
            _end += read;
        }

        return true;
    }

    private bool End()
    {
        if (_end > _at) throw Error($"the file is cut short within an element: {_end - _at} bytes of it are there", Path, Position);
        if (_level == Level.Cluster && !_isClusterOpen && Position < _clusterEnd) throw Error($"the file is cut short: the cluster goes on to byte {_clusterEnd}", Path, Position);
        if (_level != Level.Top && _segmentEnd != long.MaxValue && Position < _segmentEnd && !IsInitialization) throw Error($"the file is cut short: the segment goes on to byte {_segmentEnd}", "Segment", Position);
        if (_at > 0) return true;
        if (!_hasHeader) throw Error("it is empty", "", 0);
        if (Tracks.Count == 0) throw Error("there is no Tracks: this is no WebM file, and no initialisation segment of one", "Segment", Position);
        Kind = SlabKind.None;
        return false;
    }

    /// <summary>Looks at the next element.</summary>
    private Step Look(out int wanted)
    {
        wanted = 0;
        if (_level == Level.Cluster && !_isClusterOpen && Position == _clusterEnd) _level = Level.Segment;
        if (_level != Level.Top && Position == _segmentEnd) _level = Level.Top;
        if (!EbmlHead.TryRead(_bytes.AsSpan(_at, _end - _at), out EbmlHead head, out wanted))
            return wanted > 0 ? Step.Need : throw Error(_hasHeader ? "what follows is no EBML element" : "it does not begin with an EBML header", Path, Position);
        long room = ParentEnd - Position - head.Length;
        if (room < 0 || head.Size > room)
            throw Error($"{EbmlId.NameOf(head.Id)} {(head.Size < 0 ? "" : $"of {head.Size} bytes ")}leads out of what encloses it, which has {Math.Max(0, room)} left", Path, Position);
        return _level switch
        {
            Level.Top => AtTop(head, out wanted),
            Level.Segment => InSegment(head, out wanted),
            _ => InCluster(head, out wanted),
        };
    }

    private Step AtTop(in EbmlHead head, out int wanted)
    {
        wanted = 0;
        if (!_hasHeader && head.Id != EbmlId.Header) throw Error("it does not begin with an EBML header", "", Position);
        if (head.Id == EbmlId.Header)
        {
            if (Blocks.Count > 0) return Step.Slab;
            if (!IsWhole(head, WebMLimits.HeaderBytes, out wanted)) return Step.Need;
            ReadHeader(head);
            Pass(head);
            return Step.Go;
        }

        if (head.Id != EbmlId.Segment) return PassOver(head);
        _segmentEnd = head.Size < 0 ? long.MaxValue : Position + head.Length + head.Size;
        _level = Level.Segment;
        _wasClusterEmpty = false;
        _at += head.Length;
        SegmentStart = Position;
        return Step.Go;
    }

    private Step InSegment(in EbmlHead head, out int wanted)
    {
        wanted = 0;
        switch (head.Id)
        {
            case EbmlId.Cluster:
                if (Tracks.Count == 0) throw Error("a Cluster without Tracks before it: the initialisation segment is missing", "Segment/Cluster", Position);
                if (Blocks.Count > 0) return Step.Slab;
                _isClusterOpen = head.Size < 0;
                _wasClusterEmpty = head.Size == 0;
                _clusterEnd = _isClusterOpen ? long.MaxValue : Position + head.Length + head.Size;
                _clusterTime = null;
                _level = Level.Cluster;
                _at += head.Length;
                return Step.Go;
            case EbmlId.Tracks:
                if (Blocks.Count > 0) return Step.Slab;
                if (!IsWhole(head, WebMLimits.DescriptionBytes, out wanted)) return Step.Need;
                ReadTracks(head);
                Pass(head);
                Kind = SlabKind.Description;
                DescriptionEnd = Position;
                return Step.Slab;
            case EbmlId.Info:
                if (!IsWhole(head, WebMLimits.DescriptionBytes, out wanted)) return Step.Need;
                if (!TracksReader.TryReadInfo(Content(head), Position + head.Length, out ulong scale, out double duration, out FormatError error)) throw new MediaFormatException(Name, error);
                (Clock, Duration) = (new WebMClock(scale), duration);
                Pass(head);
                return Step.Go;
            case EbmlId.Crc32:
                return Check(head, out wanted);
            case EbmlId.Segment or EbmlId.Header:
                if (_segmentEnd != long.MaxValue) throw Error($"{EbmlId.NameOf(head.Id)} in a Segment", "Segment", Position);
                _level = Level.Top;
                return Step.Go;
            case var id when EbmlId.IsOfCluster(id):
                if (!_wasClusterEmpty) throw Error($"{EbmlId.NameOf(id)} outside of a Cluster", "Segment", Position);
                // Old writers left the size that they did not know at 0.
                _isClusterOpen = true;
                _clusterEnd = long.MaxValue;
                _level = Level.Cluster;
                return Step.Go;
            default:
                return PassOver(head);
        }
    }

    private Step InCluster(in EbmlHead head, out int wanted)
    {
        wanted = 0;
        switch (head.Id)
        {
            case EbmlId.Header or EbmlId.Segment or EbmlId.Cluster or EbmlId.Tracks:
                if (!_isClusterOpen) throw Error($"{EbmlId.NameOf(head.Id)} in a Cluster", "Segment/Cluster", Position);
                _level = Level.Segment;
                return Step.Go;
            case var id when _isClusterOpen && EbmlId.IsOfSegment(id):
                _level = Level.Segment;
                return Step.Go;
            case EbmlId.Timestamp:
                if (!IsWhole(head, Vint.Most, out wanted)) return Step.Need;
                EbmlHead.TryReadNumber(Content(head), out ulong time);
                _clusterTime = time;
                Pass(head);
                return Step.Go;
            case EbmlId.Crc32:
                return Check(head, out wanted);
            case EbmlId.SimpleBlock:
                if (!IsWhole(head, WebMLimits.BlockBytes, out wanted)) return Step.Need;
                AddBlock(head, _at, isKey: null, duration: null, hasAdditions: false);
                break;
            case EbmlId.BlockGroup:
                if (!IsWhole(head, WebMLimits.BlockBytes, out wanted)) return Step.Need;
                ReadGroup(head);
                break;
            case EbmlId.EncryptedBlock:
                throw Error("an EncryptedBlock, an early form of encryption that is not opened", "Segment/Cluster/EncryptedBlock", Position);
            default:
                return PassOver(head);
        }

        Pass(head);
        return _at >= WebMLimits.BatchBytes || Blocks.Count >= WebMLimits.BatchBlocks ? Step.Slab : Step.Go;
    }

    private void ReadHeader(in EbmlHead head)
    {
        string type = "matroska";
        EbmlCursor field = new(Content(head), Position + head.Length, "EBML");
        while (field.MoveNext())
        {
            switch (field.Id)
            {
                case EbmlId.DocType:
                    type = field.Text(32);
                    break;
                case EbmlId.DocTypeReadVersion when field.Number() is > 4 and var version:
                    field.Fail($"DocTypeReadVersion {version}: readers of version 4 are not enough");
                    break;
                case EbmlId.MaxIdLength when field.Number() is > 4 and var length:
                    field.Fail($"EBMLMaxIDLength {length}: identifiers have 4 bytes at most");
                    break;
                case EbmlId.MaxSizeLength when field.Number() is > 8 and var length:
                    field.Fail($"EBMLMaxSizeLength {length}: sizes have 8 bytes at most");
                    break;
            }
        }

        if (field.Error is { } error) throw new MediaFormatException(Name, error);
        if (type is not ("webm" or "matroska")) throw Error($"the DocType is '{type}', neither webm nor matroska", "EBML", Position);
        _hasHeader = true;
        // A second one begins a file of its own.
        (Tracks, _tracks, Clock, Duration) = ([], [], new WebMClock(WebMClock.DefaultScale), 0);
    }

    private void ReadTracks(in EbmlHead head)
    {
        ReadOnlySpan<byte> content = Content(head);
        if (_tracks.Length > 0 && !content.SequenceEqual(_tracks)) throw Error("a second Tracks that says something else", "Segment/Tracks", Position);
        Tracks = TracksReader.TryRead(content, Position + head.Length, out FormatError error) ?? throw new MediaFormatException(Name, error);
        _tracks = content.ToArray();
        TracksAt = _at + head.Length;
    }

    private void ReadGroup(in EbmlHead head)
    {
        int inside = _at + head.Length, at = -1;
        EbmlHead block = default;
        ulong? duration = null;
        bool isKey = true, hasAdditions = false;
        EbmlCursor field = new(Content(head), Position + head.Length, "Segment/Cluster/BlockGroup");
        while (field.MoveNext())
        {
            switch (field.Id)
            {
                case EbmlId.Block:
                    if (at >= 0) field.Fail("a second Block in one BlockGroup");
                    (block, at) = (field.Head, inside + field.Start);
                    break;
                case EbmlId.BlockDuration:
                    duration = field.Number();
                    break;
                case EbmlId.ReferenceBlock:
                    isKey = false;
                    break;
                case EbmlId.BlockAdditions:
                    hasAdditions = true;
                    break;
                case EbmlId.Crc32:
                    _checks.Add((inside + field.Start, field.End - field.Start));
                    break;
                case EbmlId.SimpleBlock or EbmlId.BlockGroup or EbmlId.Cluster or EbmlId.Segment or EbmlId.EncryptedBlock:
                    field.Fail($"{EbmlId.NameOf(field.Id)} in a BlockGroup");
                    break;
            }
        }

        if (field.Error is { } error) throw new MediaFormatException(Name, error);
        if (at < 0) throw Error("a BlockGroup without a Block", "Segment/Cluster/BlockGroup", Position);
        AddBlock(block, at, isKey, duration, hasAdditions);
    }

    private void AddBlock(in EbmlHead head, int at, bool? isKey, ulong? duration, bool hasAdditions)
    {
        int content = at + head.Length, end = content + (int)head.Size;
        if (!BlockHead.TryRead(_bytes.AsSpan(content, end - content), out BlockHead block)) throw Error($"a block of {head.Size} bytes is cut short before its frame", "Segment/Cluster/SimpleBlock", _offset + at);
        int track = 0;
        while (track < Tracks.Count && Tracks[track].Number != block.Track) track++;
        if (track == Tracks.Count) throw Error($"a block of track {block.Track}, which Tracks does not describe", "Segment/Cluster/SimpleBlock", _offset + at);
        Int128? time = _clusterTime is { } begin ? (Int128)begin + block.Time : null;
        Blocks.Add(new WebMBlock
        {
            Track = track,
            Head = block,
            SizeAt = at + head.SizeAt,
            ContentAt = content,
            End = end,
            Time = time is { } value && value < long.MaxValue / 4 ? (long)value : null,
            // Every frame of audio is one to begin with, whatever a writer says of its last.
            IsKey = Tracks[track].Type == WebMTrack.AudioType || (isKey ?? block.IsKey),
            Duration = duration,
            HasAdditions = hasAdditions,
        });
    }

    private Step Check(in EbmlHead head, out int wanted)
    {
        if (!IsWhole(head, Vint.Most, out wanted)) return Step.Need;
        _checks.Add((_at, head.Length + (int)head.Size));
        Pass(head);
        return Step.Go;
    }

    private bool IsWhole(in EbmlHead head, int most, out int wanted)
    {
        if (head.Size < 0) throw Error($"{EbmlId.NameOf(head.Id)} has an unknown size, which only Segment and Cluster may have", Path, Position);
        if (head.Size > most) throw Error($"{EbmlId.NameOf(head.Id)} of {head.Size} bytes; {most} are accepted", Path, Position);
        wanted = head.Length + (int)head.Size;
        return _end - _at >= wanted;
    }

    private ReadOnlySpan<byte> Content(in EbmlHead head) => _bytes.AsSpan(_at + head.Length, (int)head.Size);

    private void Pass(in EbmlHead head) => _at += head.Length + (int)head.Size;

    /// <summary>Passes over an element that nobody looks at, however large.</summary>
    private Step PassOver(in EbmlHead head)
    {
        if (head.Size < 0) throw Error($"{EbmlId.NameOf(head.Id)} has an unknown size, which only Segment and Cluster may have", Path, Position);
        _passing = head.Length + head.Size;
        return Step.Go;
    }
}
