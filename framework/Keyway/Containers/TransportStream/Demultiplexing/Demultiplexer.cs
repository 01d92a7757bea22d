using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Demultiplexing;

/// <summary>Takes packets one after the other, segment by segment: reads the tables, follows the counters, puts PES packets together and says what opens them.</summary>
/// <remarks>
/// <para>
/// The packets lie in a window of memory that belongs to the caller. Those from <see cref="Held"/> on are needed until what they are part of is complete. What is known of a PID lives
/// on from segment to segment: a PES packet may end in the next one.
/// </para>
/// <para>
/// <b>What is protected.</b> A stream whose type says so is, and needs a key. Where METHOD=SAMPLE-AES is in force and no stream of the program says so (some producers keep the
/// types of clear streams), each whose codec has a rule is taken for protected; once any program has marked a stream, the types alone are believed.
/// </para>
/// Threads: one at a time.
/// </remarks>
internal sealed class Demultiplexer(IStreamHandler handler) : IDisposable
{
    private readonly PidState?[] _pids = new PidState?[TsPacket.Pids];
    private readonly List<PidState> _known = [];
    private readonly List<PidState> _tables = [];
    private readonly List<ElementaryStream> _streams = [];
    private readonly List<SampleAesKey> _retired = [];
    private readonly List<ProgramMap?> _maps = [];
    private readonly List<int> _listed = [];
    private SampleAesKey? _key;
    private string _name = "";
    private long _number;
    private bool _marksSeen, _tookUnmarked, _hasAssociation;

    /// <summary>The streams that the current maps list.</summary>
    public IReadOnlyList<ElementaryStream> Streams => _streams;

    /// <summary>The current program maps.</summary>
    public IEnumerable<ProgramMap> Maps => _tables.SelectMany(static table => table.Maps);

    /// <summary>Where the packet stands that was taken last.</summary>
    public UnitPlace Place => new(_name, _number, 0, Math.Max(0, _number - 1) * TsPacket.Size);

    /// <summary>Whether a stream of an unmarked program was taken for protected because METHOD=SAMPLE-AES is in force.</summary>
    public bool TookUnmarked { get; private set; }

    /// <summary>Packets of streams that were chosen and clear, and of which nothing was made: they came before the tables, or within a PES packet that had begun before.</summary>
    public long PassedOver { get; private set; }

    /// <summary>Where in the window the first packet begins that is still needed; <see cref="int.MaxValue"/>: none is.</summary>
    public int Held
    {
        get
        {
            int held = int.MaxValue;
            foreach (ElementaryStream stream in _streams)
                if (stream.IsOpen) held = Math.Min(held, stream.FirstPacket);
            foreach (PidState table in _tables)
                if (table.Sections is { IsOpen: true } run) held = Math.Min(held, run.Packets[0].Packet);
            return held;
        }
    }

    /// <summary>Begins a segment.</summary>
    /// <param name="name">Its name for messages.</param>
    /// <param name="key">What opens it; <see langword="null"/> where no METHOD=SAMPLE-AES is in force. Ownership: taken.</param>
    /// <param name="isDiscontinuous">Whether it does not go on from the one before.</param>
    /// <param name="window">The packets that are held.</param>
    public void Begin(string name, SampleAesKey? key, bool isDiscontinuous, Span<byte> window)
    {
        if (!ReferenceEquals(key, _key))
        {
            if (_key is not null) _retired.Add(_key);
            _key = key;
        }

        if (isDiscontinuous)
        {
            CheckSections();
            CloseAll(window);
            // Another producer may have made what follows.
            _marksSeen = _tookUnmarked = false;
            foreach (PidState state in _known) state.Forget();
        }
        else
        {
            foreach (PidState state in _known) state.Refresh();
        }

        (_name, _number) = (name, 0);
        GiveBack();
    }

