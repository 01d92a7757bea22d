using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Keyway.Decryption;

/// <summary>One sample's AES-CTR key stream, which runs on byte by byte over the protected ranges that are handed to it.</summary>
/// <remarks>
/// Long ranges are worked in place. Short ones and the ends of long ones draw from a piece of key stream made ahead, because eight blocks
/// cost hardly more than one:
/// <code>
/// ranges      ▒▒▒▒▒▒▒  ▒▒▒▒  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
/// ahead      [███████][████][█]           the rest of the piece
/// in place                     ███████████████████████[█] whole blocks, then the end from a new piece
/// </code>
/// </remarks>
internal unsafe ref struct KeyStream
{
    /// <summary>The most that is made ahead.</summary>
    public const int AheadSize = 512;

    /// <summary>From this many bytes on a range is worked in place.</summary>
    private const int InPlace = 256;

    private readonly ContentKey _key;
    private readonly byte* _ahead;
    private CounterBlock _counter;
    private ulong _expected;
    private int _position;
    private int _end;

    /// <summary>Starts a sample.</summary>
    /// <param name="key">The key; the caller holds a reference.</param>
    /// <param name="vector">8 or 16 bytes.</param>
    /// <param name="total">How many bytes of key stream the sample takes altogether.</param>
    /// <param name="ahead">Memory for <see cref="AheadSize"/> bytes.</param>
    public KeyStream(ContentKey key, ReadOnlySpan<byte> vector, ulong total, byte* ahead)
    {
        _key = key;
        _counter = new CounterBlock(vector);
        _expected = total;
        _ahead = ahead;
    }

    /// <summary>Exclusive-ors the next protected range with the key stream.</summary>
    /// <param name="data">Where it begins.</param>
    /// <param name="length">How long it is.</param>
    public void Xor(byte* data, nuint length)
    {
        while (length != 0)
        {
            if (_position != _end)
            {
                nuint drawn = nuint.Min(length, (nuint)(_end - _position));
                Combine(data, _ahead + _position, drawn);
                _position += (int)drawn;
                data += drawn;
                length -= drawn;
            }
            else if (length >= InPlace || (length == _expected && length % AesHardware.BlockSize == 0))
            {
                nuint blocks = length / AesHardware.BlockSize;
                AesCtr.Xor(_key, data, blocks, ref _counter);
                nuint done = blocks * AesHardware.BlockSize;
                _expected -= done;
                data += done;
                length -= done;
            }
            else
            {
                // Not more than the sample still needs: a range may be its last.
                int size = (int)ulong.Min(_expected, AheadSize);
                int blocks = (size + AesHardware.BlockSize - 1) / AesHardware.BlockSize;
                new Span<byte>(_ahead, blocks * AesHardware.BlockSize).Clear();
                AesCtr.Xor(_key, _ahead, (nuint)blocks, ref _counter);
                _expected -= (ulong)size;
                _position = 0;
                _end = size;
            }
        }
    }

    private static void Combine(byte* data, byte* stream, nuint length)
    {
        for (; length >= 32; length -= 32, data += 32, stream += 32)
            (Vector256.Load(data) ^ Vector256.Load(stream)).Store(data);
        if ((length & 16) != 0)
        {
            (Vector128.Load(data) ^ Vector128.Load(stream)).Store(data);
            data += 16;
            stream += 16;
        }

        if ((length & 8) != 0)
        {
            Unsafe.WriteUnaligned(data, Unsafe.ReadUnaligned<ulong>(data) ^ Unsafe.ReadUnaligned<ulong>(stream));
            data += 8;
            stream += 8;
        }

        if ((length & 4) != 0)
        {
            Unsafe.WriteUnaligned(data, Unsafe.ReadUnaligned<uint>(data) ^ Unsafe.ReadUnaligned<uint>(stream));
            data += 4;
            stream += 4;
        }

        if ((length & 2) != 0)
        {
            Unsafe.WriteUnaligned(data, (ushort)(Unsafe.ReadUnaligned<ushort>(data) ^ Unsafe.ReadUnaligned<ushort>(stream)));
            data += 2;
            stream += 2;
        }

        if ((length & 1) != 0) *data ^= *stream;
    }
}
