using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Keyway.Containers.WebM.Ebml;
using Keyway.Containers.WebM.Packing;
using Keyway.Containers.WebM.Reading;
using Keyway.Containers.WebM.Structure;
using Keyway.Decryption;
using Keyway.Mp4;
using Keyway.Mp4.Decrypting;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;
using Keyway.Mp4.Summary;

namespace Keyway.Containers.WebM.Clear;

/// <summary>Writes a file clear, exactly as long as it was: cues, positions and sizes that lead into it stay true.</summary>
/// <remarks>
/// <code>
/// ContentEncodings                          →  Void
/// Block  size   head signal     frame       →  size + 1   head frame                 one byte more for the size, where it has room
/// Block  size   head signal IV … frame      →  size       head frame │ Void          in the place of what stood before the frame
/// CRC-32 over any of these                  →  Void
/// </code>
/// What is not of an encrypted track is the same byte for byte. Threads: one at a time.
/// </remarks>
internal sealed class ClearWebMWriter(WebMReader reader, IMediaKeys keys, PipeWriter output, WebMDecryptOptions options)
{
    // Every track that was met, and those of the file that is being read: another may stand behind it.
    private readonly List<State> _states = [];
    private readonly List<State> _current = [];
    private readonly List<string> _notes = [];
    private bool _changes = true;
    private long _written;

    /// <summary>Writes all of it.</summary>
    /// <exception cref="MediaFormatException">It is malformed or cut short.</exception>
    /// <exception cref="SampleDecryptionException">A frame cannot be decrypted.</exception>
    public async ValueTask<Mp4Summary> WriteAsync(CancellationToken cancellationToken)
    {
        if (reader.Tracks.Count > 0) Describe(isThere: false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (reader.Kind == SlabKind.Description) Describe(isThere: true);
            if (reader.Blocks.Count > 0) await OpenAsync(cancellationToken).ConfigureAwait(false);
            if (_changes)
                foreach ((int start, int length) in reader.Checks) Vint.WriteVoid(reader.Slab.Span.Slice(start, length));
            await PipeOutput.WriteAsync(output, reader.Slab, cancellationToken).ConfigureAwait(false);
            _written += reader.Slab.Length;
            options.Progress?.Report(_written);
        }

        return new Mp4Summary { Tracks = [.. _states.Select(static state => state.Counter.ToSummary())], BytesWritten = _written, Notes = _notes };
    }

    /// <summary>Decides what becomes of each track, and takes away what says that those are encrypted that are opened.</summary>
    /// <param name="isThere">Whether that is among the bytes that were read.</param>
    private void Describe(bool isThere)
    {
        WebMMovie movie = WebMMovie.Of(reader.Tracks, reader.Clock, reader.Name);
        _changes = false;
        _current.Clear();
        for (int i = 0; i < reader.Tracks.Count; i++)
        {
            WebMTrack track = reader.Tracks[i];
            Mp4Track facts = movie.Facts[i];
            bool opens = track.IsProtected && (options.Tracks?.Invoke(facts) ?? true);
            if (opens && track.Problem is { } problem)
            {
                if (!options.AllowProtected) throw new MediaFormatException(reader.Name, problem);
                opens = false;
            }

            // A second file behind the first goes on with its tracks.
            State? known = _states.Find(each => each.Number == track.Number);
            State state = new(track.Number, i, movie[i]!, known?.Counter ?? new TrackCounter(facts) { IsForeign = track.IsProtected && track.Problem is not null }) { Opens = opens, KeyId = track.KeyId };
            if (known is null) _states.Add(state);
            else _states[_states.IndexOf(known)] = state;
            _current.Add(state);
            if (!opens) continue;
            _changes = true;
            if (track.KeyId.Length != KeyId.Size) _notes.Add($"track {track.Number}: its key is named {Convert.ToHexStringLower(track.KeyId.Span)}, {track.KeyId.Length} bytes; {KeyId.FromOpaque(track.KeyId.Span)} stands for that");
            if (!isThere) continue;
            foreach ((int start, int length) in track.Encodings.Concat(track.Checks)) Vint.WriteVoid(reader.Slab.Span.Slice(reader.TracksAt + start, length));
        }
    }

