using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Keyway.Decryption;

/// <summary>The schemes in cipher block chaining: <c>cbcs</c> and <c>cbc1</c> (ISO/IEC 23001-7, 10.4 and 10.2).</summary>
/// <remarks>
/// <code>
/// sample   |clear|▒▒▒▒▒▒▒ protected ▒▒▒▒▒▒▒|clear|▒▒▒▒ protected ▒▒▒▒|
///
/// cbcs 1:9        █─────────█─────────█──╴        █─────────█───╴      █ encrypted block, ─ skipped block, ╴ partial block
///              IV─┘└───────►┘└───────►┘        IV─┘└───────►┘          the chain skips what the pattern skips; IV and pattern
///                                                                      begin again in each range
/// cbcs 0:0        ████████████████████╴                                no pattern: every whole block
///
/// cbc1            █████████████████████           ████████████         the chain runs on from range to range
///              IV─┘                   └──────────►┘
/// </code>
/// In both the pattern is followed until the range ends, and a partial block is clear. A vector of 8 bytes is followed by 8 zero bytes.
/// </remarks>
internal static unsafe class Cbcs
{
    /// <summary>Decrypts a sample in place.</summary>
    /// <param name="key">The key; the caller holds a reference.</param>
    /// <param name="sample">The whole sample.</param>
    /// <param name="protection">How it is protected.</param>
    [SkipLocalsInit]
    public static void Decrypt(ContentKey key, Span<byte> sample, in SampleProtection protection)
    {
        byte** places = stackalloc byte*[BlockList.Places];
        byte* chain = stackalloc byte[AesHardware.BlockSize];
        Walk walk = new(key, protection, chain, new BlockList(places));
        fixed (byte* start = sample)
        {
            byte* at = start;
            walk.Restart();
            if (protection.Subsamples.IsEmpty) walk.Range(at, (uint)sample.Length / AesHardware.BlockSize);
            foreach (Subsample range in protection.Subsamples)
            {
                at += range.ClearBytes;
                if (protection.Scheme == ProtectionScheme.Cbcs) walk.Restart();
                walk.Range(at, range.ProtectedBytes / AesHardware.BlockSize);
                at += range.ProtectedBytes;
            }

            walk.Flush();
        }
    }

    private ref struct Walk(ContentKey key, in SampleProtection protection, byte* chain, BlockList list)
    {
        private readonly Vector128<byte> _vector = Vector(protection.InitializationVector);
        private readonly uint _crypt = protection.CryptBlocks;
        private readonly uint _skip = protection.HasPattern ? protection.SkipBlocks : 0u;
        private BlockList _list = list;

        /// <summary>The chain begins again at the vector.</summary>
        public void Restart()
        {
            Flush();
            _vector.Store(chain);
        }

        public void Range(byte* at, uint blocks)
        {
            if (_skip == 0)
            {
                Run(at, blocks);
                return;
            }

            uint turn = _crypt + _skip;
            if (_crypt == 1)
            {
                Flush();
                AesCbc.Decrypt(key, at, (blocks + _skip) / turn, (nuint)turn * AesHardware.BlockSize, chain);
                return;
            }

            while (blocks != 0)
            {
                Run(at, uint.Min(_crypt, blocks));
                uint done = uint.Min(turn, blocks);
                at += (nuint)done * AesHardware.BlockSize;
                blocks -= done;
            }
        }

        /// <summary>Works the list off.</summary>
        public void Flush()
        {
            if (_list.Count == 0) return;
            AesCbc.DecryptList(key, _list.Blocks, (nuint)_list.Count, chain);
            _list.Clear();
        }

        private static Vector128<byte> Vector(ReadOnlySpan<byte> bytes) => bytes.Length == AesHardware.BlockSize
            ? Vector128.Create(bytes)
            : Vector128.Create(MemoryMarshal.Read<ulong>(bytes), 0).AsByte();

        private void Run(byte* at, uint blocks)
        {
            if (blocks == 0) return;
            if (blocks <= 8)
            {
                if (_list.IsFull) Flush();
                _list.Add(at, (int)blocks);
                return;
            }

            Flush();
            AesCbc.Decrypt(key, at, blocks, AesHardware.BlockSize, chain);
        }
    }
}
