using System.Buffers;
using System.IO.Pipelines;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Demultiplexing;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Clear;

/// <summary>Writes transport streams clear: packet by packet as long as they were, so that byte ranges and bit rates that lead into them stay true.</summary>
/// <remarks>
/// <code>
/// PAT, PCR, other packets      →  the same bytes
/// PMT  type DB, CF, C1, C2     →  type 1B, 0F, 81, 87; without the descriptors that say protected; 0xFF behind
/// PES  protected units         →  clear units; what emulation prevention took is stuffing in the last packets
/// </code>
/// <para>
/// Segments are written one after another: a PES packet may end in the next one. Where each is to stand by itself, each has a writer of its own. The same input gives the same output
/// however it is cut into reads.
/// </para>
/// Threads: one at a time.
/// </remarks>
internal sealed class ClearTsWriter : IStreamHandler, IDisposable
{
    private readonly Demultiplexer _packets;
    private readonly List<(StreamEntry Entry, UnitOpener Opener)> _opened = [];
    private ByteWindow? _window;
    private long _written;

    public ClearTsWriter() => _packets = new Demultiplexer(this);

    /// <summary>What was written so far.</summary>
    public TransportStreamSummary Summary => new()
    {
        Streams = [.. _opened.Select(static each => each.Opener.Summarize(each.Entry.Pid, each.Entry.Codec, each.Entry.Type))],
        BytesWritten = _written,
        Notes = [.. Notes],
    };

    /// <summary>Writes a whole segment clear where it lies in memory. It stands by itself.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="key">What opens it; <see langword="null"/> where no METHOD=SAMPLE-AES is in force. Ownership: taken.</param>
    /// <param name="tables">What stands before it elsewhere: tables, which may be all that there are. Ownership: the caller's, they are not changed.</param>
    /// <exception cref="MediaFormatException">It is malformed or cut short, or protected in a way that is not opened here. What is there then is worthless.</exception>
    /// <exception cref="UnitDecryptionException">Something cannot be decrypted. What is there then is worthless.</exception>
    public static TransportStreamSummary ClearInPlace(Span<byte> segment, string name, SampleAesKey? key, ReadOnlySpan<byte> tables = default)
    {
        using ClearTsWriter writer = new();
        if (!tables.IsEmpty)
        {
            byte[] copy = tables.ToArray();
            writer._packets.Begin(name, key: null, isDiscontinuous: false, copy);
            writer.Take(copy);
        }

        writer._packets.Begin(name, key, isDiscontinuous: false, segment);
        writer.Take(segment);
        writer._packets.Finish(segment);
        writer._written = segment.Length;
        return writer.Summary;
    }

    private void Take(Span<byte> whole)
    {
        int at = 0;
        for (; at + TsPacket.Size <= whole.Length; at += TsPacket.Size) _packets.Take(whole, at);
        CheckRest(whole[at..]);
    }

