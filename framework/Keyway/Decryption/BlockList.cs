namespace Keyway.Decryption;

/// <summary>Collects scattered blocks, so that a kernel can take eight of them at once wherever they lie.</summary>
/// <remarks>Lives on the stack, over memory of the caller: <see cref="Capacity"/> + 8 places, because runs are noted eight places at a time.</remarks>
internal unsafe struct BlockList(byte** places)
{
    /// <summary>How many blocks the list takes before it is worked off.</summary>
    public const int Capacity = 128;

    /// <summary>How many places the caller's memory has.</summary>
    public const int Places = Capacity + 8;

    /// <summary>Where the blocks are.</summary>
    public readonly byte** Blocks => places;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the next run of up to eight fits.</summary>
    public readonly bool IsFull => Count > Capacity - 8;

    /// <summary>Notes a run of one to eight contiguous blocks.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many.</param>
    public void Add(byte* first, int count)
    {
        // Eight stores without a branch: the next run, or nobody, overwrites the surplus.
        byte** at = places + Count;
        at[0] = first;
        at[1] = first + 16;
        at[2] = first + 32;
        at[3] = first + 48;
        at[4] = first + 64;
        at[5] = first + 80;
        at[6] = first + 96;
        at[7] = first + 112;
        Count += count;
    }

    /// <summary>Empties the list.</summary>
    public void Clear() => Count = 0;
}