    private async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        foreach (State state in _current)
        {
            if (!TryFill(state)) continue;
            if (!state.Opens)
            {
                if (!state.Counter.IsForeign) state.Counter.LeftProtected += state.Table.ProtectedCount;
                continue;
            }

            if (SampleOpener.NeedsOf(state.Table, [], null, keys) is { } needs)
            {
                using IFragmentDecryptor lease = await keys.LeaseAsync(needs with { Track = state.Counter.Track }, cancellationToken).ConfigureAwait(false);
                using FragmentOpener opener = new(state.Table, lease, needs, reader.Name);
                try
                {
                    await opener.OpenAsync(reader.Slab, 0, 0, state.Table.Count, cancellationToken).ConfigureAwait(false);
                }
                catch (SampleDecryptionException exception) when (exception.Status == DecryptStatus.KeyNotFound && state.KeyId.Length != KeyId.Size)
                {
                    throw new SampleDecryptionException(reader.Name, exception.TrackId, exception.SampleNumber, exception.KeyId, state.KeyId.Span);
                }
            }

            foreach (WebMBlock block in reader.Blocks)
                if (block.Track == state.Index) Shrink(block);
        }
    }

    /// <summary>Lists the frames of a track.</summary>
    /// <returns><see langword="false"/>: there are none.</returns>
    private bool TryFill(State state)
    {
        SampleTable table = state.Table;
        table.Start(state.Track, 0, 0, state.Counter.Samples + 1);
        Span<byte> bytes = reader.Slab.Span;
        bool isCut = reader.Tracks[state.Index] is { IsProtected: true, Problem: null };
        TrackEncryption? hidden = isCut ? state.Track.Entries[0].Protection!.Encryption : null;
        int clear = table.NumberOf(TrackEncryption.Clear);
        foreach (ref readonly WebMBlock block in CollectionsMarshal.AsSpan(reader.Blocks))
        {
            if (block.Track != state.Index) continue;
            Span<byte> frame = bytes[block.FrameAt..block.End];
            if (hidden is null)
            {
                table.Add(block.FrameAt, frame.Length, 0, 0, 0).Protection = clear;
                continue;
            }

            FrameHead head = HeadOf(block, frame);
            ref SampleRow row = ref table.Add(block.FrameAt + head.Length, frame.Length - head.Length, 0, 0, 0);
            row.Protection = clear;
            if (!head.HidesBytes(frame)) continue;
            row.Protection = table.NumberOf(hidden);
            row.Iv = table.AddVector(frame.Slice(FrameHead.VectorAt, FrameHead.VectorSize));
            row.IvSize = FrameHead.VectorSize;
            table.ProtectedCount++;
            if (head.Offsets < 0) continue;
            Span<Subsample> pieces = table.AddSubsamples(head.Subsamples, out int first);
            head.Fill(frame, pieces);
            (row.Subsamples, row.SubsampleCount) = (first, pieces.Length);
        }

        if (table.Count == 0) return false;
        state.Counter.Note(table);
        return true;
    }

    private FrameHead HeadOf(in WebMBlock block, ReadOnlySpan<byte> frame)
    {
        if (block.Problem is { } unsaid) throw reader.Error(block, unsaid);
        return FrameHead.TryRead(frame, out FrameHead head) is { } problem ? throw reader.Error(block, problem) : head;
    }

    /// <summary>Takes away what stands before a frame, and fills the place.</summary>
    private void Shrink(in WebMBlock block)
    {
        Span<byte> bytes = reader.Slab.Span;
        FrameHead.TryRead(bytes[block.FrameAt..block.End], out FrameHead frame);
        int removed = frame.Length, sizeLength = block.ContentAt - block.SizeAt, size = block.End - block.ContentAt - removed, at = block.ContentAt;
        if (removed == 0) return;
        Span<byte> head = bytes.Slice(block.ContentAt, block.Head.Length);
        if (removed == 1 && sizeLength < Vint.Most)
        {
            head.CopyTo(bytes[(block.ContentAt + 1)..]);
            Vint.Write(bytes.Slice(block.SizeAt, sizeLength + 1), (ulong)size);
            return;
        }

        if (removed == 1)
        {
            // The smallest element that fills a place has two bytes: one is the size's.
            removed++;
            at--;
            sizeLength--;
            head.CopyTo(bytes[at..]);
        }

        bytes[(block.FrameAt + frame.Length)..block.End].CopyTo(bytes[(at + block.Head.Length)..]);
        Vint.Write(bytes.Slice(block.SizeAt, sizeLength), (ulong)size);
        Vint.WriteVoid(bytes[(block.End - removed)..block.End]);
    }

    /// <summary>A track, and what was read of it.</summary>
    private sealed class State(ulong number, int index, Track track, TrackCounter counter)
    {
        public ulong Number => number;

        public int Index => index;

        public Track Track => track;

        public TrackCounter Counter => counter;

        public SampleTable Table { get; } = new();

        public required bool Opens { get; init; }

        public required ReadOnlyMemory<byte> KeyId { get; init; }
    }
}
