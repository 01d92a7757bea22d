using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Demultiplexing;
using Keyway.Containers.TransportStream.Packets;
using Keyway.Containers.TransportStream.Samples;

namespace Keyway.Containers.TransportStream.PackedAudio;

/// <summary>Makes a track of packed audio.</summary>
/// <remarks>A tag says when the frame behind it is presented; one that does not leaves the count as it is. A file that says it nowhere begins at 0.</remarks>
internal sealed class PackedAudioSampleReader : ISampleReader, IPackedAudioHandler
{
    private readonly PackedAudioWalker _walker = new();
    private readonly ByteWindow _window = new();
    private readonly StreamClock _clock = new();
    private readonly PesPart[] _part = new PesPart[1];
    private UnitBuilder? _builder;
    private SampleAesKey? _key;
    private ElementaryTrack[] _tracks = [];
    private long _time;
    private long _read;
    private bool _tookUnmarked;

    /// <inheritdoc/>
    public IReadOnlyList<ElementaryTrack> Tracks => _tracks;

    /// <inheritdoc/>
    public TransportStreamSummary Summary => new()
    {
        Streams = _builder is null ? [] : [_builder.Opener!.Summarize(0, _walker.Codec, 0)],
        BytesWritten = _read,
        Notes = [.. Notes],
    };

    /// <inheritdoc/>
    public bool IsUndecided => _tookUnmarked || _builder?.Opener is { IsUndecided: true };

    private IEnumerable<string> Notes
    {
        get
        {
            if (_tookUnmarked && _builder?.Opener is { ProtectedUnits: > 0 }) yield return ClearNotes.TookUnmarked;
            if (_builder?.Opener?.Note is { } note) yield return note;
        }
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(Stream segment, string name, SampleAesKey? key, bool isDiscontinuous = false, CancellationToken cancellationToken = default)
    {
        if (!ReferenceEquals(key, _key)) _key?.Dispose();
        _key = key;
        if (isDiscontinuous)
        {
            _builder?.Break();
            _clock.Reset();
            _time = 0;
        }

        _walker.Begin(name);
        for (bool isEnd = false; !isEnd;)
        {
            int read = await segment.ReadAsync(_window.Room(out _), cancellationToken).ConfigureAwait(false);
            _window.Filled(read);
            _read += read;
            isEnd = read == 0;
            int taken = _walker.Take(_window.Bytes[_window.Next..], isEnd, this);
            _window.Advance(taken);
            _window.Release(taken);
        }

        _builder?.Flush();
    }

    /// <inheritdoc/>
    public void Finish()
    {
        if (_builder is null) return;
        _builder.Finish();
        _builder.Track.IsProtected = _builder.Opener is { ProtectedUnits: > 0 };
    }

    public void Dispose()
    {
        _key?.Dispose();
        _window.Dispose();
        _builder?.Dispose();
    }

    void IPackedAudioHandler.HandleTag(Span<byte> bytes, in Id3Tag tag)
    {
        if (tag.Timestamp >= 0) _time = tag.Timestamp;
    }

    void IPackedAudioHandler.HandleFrame(Span<byte> frame, bool isMarked, in UnitPlace place)
    {
        SampleAesKey? key = PackedAudioKey.IsNeeded(_key, isMarked, place) ? _key : null;
        _tookUnmarked |= key is not null && !isMarked;
        if (_builder is null)
        {
            _builder = UnitBuilder.For(new StreamEntry { Pid = 0, Type = 0, Codec = _walker.Codec, IsMarked = isMarked }, _clock)!;
            _tracks = [_builder.Track];
        }

        _part[0] = new PesPart { Name = place.Name, Pts = _time, Dts = _time };
        _time = -1;
        _builder.Add(frame, _part, key, isMarked, place);
    }
}
