using System.Runtime.CompilerServices;

namespace Keyway.Decryption;

/// <summary>The schemes in counter mode: <c>cenc</c> and <c>cens</c> (ISO/IEC 23001-7, 10.1 and 10.3).</summary>
/// <remarks>
/// <code>
/// sample   |clear|▒▒▒ protected ▒▒▒|clear|▒▒▒ protected ▒▒▒|
///
/// cenc            0 1 2 3 4 5 6 7 8       8 9 …              key stream, byte by byte: the next range goes on inside a block
///
/// cens 1:2        █ ─ ─ █ ─ ─ █ ─ ╴       █ ─ ─ █ ─ ─ ╴      █ encrypted block, ─ skipped block, ╴ partial block
///                 0     1     2           3     4            only encrypted blocks use key stream, and it runs on;
///                                                            the pattern begins again in each range, and is followed
///                                                            until the range ends; partial blocks are clear
/// cens 0:0        █ █ █ █ █ █ █ █ ╴                          no pattern: every whole block
/// </code>
/// </remarks>
internal static unsafe class Cenc
{
    /// <summary>Decrypts a sample in place.</summary>
    /// <param name="key">The key; the caller holds a reference.</param>
    /// <param name="sample">The whole sample.</param>
    /// <param name="protection">How it is protected.</param>
    /// <param name="map">What checking it has found.</param>
    public static void Decrypt(ContentKey key, Span<byte> sample, in SampleProtection protection, in SampleMap map)
    {
        if (map.WholeBlocks && protection.Subsamples.IsEmpty && protection.Scheme == ProtectionScheme.Cenc)
        {
            // Nothing to gather and nothing to make ahead.
            CounterBlock counter = new(protection.InitializationVector);
            fixed (byte* start = sample) AesCtr.Xor(key, start, (nuint)sample.Length / AesHardware.BlockSize, ref counter);
            return;
        }

        DecryptParts(key, sample, protection, map);
    }

    /// <summary>What needs working memory on the stack, apart so that nobody else pays for it.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DecryptParts(ContentKey key, Span<byte> sample, in SampleProtection protection, in SampleMap map)
    {
        fixed (byte* start = sample)
        {
            if (protection.Scheme == ProtectionScheme.Cens || (map.WholeBlocks && !protection.Subsamples.IsEmpty))
            {
                byte** places = stackalloc byte*[BlockList.Places];
                Blocks(key, start, (nuint)sample.Length, protection, new BlockList(places));
                return;
            }

            byte* ahead = stackalloc byte[KeyStream.AheadSize];
            KeyStream stream = new(key, protection.InitializationVector, map.ProtectedBytes, ahead);
            if (protection.Subsamples.IsEmpty)
            {
                stream.Xor(start, (nuint)sample.Length);
                return;
            }

            byte* at = start;
            foreach (Subsample range in protection.Subsamples)
            {
                at += range.ClearBytes;
                stream.Xor(at, range.ProtectedBytes);
                at += range.ProtectedBytes;
            }
        }
    }

    /// <summary>Ranges of whole blocks: <c>cens</c>, and <c>cenc</c> where every range is a multiple of 16 bytes.</summary>
    private static void Blocks(ContentKey key, byte* at, nuint length, in SampleProtection protection, BlockList list)
    {
        CounterBlock counter = new(protection.InitializationVector);
        nuint crypt = protection.CryptBlocks;
        nuint skip = protection.HasPattern ? protection.SkipBlocks : 0u;
        if (protection.Subsamples.IsEmpty)
        {
            nuint blocks = length / AesHardware.BlockSize;
            if (skip == 0) Run(key, at, blocks, ref list, ref counter);
            else Range(key, at, blocks, crypt, skip, ref list, ref counter);
        }

        foreach (Subsample range in protection.Subsamples)
        {
            at += range.ClearBytes;
            nuint blocks = range.ProtectedBytes / AesHardware.BlockSize;
            if (skip == 0) Run(key, at, blocks, ref list, ref counter);
            else Range(key, at, blocks, crypt, skip, ref list, ref counter);
            at += range.ProtectedBytes;
        }

        Flush(key, ref list, ref counter);
    }

    /// <summary>A range with a pattern.</summary>
    private static void Range(ContentKey key, byte* at, nuint blocks, nuint crypt, nuint skip, ref BlockList list, ref CounterBlock counter)
    {
        if (crypt == 1)
        {
            nuint stride = (1 + skip) * AesHardware.BlockSize;
            for (nuint left = (blocks + skip) / (1 + skip); left != 0;)
            {
                if (list.IsFull) Flush(key, ref list, ref counter);
                nuint noted = list.AddStrided(at, left, stride);
                at += noted * stride;
                left -= noted;
            }

            return;
        }

        while (blocks != 0)
        {
            nuint run = nuint.Min(crypt, blocks);
            Run(key, at, run, ref list, ref counter);
            nuint turn = nuint.Min(crypt + skip, blocks);
            at += turn * AesHardware.BlockSize;
            blocks -= turn;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run(ContentKey key, byte* at, nuint blocks, ref BlockList list, ref CounterBlock counter)
    {
        if (blocks == 0) return;
        if (blocks <= 8)
        {
            if (list.IsFull) Flush(key, ref list, ref counter);
            list.Add(at, (int)blocks);
            return;
        }

        // Not much longer ones go the same way: working the list off before its time leaves odd blocks, which cost more.
        if (blocks <= 16)
        {
            if (list.IsFull) Flush(key, ref list, ref counter);
            list.Add(at, 8);
            if (list.IsFull) Flush(key, ref list, ref counter);
            list.Add(at + 8 * AesHardware.BlockSize, (int)blocks - 8);
            return;
        }

        Flush(key, ref list, ref counter);
        AesCtr.Xor(key, at, blocks, ref counter);
    }

    private static void Flush(ContentKey key, ref BlockList list, ref CounterBlock counter)
    {
        if (list.Count == 0) return;
        AesCtr.XorList(key, list.Blocks, (nuint)list.Count, ref counter);
        list.Clear();
    }
}