    /// <summary>Takes a packet.</summary>
    /// <param name="window">The window.</param>
    /// <param name="at">Where in it the packet begins; it is whole.</param>
    /// <exception cref="MediaFormatException">It is malformed, lost its predecessor, or is protected in a way that is not opened here.</exception>
    /// <exception cref="UnitDecryptionException">Something that ends before it cannot be decrypted.</exception>
    public void Take(Span<byte> window, int at)
    {
        _number++;
        Span<byte> bytes = window.Slice(at, TsPacket.Size);
        if (TsPacket.TryRead(bytes, out TsPacket packet) is { } problem) throw At(packet.Pid).Error(OtherKind(window, at) ?? problem);
        if (packet.Pid == TsPacket.NullPid) return;
        if (packet.Scrambling != 0) throw At(packet.Pid).Error("the packet is scrambled (transport_scrambling_control): conditional access and ISO/IEC 23001-9 are not opened here");
        PidState state = _pids[packet.Pid] ?? Meet(packet.Pid);
        if (state.Sections is null && state.Stream is null)
        {
            if (packet.HasPayload) state.Unknown++;
            return;
        }

        if (state.Follow(packet, bytes, out bool isDuplicate) is { } lost) throw At(packet.Pid).Error(lost);
        if (!packet.HasPayload) return;
        if (state.Stream is { } stream) TakePayload(stream, packet, window, at, isDuplicate);
        else if (isDuplicate && !packet.BeginsUnit) throw At(packet.Pid).Error("a packet within a section is repeated");
        else TakeSections(state, packet, window, at);
    }

    /// <summary>The window begins later by so many bytes.</summary>
    public void Shift(int by)
    {
        foreach (ElementaryStream stream in _streams) stream.Shift(by);
        foreach (PidState table in _tables) table.Sections!.Shift(by);
    }

    /// <summary>No more packets come: what was not complete without the next is.</summary>
    public void Finish(Span<byte> window)
    {
        if (!_hasAssociation) throw Place.Error(_number == 0 ? "there is no packet" : "there is no PAT, and nothing says what the packets carry");
        if (_tables.TrueForAll(static table => table.Maps.Count == 0)) throw Place.Error("there is no PMT, and nothing says what the packets carry");
        CheckSections();
        CloseAll(window);
        GiveBack();
    }

    public void Dispose()
    {
        foreach (ElementaryStream stream in _streams) stream.Dispose();
        foreach (SampleAesKey key in _retired) key.Dispose();
        _key?.Dispose();
    }

    private UnitPlace At(int pid) => new(_name, _number, pid, (_number - 1) * TsPacket.Size);

    /// <summary>Where the first packets are none, the segment may be of a kind that is known and not read.</summary>
    private string? OtherKind(ReadOnlySpan<byte> window, int at)
    {
        int start = at - (int)Math.Min((_number - 1) * TsPacket.Size, at);
        return _number <= 2 ? ContainerSniffer.Problem(ContainerSniffer.Recognize(window[start..])) : null;
    }

    private void CheckSections()
    {
        foreach (PidState table in _tables)
            if (table.Sections!.IsOpen) throw At(table.Pid).Error("the last section is cut short");
    }

    private PidState Meet(int pid)
    {
        PidState state = new(pid);
        _pids[pid] = state;
        _known.Add(state);
        if (pid == 0)
        {
            state.Sections = new SectionRun();
            _tables.Add(state);
        }

        return state;
    }

    // ---- elementary streams

    private void TakePayload(ElementaryStream stream, in TsPacket packet, Span<byte> window, int at, bool isDuplicate)
    {
        if (isDuplicate)
        {
            if (stream.IsOpen) stream.Repeat(new PacketSlice(at, packet.PayloadStart) { IsDuplicate = true });
            else if (!stream.Skips) throw At(packet.Pid).Error("a packet is repeated after the PES packet that it ends was complete");
            return;
        }

        if (packet.BeginsUnit)
        {
            if (stream.IsReceiving) EndPacket(stream, window);
            if (stream.IsOpen && !GoesOn(stream, packet, window.Slice(at, TsPacket.Size))) Close(stream, window);
            UnitPlace place = At(packet.Pid);
            bool isChosen = handler.IsChosen(stream.Entry);
            SampleAesKey? key = isChosen ? KeyOf(stream.Entry, place) : null;
            stream.Skips = !isChosen || !handler.Wants(stream.Entry, key);
            if (stream.Skips) return;
            stream.Begin(place, key);
        }
        else if (!stream.IsReceiving)
        {
            if (stream.Skips) return;
            // What has begun before anything could be read of it cannot be opened, and needs not be where it is clear.
            if (stream.HasBegun) throw At(packet.Pid).Error("bytes stand behind the end of a PES packet");
            if (!handler.IsChosen(stream.Entry)) return;
            if (KeyOf(stream.Entry, At(packet.Pid)) is not null) throw At(packet.Pid).Error("the stream begins within a PES packet, of which the beginning is missing");
            PassedOver++;
            return;
        }

        if (stream.Add(new PacketSlice(at, packet.PayloadStart), window, out bool isComplete) is { } problem) throw At(packet.Pid).Error(problem);
        if (isComplete) EndPacket(stream, window);
    }

