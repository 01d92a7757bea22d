using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Keyway.Decryption;

/// <summary>Collects scattered blocks, so that a kernel can take eight of them at once wherever they lie.</summary>
/// <remarks>Lives on the stack, over memory of the caller: <see cref="Capacity"/> + 8 places, because runs are noted eight places at a time.</remarks>
internal unsafe struct BlockList(byte** places)
{
    private readonly byte** _places = places;

    /// <summary>How many blocks the list takes before it is worked off.</summary>
    public const int Capacity = 256;

    /// <summary>How many places the caller's memory has.</summary>
    public const int Places = Capacity + 8;

    /// <summary>Where the blocks are.</summary>
    public readonly byte** Blocks => _places;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the next run of up to eight fits.</summary>
    public readonly bool IsFull => Count > Capacity - 8;

    /// <summary>Notes a run of one to eight contiguous blocks.</summary>
    /// <remarks>There must be room: see <see cref="IsFull"/>.</remarks>
    /// <param name="first">The first.</param>
    /// <param name="count">How many.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(byte* first, int count)
    {
        // Stores without a branch: the next run, or nobody, overwrites the surplus.
        Vector128<ulong> places = Vector128.Create((ulong)first) + Vector128.Create(0UL, 16);
        ulong* at = (ulong*)(_places + Count);
        places.Store(at);
        (places + Vector128.Create(32UL)).Store(at + 2);
        (places + Vector128.Create(64UL)).Store(at + 4);
        (places + Vector128.Create(96UL)).Store(at + 6);
        Count += count;
    }

    /// <summary>Notes blocks at equal distances, as many as there is room for.</summary>
    /// <param name="first">The first.</param>
    /// <param name="blocks">How many there are.</param>
    /// <param name="stride">The distance from block to block in bytes.</param>
    /// <returns>How many were noted.</returns>
    public nuint AddStrided(byte* first, nuint blocks, nuint stride)
    {
        nuint noted = nuint.Min(blocks, (nuint)(Capacity - Count));
        byte** at = _places + Count;
        for (byte** end = at + noted; at != end; at++, first += stride) *at = first;
        Count += (int)noted;
        return noted;
    }

    /// <summary>Empties the list.</summary>
    public void Clear() => Count = 0;
}
