using Keyway.Mp4.Decrypting;
using Keyway.Mp4.Samples;

namespace Keyway.Mp4.Reading;

/// <summary>Bytes that follow one another, and the samples among them that are to be decrypted before they are handed on.</summary>
/// <param name="buffer">Where they are.</param>
internal sealed class Batch(Memory<byte> buffer)
{
    private readonly List<Opening> _openings = new(4);
    private readonly List<FragmentOpener> _ended = [];
    private readonly List<long> _marks = [];

    /// <summary>How many bytes there are.</summary>
    public int Length { get; private set; }

    public int Capacity => buffer.Length;

    public int Room => buffer.Length - Length;

    public ReadOnlyMemory<byte> Bytes => buffer[..Length];

    /// <summary>How much it counts as, of what may be in memory.</summary>
    public required int Size { get; init; }

    /// <summary>The samples that it is, where it is one fragment's and its bytes are theirs.</summary>
    public SourceFragment? Fragment { get; init; }

    /// <summary>Whether there is anything to decrypt.</summary>
    public bool IsProtected => _openings.Count > 0;

    /// <summary>Whether what decrypts it has to be waited for.</summary>
    public bool MayWait { get; private set; }

    /// <summary>Decrypting; <see langword="null"/> where nothing is to be done or nobody has begun.</summary>
    public Task? Work { get; set; }

    /// <summary>The places in the file up to which units end here.</summary>
    public List<long> Marks => _marks;

    /// <summary>Memory for bytes that come next.</summary>
    public Memory<byte> Take(int count)
    {
        Length += count;
        return buffer.Slice(Length - count, count);
    }

    /// <summary>Gives bytes back of which nothing came.</summary>
    public void GiveBack(int count) => Length -= count;

    /// <summary>Notes samples of a fragment.</summary>
    public void Add(FragmentOpener fragment, int count, int shift)
    {
        if (count == 0) return;
        _openings.Add(new Opening(fragment, fragment.Next, count, shift));
        MayWait |= fragment.MayWait;
        fragment.Next += count;
    }

    /// <summary>Notes that a fragment has no further samples: its keys go back when this batch is written.</summary>
    public void End(FragmentOpener fragment) => _ended.Add(fragment);

    public void Mark(long position) => _marks.Add(position);

    /// <summary>The work on earlier samples of the same fragments that is still going on: their keys serve one thread at a time.</summary>
    public List<Task> Before()
    {
        List<Task> before = [];
        foreach (Opening opening in _openings)
            if (opening.Fragment.Work is { IsCompleted: false } work && !before.Contains(work)) before.Add(work);
        return before;
    }

    /// <summary>Says who decrypts this batch, for the next one with samples of the same fragments.</summary>
    public void Begin(Task work)
    {
        Work = work;
        foreach (Opening opening in _openings) opening.Fragment.Work = work;
    }

    /// <summary>Decrypts.</summary>
    /// <exception cref="SampleDecryptionException">A sample cannot be decrypted.</exception>
    public void Open()
    {
        foreach (Opening opening in _openings) opening.Fragment.Open(buffer.Span[..Length], opening.Shift, opening.First, opening.Count);
    }

    /// <summary>Decrypts, and waits where that takes waiting.</summary>
    /// <inheritdoc cref="Open"/>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        foreach (Opening opening in _openings)
            await opening.Fragment.OpenAsync(buffer[..Length], opening.Shift, opening.First, opening.Count, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives back the keys and tables of fragments that end here, in their order.</summary>
    public void Close(SampleTablePool tables)
    {
        foreach (FragmentOpener fragment in _ended)
        {
            fragment.Dispose();

            // A taker of samples goes by their table.
            if (Fragment is null) tables.Return(fragment.Table);
        }

        _ended.Clear();
    }

    /// <summary>Makes it empty.</summary>
    public void Reset()
    {
        _openings.Clear();
        _ended.Clear();
        _marks.Clear();
        Length = 0;
        MayWait = false;
        Work = null;
    }

    private readonly record struct Opening(FragmentOpener Fragment, int First, int Count, int Shift);
}