    private void EndPacket(ElementaryStream stream, Span<byte> window)
    {
        if (stream.Append(window) is { } problem) throw stream.Place.Error(problem);
        // Whether a NAL unit goes on is only seen in the PES packet that follows.
        if (stream.Begun.Codec is not (StreamCodec.Avc or StreamCodec.Hevc) && handler.IsWhole(stream)) Close(stream, window);
    }

    /// <summary>Whether a PES packet of video begins within a NAL unit.</summary>
    private static bool GoesOn(ElementaryStream stream, in TsPacket packet, ReadOnlySpan<byte> bytes)
    {
        if (stream.Begun.Codec is not (StreamCodec.Avc or StreamCodec.Hevc)) return true;
        ReadOnlySpan<byte> payload = bytes[packet.PayloadStart..];
        if (payload.Length < PesHeader.Head || payload.Length < PesHeader.Head + payload[8] + 4) return false;
        return !NalScanner.BeginsWithStartCode(payload[(PesHeader.Head + payload[8])..]);
    }

    private void Close(ElementaryStream stream, Span<byte> window)
    {
        handler.Handle(stream, window);
        stream.Clear();
        if (_retired.Count > 0) GiveBack();
    }

    private void CloseAll(Span<byte> window)
    {
        foreach (ElementaryStream stream in _streams) CloseWhole(stream, window);
    }

    private void CloseWhole(ElementaryStream stream, Span<byte> window)
    {
        if (stream.IsReceiving) EndPacket(stream, window);
        if (stream.IsOpen) Close(stream, window);
    }

    /// <summary>Keys of segments that are over go back when nothing is left that has begun in them.</summary>
    private void GiveBack()
    {
        for (int i = _retired.Count - 1; i >= 0; i--)
        {
            SampleAesKey key = _retired[i];
            if (ReferenceEquals(key, _key) || _streams.Exists(stream => ReferenceEquals(stream.Key, key))) continue;
            key.Dispose();
            _retired.RemoveAt(i);
        }
    }

    private SampleAesKey? KeyOf(StreamEntry entry, in UnitPlace place)
    {
        if (entry.IsMarked) return _key ?? throw place.Error($"{entry} is marked as protected with SAMPLE-AES, and no such key is in force here");
        if (_key is not { OpensUnmarked: true } || _marksSeen || !entry.IsInUnmarkedProgram) return null;
        if (entry.Codec is StreamCodec.Hevc or StreamCodec.OtherMedia) throw place.Error($"SAMPLE-AES is in force, and no rule says how it protects {entry}");
        if (entry.Codec is StreamCodec.Data or StreamCodec.Id3) return null;
        TookUnmarked = _tookUnmarked = true;
        return _key;
    }

    // ---- tables

    private void TakeSections(PidState state, in TsPacket packet, Span<byte> window, int at)
    {
        SectionRun run = state.Sections!;
        ReadOnlySpan<byte> payload = window[(at + packet.PayloadStart)..(at + TsPacket.Size)];
        if (run.Add(payload, new PacketSlice(at, packet.PayloadStart), packet.BeginsUnit, out bool isComplete) is { } problem) throw At(packet.Pid).Error(problem);
        if (!isComplete) return;
        _maps.Clear();
        for (int i = 0; i < run.Sections.Count; i++)
        {
            ReadOnlySpan<byte> section = run.Section(i);
            ProgramMap? map = null;
            if (section[0] == (state.Pid == 0 ? ProgramAssociation.TableId : ProgramMap.TableId))
            {
                if ((section[1] & 0x80) == 0 || section.Length < 12) throw At(packet.Pid).Error("a section of the tables is too short");
                if (Crc32Mpeg.Of(section) != 0) throw At(packet.Pid).Error("the CRC of a section does not hold");
                if (state.Pid == 0) Associate(section);
                else map = ReadMap(state, section, window);
            }

            _maps.Add(map);
        }

        if (state.Pid != 0) handler.HandleMaps(run, _maps, window, At(packet.Pid));
        run.Clear();
    }