    /// <summary>Reads a segment and writes what is complete. The rest follows with the next one, or with <see cref="FinishAsync"/>.</summary>
    /// <param name="input">The segment, from its current position. Ownership: the caller's.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="key">What opens it; <see langword="null"/> where no METHOD=SAMPLE-AES is in force. Ownership: taken.</param>
    /// <param name="output">Where it goes. Ownership: the caller's, who completes it.</param>
    /// <param name="isDiscontinuous">Whether it does not go on from the one before.</param>
    /// <param name="progress">Reports how many bytes have been written.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <inheritdoc cref="ClearInPlace" path="/exception"/>
    public async ValueTask WriteAsync(
        Stream input, string name, SampleAesKey? key, PipeWriter output, bool isDiscontinuous = false, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ByteWindow window = _window ??= new ByteWindow();
        _packets.Begin(name, key, isDiscontinuous, window.Bytes);
        Task writing = Task.CompletedTask;
        try
        {
            while (true)
            {
                // What is being written lies where it is until something moves.
                if (window.Moves) await writing.ConfigureAwait(false);
                Memory<byte> room = window.Room(out int shift);
                if (shift > 0) _packets.Shift(shift);
                if (room.IsEmpty) throw _packets.Place.Error($"a PES packet is not complete {TransportStreamLimits.HeldBytes} bytes after its beginning");
                int read = await input.ReadAsync(room, cancellationToken).ConfigureAwait(false);
                if (read == 0) break;
                window.Filled(read);
                for (; window.Rest >= TsPacket.Size; window.Advance(TsPacket.Size)) _packets.Take(window.Bytes, window.Next);
                await writing.ConfigureAwait(false);
                writing = EmitAsync(window, output, progress, cancellationToken).AsTask();
            }

            CheckRest(window.Bytes[window.Next..]);
        }
        finally
        {
            // Nobody else waits for it where something has failed.
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await writing.ConfigureAwait(false);
    }

    /// <summary>Writes what the last segment has left: no more follow.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public async ValueTask FinishAsync(PipeWriter output, CancellationToken cancellationToken = default)
    {
        ByteWindow window = _window ??= new ByteWindow();
        _packets.Finish(window.Bytes);
        await EmitAsync(window, output, progress: null, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _packets.Dispose();
        _window?.Dispose();
    }

    bool IStreamHandler.IsChosen(StreamEntry entry) => true;

    bool IStreamHandler.Wants(StreamEntry entry, SampleAesKey? key) => key is not null;

    bool IStreamHandler.IsWhole(ElementaryStream stream) => OpenerOf(stream).IsWhole(stream.Data);

    void IStreamHandler.Handle(ElementaryStream stream, Span<byte> window)
    {
        int length = OpenerOf(stream).Open(stream.Data, stream.Key!, stream.Begun.IsMarked, stream.Place);
        if (!stream.WriteBack(window, length)) throw stream.Place.Error("a PES packet shrinks by more than its packets can be filled up with");
    }

    void IStreamHandler.HandleMaps(SectionRun run, IReadOnlyList<ProgramMap?> maps, Span<byte> window, in UnitPlace place)
    {
        byte[]? clear = null;
        int length = 0;
        for (int i = 0; i < maps.Count; i++)
        {
            clear ??= ArrayPool<byte>.Shared.Rent(TransportStreamLimits.SectionRunBytes);
            int written = maps[i]?.WriteClear(clear.AsSpan(length)) ?? 0;
            if (written == 0)
            {
                run.Section(i).CopyTo(clear.AsSpan(length));
                written = run.Sections[i].Length;
            }

            length += written;
        }

        if (clear is null) return;
        if (length < run.Length)
        {
            if (maps.Count > 1 && run.Packets.Count > 1) throw place.Error("several sections share packets with a PMT that changes, which cannot be written in the same place");
            run.WriteBack(window, clear.AsSpan(0, length));
        }

        ArrayPool<byte>.Shared.Return(clear);
    }

    void IStreamHandler.End(ElementaryStream stream)
    {
    }

    private IEnumerable<string> Notes
    {
        get
        {
            if (_packets.TookUnmarked && _opened.Exists(static each => each.Opener.ProtectedUnits > 0))
                yield return ClearNotes.TookUnmarked;
            foreach ((StreamEntry entry, UnitOpener opener) in _opened)
                if (opener.Note is { } note) yield return $"{entry}: {note}";
        }
    }

    private UnitOpener OpenerOf(ElementaryStream stream) => stream.State as UnitOpener ?? FindOpener(stream);

    /// <summary>A stream that was not listed for a while goes on with its opener.</summary>
    private UnitOpener FindOpener(ElementaryStream stream)
    {
        int index = _opened.FindIndex(each => each.Entry.Pid == stream.Begun.Pid && each.Entry.Codec == stream.Begun.Codec);
        UnitOpener opener = index >= 0 ? _opened[index].Opener : UnitOpener.For(stream.Begun.Codec)!;
        if (index < 0) _opened.Add((stream.Begun, opener));
        stream.State = opener;
        return opener;
    }

    private async ValueTask EmitAsync(ByteWindow window, PipeWriter output, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> done = window.Done(_packets.Held);
        window.Release(done.Length);
        await PipeOutput.WriteAsync(output, done, cancellationToken).ConfigureAwait(false);
        _written += done.Length;
        progress?.Report(_written);
    }

    private void CheckRest(ReadOnlySpan<byte> rest)
    {
        if (!rest.IsEmpty) throw _packets.Place.Error($"the last packet is cut short: {rest.Length} bytes stand behind it");
    }
}
