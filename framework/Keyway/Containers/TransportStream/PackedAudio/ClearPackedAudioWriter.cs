using System.IO.Pipelines;
using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Decrypting;

namespace Keyway.Containers.TransportStream.PackedAudio;

/// <summary>Writes packed audio clear, byte for byte as long as it was. What says that it was protected becomes padding of its tag.</summary>
/// <remarks>Segments are written one after another, each complete. Threads: one at a time.</remarks>
internal sealed class ClearPackedAudioWriter : IPackedAudioHandler, IDisposable
{
    private readonly PackedAudioWalker _walker = new();
    private UnitOpener? _opener;
    private SampleAesKey? _key;
    private ByteWindow? _window;
    private long _written;
    private bool _tookUnmarked;

    /// <summary>What was written so far.</summary>
    public TransportStreamSummary Summary => new()
    {
        Streams = _opener is null ? [] : [_opener.Summarize(0, _walker.Codec, 0)],
        BytesWritten = _written,
        Notes = [.. Notes],
    };

    private IEnumerable<string> Notes
    {
        get
        {
            if (_tookUnmarked && _opener is { ProtectedUnits: > 0 }) yield return ClearNotes.TookUnmarked;
            if (_opener?.Note is { } note) yield return note;
        }
    }

    /// <summary>Writes a whole segment clear where it lies in memory.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="key">What opens it; <see langword="null"/> where no METHOD=SAMPLE-AES is in force. Ownership: taken.</param>
    /// <exception cref="MediaFormatException">It is malformed or cut short, or protected and there is no key in force. What is there then is worthless.</exception>
    /// <exception cref="UnitDecryptionException">Something cannot be decrypted. What is there then is worthless.</exception>
    public static TransportStreamSummary ClearInPlace(Span<byte> segment, string name, SampleAesKey? key)
    {
        using ClearPackedAudioWriter writer = new();
        writer.Begin(name, key);
        writer._walker.Take(segment, isEnd: true, writer);
        writer._written = segment.Length;
        return writer.Summary;
    }

    /// <summary>Reads a segment and writes it.</summary>
    /// <param name="input">The segment, from its current position. Ownership: the caller's.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="key">What opens it; <see langword="null"/> where no METHOD=SAMPLE-AES is in force. Ownership: taken.</param>
    /// <param name="output">Where it goes. Ownership: the caller's, who completes it.</param>
    /// <param name="progress">Reports how many bytes have been written.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <inheritdoc cref="ClearInPlace" path="/exception"/>
    public async ValueTask WriteAsync(Stream input, string name, SampleAesKey? key, PipeWriter output, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ByteWindow window = _window ??= new ByteWindow();
        Begin(name, key);
        for (bool isEnd = false; !isEnd;)
        {
            // A tag, or an audio frame, is much smaller than a window may become.
            int read = await input.ReadAsync(window.Room(out _), cancellationToken).ConfigureAwait(false);
            window.Filled(read);
            isEnd = read == 0;
            window.Advance(_walker.Take(window.Bytes[window.Next..], isEnd, this));
            ReadOnlyMemory<byte> done = window.Done(int.MaxValue);
            await PipeOutput.WriteAsync(output, done, cancellationToken).ConfigureAwait(false);
            window.Release(done.Length);
            _written += done.Length;
            progress?.Report(_written);
        }
    }

    public void Dispose()
    {
        _key?.Dispose();
        _window?.Dispose();
    }

    void IPackedAudioHandler.HandleTag(Span<byte> bytes, in Id3Tag tag) => tag.RemoveDescription(bytes);

    void IPackedAudioHandler.HandleFrame(Span<byte> frame, bool isMarked, in UnitPlace place)
    {
        if (!PackedAudioKey.IsNeeded(_key, isMarked, place)) return;
        _tookUnmarked |= !isMarked;
        _opener ??= UnitOpener.For(_walker.Codec)!;
        _opener.Open(frame, _key!, isMarked, place);
    }

    private void Begin(string name, SampleAesKey? key)
    {
        if (!ReferenceEquals(key, _key)) _key?.Dispose();
        _key = key;
        _walker.Begin(name);
    }
}
