using System.Buffers;

namespace Keyway.MediaUnits;

/// <summary>The next piece of a track on its way to the reader of its samples: an initialisation segment, a media segment, or a file of both. Whatever the container is.</summary>
/// <remarks>
/// <para>
/// Either its bytes are in memory, checked, or they come from a stream that is read once. Its samples are played at its <see cref="Place"/>, and nobody has to ask which bytes
/// they were: they are those of this unit.
/// </para>
/// <para>Ownership: that of the reader that took it, who may change the bytes (samples are decrypted where they lie) and releases it once with <see cref="DisposeAsync"/>. What
/// was made of its bytes and lives on holds it with <see cref="Hold"/>. Threads: one reader; it is released from any.</para>
/// </remarks>
internal sealed class MediaUnit : IAsyncDisposable, IDisposable
{
    private byte[]? _pooled;
    private int _holders = 1;
    private int _disposed;
    private Action? _released;

    private MediaUnit(MediaUnitKind kind, string name, SamplePlace? place) => (Kind, Name, Place) = (kind, name, place);

    /// <summary>What it is.</summary>
    public MediaUnitKind Kind { get; }

    /// <summary>Its name for messages.</summary>
    public string Name { get; }

    /// <summary>When its samples are played, and which of them; of an initialisation segment, those after it. <see langword="null"/>: all of them, when they say.</summary>
    public SamplePlace? Place { get; }

    /// <summary>Its bytes, where it is in memory.</summary>
    public Memory<byte> Bytes { get; private init; }

    /// <summary>What it is read from otherwise. A file that can seek may be read in any order.</summary>
    public Stream? Stream { get; private init; }

    /// <summary>Where its first byte stands in the file that it is a part of: offsets in it may count from the beginning of that file.</summary>
    public long Origin { get; private init; }

    /// <summary>Whether what describes it says that it does not go on from what was before.</summary>
    public bool IsDiscontinuous { get; private init; }

    /// <summary>The key of its protected samples, where that is said beside it; <see langword="null"/>: they say it themselves.</summary>
    public IUnitKey? Key { get; private init; }

    /// <summary>An initialisation segment.</summary>
    /// <param name="bytes">The whole segment. Never changed: several units may share it.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="place">When the segments after it are played.</param>
    public static MediaUnit Initialization(ReadOnlyMemory<byte> bytes, string name, SamplePlace? place = null) => new(MediaUnitKind.Initialization, name, place) { Bytes = bytes.ToArray() };

    /// <summary>A media segment.</summary>
    /// <param name="bytes">The whole segment, checked.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="place">When it is played.</param>
    /// <param name="pooled">The shared array that holds the bytes, which goes back to <see cref="ArrayPool{T}.Shared"/> with the unit; <see langword="null"/>: none does.</param>
    /// <param name="origin">Where it begins in the file that it is a part of.</param>
    /// <param name="isDiscontinuous">Whether it does not go on from what was before.</param>
    /// <param name="key">The key of its protected samples, where that is said beside it.</param>
    public static MediaUnit Segment(Memory<byte> bytes, string name, SamplePlace? place = null, byte[]? pooled = null, long origin = 0, bool isDiscontinuous = false, IUnitKey? key = null) =>
        new(MediaUnitKind.Segment, name, place) { Bytes = bytes, _pooled = pooled, Origin = origin, IsDiscontinuous = isDiscontinuous, Key = key };

    /// <summary>A media segment that is too large to be in memory: it is read forward, once.</summary>
    /// <param name="stream">The segment. Ownership: the unit's, where it is not left open.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="place">When it is played.</param>
    /// <param name="origin">Where it begins in the file that it is a part of.</param>
    /// <param name="isDiscontinuous">Whether it does not go on from what was before.</param>
    /// <param name="key">The key of its protected samples, where that is said beside it.</param>
    /// <param name="leaveOpen">Whether the stream stays its owner's.</param>
    public static MediaUnit Segment(Stream stream, string name, SamplePlace? place = null, long origin = 0, bool isDiscontinuous = false, IUnitKey? key = null, bool leaveOpen = false) =>
        new(MediaUnitKind.Segment, name, place) { Stream = stream, Origin = origin, IsDiscontinuous = isDiscontinuous, Key = key, LeavesOpen = leaveOpen };

    /// <summary>A file as it is.</summary>
    /// <param name="stream">The file, from its current position. Ownership: the unit's, where it is not left open.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="place">When it is played.</param>
    /// <param name="leaveOpen">Whether the stream stays its owner's.</param>
    public static MediaUnit File(Stream stream, string name, SamplePlace? place = null, bool leaveOpen = false) => new(MediaUnitKind.File, name, place) { Stream = stream, LeavesOpen = leaveOpen };

    private bool LeavesOpen { get; init; }

    /// <summary>Has something done when nobody needs its bytes any more, once.</summary>
    public void OnReleased(Action released) => _released = released;

    /// <summary>Keeps the bytes until <see cref="Release"/>.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>Releases the bytes. The last one to do so returns their memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0) return;
        if (Interlocked.Exchange(ref _pooled, null) is { } pooled) ArrayPool<byte>.Shared.Return(pooled);
        Interlocked.Exchange(ref _released, null)?.Invoke();
    }

    /// <summary>Ends the reading of it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        if (!LeavesOpen) Stream?.Dispose();
        Release();
    }

    /// <summary>Ends the reading of it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        if (Stream is not null && !LeavesOpen) await Stream.DisposeAsync().ConfigureAwait(false);
        Release();
    }
}
