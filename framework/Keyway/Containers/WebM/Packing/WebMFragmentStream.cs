using Keyway.Containers.WebM.Reading;
using Keyway.Containers.WebM.Structure;

namespace Keyway.Containers.WebM.Packing;

/// <summary>A WebM file as fragmented MP4, made while it is read: for those who read samples. What is encrypted stays so.</summary>
/// <remarks>Memory is bounded by what is read at a time. Threads: one reader. Ownership: the file is the stream's.</remarks>
/// <param name="file">The file, from its current position.</param>
/// <param name="name">Its name for messages.</param>
/// <param name="isInitialization">Whether it is an initialisation segment alone: then its segment goes on elsewhere.</param>
internal sealed class WebMFragmentStream(Stream file, string name, bool isInitialization = false) : ForwardStream
{
    private readonly WebMReader _reader = new(file, name) { IsInitialization = isInitialization };
    private readonly WebMPacker _packer = new();
    private ReadOnlyMemory<byte> _ready;
    private bool _isDescribed, _hasEnded;

    /// <summary>What is said of the tracks, once the first bytes were read.</summary>
    public WebMDescription? Description { get; private set; }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_ready.IsEmpty)
        {
            if (_hasEnded) return 0;
            _packer.Output.Clear();
            await NextAsync(cancellationToken).ConfigureAwait(false);
            _ready = _packer.Output.Written;
        }

        int count = Math.Min(buffer.Length, _ready.Length);
        _ready[..count].CopyTo(buffer);
        _ready = _ready[count..];
        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _reader.Dispose();
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask NextAsync(CancellationToken cancellationToken)
    {
        if (!await _reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            _hasEnded = true;
            Describe();
            _packer.Finish();
            return;
        }

        if (_reader.Kind == SlabKind.Description)
        {
            // A second file behind the first.
            _packer.Finish();
            _isDescribed = false;
        }
        else if (_reader.Blocks.Count > 0)
        {
            Describe();
            _packer.Add(_reader);
        }
    }

    /// <summary>Writes the description, once the first frames are there: they say what the tracks do not.</summary>
    private void Describe()
    {
        if (_isDescribed) return;
        _isDescribed = true;
        Description = WebMDescription.Of(_reader, FirstFrames());
        _packer.Begin(Description.Movie, _reader.Tracks, _reader.Clock);
        _packer.Output.Write(Description.Movie.Bytes);
    }

    private ReadOnlyMemory<byte>[] FirstFrames()
    {
        ReadOnlyMemory<byte>[] frames = new ReadOnlyMemory<byte>[_reader.Tracks.Count];
        foreach (WebMBlock block in _reader.Blocks)
        {
            if (!frames[block.Track].IsEmpty || block.Head.Lacing != BlockLacing.None) continue;
            ReadOnlyMemory<byte> frame = _reader.Slab[block.FrameAt..block.End];
            if (_reader.Tracks[block.Track].IsProtected)
            {
                if (FrameHead.TryRead(frame.Span, out FrameHead head) is not null) continue;
                frame = frame.Slice(head.Length, head.ClearAtStart(frame.Span));
            }

            frames[block.Track] = frame;
        }

        return frames;
    }
}