    private void Associate(ReadOnlySpan<byte> section)
    {
        _hasAssociation = true;
        if ((section[5] & 1) == 0) return;
        _listed.Clear();
        if (ProgramAssociation.TryRead(section, _listed) is { } problem) throw At(0).Error(problem);
        foreach (int pid in _listed)
        {
            PidState state = _pids[pid] ?? Meet(pid);
            if (state.Sections is not null) continue;
            if (state.Stream is not null) throw At(0).Error($"PID 0x{pid:X} is said to carry a program map and an elementary stream");
            if (_tables.Count > TransportStreamLimits.Programs) throw At(0).Error($"more than {TransportStreamLimits.Programs} programs have been listed");
            state.Sections = new SectionRun();
            _tables.Add(state);
        }
    }

    private ProgramMap ReadMap(PidState state, ReadOnlySpan<byte> section, Span<byte> window)
    {
        foreach (ProgramMap known in state.Maps)
            if (known.IsSame(section)) return known;
        ProgramMap map = ProgramMap.TryRead(section, out string? problem) ?? throw At(state.Pid).Error(problem!);
        if (map.UsesCommonEncryption) throw At(state.Pid).Error("the program is protected with Common Encryption of transport streams (ISO/IEC 23001-9), which is not opened here");
        if (map.IsCurrent) Apply(map, state, window);
        return map;
    }

    private void Apply(ProgramMap map, PidState state, Span<byte> window)
    {
        state.Maps.RemoveAll(known => known.Program == map.Program);
        if (_tables.Sum(static table => table.Maps.Count) == TransportStreamLimits.Programs) throw At(state.Pid).Error($"there are maps of more than {TransportStreamLimits.Programs} programs");
        state.Maps.Add(map);
        _marksSeen |= map.Streams.Exists(static stream => stream.IsMarked);
        if (_marksSeen && _tookUnmarked) throw At(state.Pid).Error("the program marks its protected streams, after streams without such a mark were taken for protected because the playlist says so");
        foreach (StreamEntry entry in map.Streams) Enter(entry, window);
        for (int i = _streams.Count - 1; i >= 0; i--)
        {
            ElementaryStream stream = _streams[i];
            if (_tables.Exists(table => table.Maps.Exists(m => m.Streams.Exists(entry => entry.Pid == stream.Entry.Pid)))) continue;
            CloseWhole(stream, window);
            handler.End(stream);
            stream.Dispose();
            _streams.RemoveAt(i);
            _pids[stream.Entry.Pid]!.Stream = null;
        }
    }

    private void Enter(StreamEntry entry, Span<byte> window)
    {
        PidState state = _pids[entry.Pid] ?? Meet(entry.Pid);
        if (state.Sections is not null) throw At(entry.Pid).Error($"PID 0x{entry.Pid:X} is said to carry a program map and an elementary stream");
        if (state.Stream is { } stream)
        {
            if (stream.Entry.Codec != entry.Codec)
            {
                CloseWhole(stream, window);
                handler.End(stream);
                stream.State = null;
            }

            if (!stream.Entry.IsLike(entry)) stream.Entry = entry;
            return;
        }

        if (_streams.Count == TransportStreamLimits.Streams) throw At(entry.Pid).Error($"there are more than {TransportStreamLimits.Streams} elementary streams");
        if (state.Unknown > 0 && handler.IsChosen(entry))
        {
            if (KeyOf(entry, At(entry.Pid)) is not null) throw At(entry.Pid).Error($"packets of {entry}, which is protected, stand before the PMT that says what they are");
            PassedOver += state.Unknown;
        }

        state.Stream = new ElementaryStream(entry);
        _streams.Add(state.Stream);
    }
}
