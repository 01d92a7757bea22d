using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Demultiplexing;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>Makes tracks of a transport stream: H.264, HEVC, AAC, AC-3 and E-AC-3.</summary>
internal sealed class TsSampleReader : ISampleReader, IStreamHandler
{
    private readonly Demultiplexer _packets;
    private readonly ByteWindow _window = new();
    private readonly StreamClock _clock = new();
    private readonly List<UnitBuilder> _builders = [];
    private readonly List<StreamEntry> _entries = [];
    private readonly List<ElementaryTrack> _tracks = [];
    private readonly Func<StreamEntry, bool>? _chosen;
    private long _read;

    /// <param name="chosen">Which streams become tracks; without it, all that can.</param>
    public TsSampleReader(Func<StreamEntry, bool>? chosen = null)
    {
        _packets = new Demultiplexer(this);
        _chosen = chosen;
    }

    /// <inheritdoc/>
    public IReadOnlyList<ElementaryTrack> Tracks => _tracks;

    /// <inheritdoc/>
    public TransportStreamSummary Summary => new()
    {
        Streams = [.. _builders.Select((builder, i) => builder.Opener?.Summarize(_entries[i].Pid, _entries[i].Codec, _entries[i].Type)
            ?? new StreamSummary { Pid = _entries[i].Pid, Codec = _entries[i].Codec, Type = _entries[i].Type, ProtectedUnits = 0, ClearUnits = 0, IsVerified = false })],
        BytesWritten = _read,
        Notes = [.. Notes],
    };

    /// <inheritdoc/>
    public bool IsUndecided => _packets.TookUnmarked || _builders.Exists(static builder => builder.Opener is { IsUndecided: true });

    private IEnumerable<string> Notes
    {
        get
        {
            if (_packets.TookUnmarked && _builders.Exists(static builder => builder.Opener is { ProtectedUnits: > 0 })) yield return ClearNotes.TookUnmarked;
            for (int i = 0; i < _builders.Count; i++)
            {
                if (_builders[i].Note is { } note) yield return $"{_entries[i]}: {note}";
                if (_builders[i].Opener?.Note is { } other) yield return $"{_entries[i]}: {other}";
            }

            if (_packets.PassedOver > 0) yield return $"{_packets.PassedOver} packets stand before what would say what they carry, or go on with what has begun before them, and were left out";
            foreach (ElementaryStream stream in _packets.Streams)
                if (!IsSampled(stream.Entry.Codec)) yield return $"{stream.Entry} is not made into samples";
        }
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(Stream segment, string name, SampleAesKey? key, bool isDiscontinuous = false, CancellationToken cancellationToken = default)
    {
        _packets.Begin(name, key, isDiscontinuous, _window.Bytes);
        if (isDiscontinuous)
        {
            foreach (UnitBuilder builder in _builders) builder.Break();
            _clock.Reset();
        }

        while (true)
        {
            Memory<byte> room = _window.Room(out int shift);
            if (shift > 0) _packets.Shift(shift);
            if (room.IsEmpty) throw _packets.Place.Error($"a PES packet is not complete {TransportStreamLimits.HeldBytes} bytes after its beginning");
            int read = await segment.ReadAsync(room, cancellationToken).ConfigureAwait(false);
            if (read == 0) break;
            _window.Filled(read);
            _read += read;
            for (; _window.Rest >= TsPacket.Size; _window.Advance(TsPacket.Size)) _packets.Take(_window.Bytes, _window.Next);
            _window.Release(_window.Done(_packets.Held).Length);
        }

        if (_window.Rest > 0) throw _packets.Place.Error($"the last packet is cut short: {_window.Rest} bytes stand behind it");
        foreach (UnitBuilder builder in _builders) builder.Flush();
    }

    /// <inheritdoc/>
    public void Finish()
    {
        _packets.Finish(_window.Bytes);
        foreach (UnitBuilder builder in _builders)
        {
            builder.Finish();
            builder.Track.IsProtected = builder.Opener is { ProtectedUnits: > 0 };
        }
    }

    public void Dispose()
    {
        _packets.Dispose();
        _window.Dispose();
        foreach (UnitBuilder builder in _builders) builder.Dispose();
    }

    bool IStreamHandler.IsChosen(StreamEntry entry) => IsSampled(entry.Codec) && _chosen?.Invoke(entry) != false;

    bool IStreamHandler.Wants(StreamEntry entry, SampleAesKey? key) => true;

    bool IStreamHandler.IsWhole(ElementaryStream stream) => BuilderOf(stream).IsWhole(stream.Data);

    void IStreamHandler.Handle(ElementaryStream stream, Span<byte> window) => BuilderOf(stream).Add(stream.Data, stream.Parts, stream.Key, stream.Begun.IsMarked, stream.Place);

    void IStreamHandler.HandleMaps(SectionRun run, IReadOnlyList<ProgramMap?> maps, Span<byte> window, in UnitPlace place)
    {
        foreach (ProgramMap? map in maps)
        {
            if (map is not { IsCurrent: true }) continue;
            foreach (StreamEntry entry in map.Streams)
                foreach (ElementaryStream stream in _packets.Streams)
                    if (stream.Entry.Pid == entry.Pid && ((IStreamHandler)this).IsChosen(entry)) BuilderOf(stream);
        }
    }

    void IStreamHandler.End(ElementaryStream stream) => (stream.State as UnitBuilder)?.Finish();

    private static bool IsSampled(StreamCodec codec) => codec is StreamCodec.Avc or StreamCodec.Hevc or StreamCodec.Aac or StreamCodec.Ac3 or StreamCodec.EAc3;

    private UnitBuilder BuilderOf(ElementaryStream stream) => stream.State as UnitBuilder ?? FindBuilder(stream);

    /// <summary>A stream that was not listed for a while goes on with its track.</summary>
    private UnitBuilder FindBuilder(ElementaryStream stream)
    {
        int index = _entries.FindIndex(entry => entry.Pid == stream.Begun.Pid && entry.Codec == stream.Begun.Codec);
        UnitBuilder builder = index >= 0 ? _builders[index] : UnitBuilder.For(stream.Begun, _clock)!;
        stream.State = builder;
        if (index >= 0) return builder;
        _builders.Add(builder);
        _entries.Add(stream.Begun);
        _tracks.Add(builder.Track);
        return builder;
    }
}
