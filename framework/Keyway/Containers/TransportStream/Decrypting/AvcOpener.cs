using Keyway.Containers.TransportStream.Codecs;
using Keyway.Decryption;

namespace Keyway.Containers.TransportStream.Decrypting;

/// <summary>Opens H.264: slices (NAL units of types 1 and 5) of more than 48 bytes.</summary>
/// <remarks>
/// <code>
/// as sent        00 00 01 │ header … 00 00 03 03 …                 escaped twice: once before encryption, once after
/// once unescaped          │ 32 clear │█│ 144 clear │█│ 144 clear │█│ … 1 to 16 clear      █ 16 bytes; the chain skips what is clear
/// clear          00 00 01 │ header … 00 00 03 …                    written as it is: it has its own escapes
/// </code>
/// Positions are counted once unescaped. Everything else is not touched, nor unescaped.
/// </remarks>
internal sealed class AvcOpener : UnitOpener
{
    /// <summary>Bytes of a NAL unit that stay clear at its beginning.</summary>
    public const int Lead = 32;

    /// <summary>Bytes from one encrypted block to the next.</summary>
    public const int Turn = 10 * Block;

    private const int Shortest = 48;
    private const int Block = 16;

    private readonly List<int> _escapes = [];
    private int _violations;
    private long _opened;
    private bool _isClear;

    /// <inheritdoc/>
    public override bool IsWhole(ReadOnlySpan<byte> bytes) => true;

    /// <inheritdoc/>
    protected override int OpenUnits(Span<byte> bytes, SampleAesKey key, bool isMarked, in UnitPlace place)
    {
        NalScanner scanner = new(bytes, _escapes);
        int read = 0, written = 0;
        while (scanner.MoveNext())
        {
            // Behind the scanner nothing is looked at any more, so that the bytes may move.
            int start = scanner.Start, end = scanner.End;
            if (!IsProtected(bytes, start, end, _escapes, isMarked, place)) continue;
            if (scanner.Problem >= 0) throw place.Error("a protected NAL unit contains what no NAL unit may contain");
            Move(bytes, ref read, ref written, start);
            written += OpenUnit(bytes, start, end, _escapes, bytes[written..], key, place);
            read = end;
        }

        if (scanner.Problem >= 0) throw place.Error("bytes stand where a start code should");
        Move(bytes, ref read, ref written, bytes.Length);
        return written;
    }

    /// <summary>Whether a NAL unit of a protected stream is protected.</summary>
    /// <param name="bytes">What it lies in.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="escapes">Where its emulation prevention bytes are.</param>
    /// <param name="isMarked">Whether the stream itself says that it is protected.</param>
    /// <param name="place">Where it stands.</param>
    public bool IsProtected(ReadOnlySpan<byte> bytes, int start, int end, List<int> escapes, bool isMarked, in UnitPlace place)
    {
        bool isProtected = start < end && (bytes[start] & 0x1F) is 1 or 5 && end - start - escapes.Count > Shortest && !(_isClear && !isMarked);
        if (isProtected && !isMarked && IsEscapedOnce(bytes, start, end, escapes))
        {
            if (_opened > 0) throw place.Error("the stream does not say that it is protected, was opened because its playlist does, and turns out to be clear");
            _isClear = true;
            isProtected = false;
        }

        if (!isProtected) ClearUnits++;
        return isProtected;
    }

    /// <summary>Decrypts a NAL unit.</summary>
    /// <param name="bytes">What it lies in.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="escapes">Where its emulation prevention bytes are.</param>
    /// <param name="output">Where it goes. It may be the same memory, and then not behind where it is.</param>
    /// <param name="key">What opens it.</param>
    /// <param name="place">Where it stands.</param>
    /// <returns>Its length.</returns>
    public int OpenUnit(ReadOnlySpan<byte> bytes, int start, int end, List<int> escapes, Span<byte> output, SampleAesKey key, in UnitPlace place)
    {
        int length = EmulationPrevention.Remove(bytes, start, end, escapes, output);
        Span<byte> nal = output[..length];
        int blocks = BlocksOf(length);
        key.OpenPattern(nal.Slice(Lead, ((blocks - 1) * Turn) + Block), place);
        if (!key.IsDeferred) Judge(nal, blocks, key, place);
        ProtectedUnits++;
        _opened++;
        return length;
    }

    /// <inheritdoc/>
    protected override void Forget()
    {
        _violations = 0;
        _opened = 0;
        _isClear = false;
    }

    private static void Move(Span<byte> bytes, ref int read, ref int written, int until)
    {
        if (read != written) bytes[read..until].CopyTo(bytes[written..]);
        written += until - read;
        read = until;
    }

    /// <summary>The clear NAL unit was escaped before it was encrypted. A wrong key shows now and then what cannot stand in it: once in five million bytes, by chance and never with the right one.</summary>
    private void Judge(ReadOnlySpan<byte> nal, int blocks, SampleAesKey key, in UnitPlace place)
    {
        for (int at = Lead - 2; at < nal.Length - 2; at++)
        {
            int pair = nal[at..].IndexOf("\0\0"u8);
            if (pair < 0) return;
            at += pair;
            if (at + 2 >= nal.Length || nal[at + 2] > 2) continue;
            // Where no byte of it was encrypted, the writer does not keep the rule.
            if (IsEncrypted(at, blocks) || IsEncrypted(at + 2, blocks)) _violations++;
            if (_violations > 1) throw new UnitDecryptionException(place, key.Id, DecryptStatus.Decrypted);
        }
    }

    /// <summary>
    /// Whether the escapes of what is never encrypted are those of a clear NAL unit. In a protected one they were escaped again: behind each stands the 03 of the first time.
    /// </summary>
    private static bool IsEscapedOnce(ReadOnlySpan<byte> bytes, int start, int end, List<int> escapes)
    {
        int blocks = BlocksOf(end - start - escapes.Count);
        for (int i = 0; i < escapes.Count && escapes[i] < end; i++)
        {
            int behind = escapes[i] - start - i;
            if (IsEncrypted(behind - 2, blocks) || IsEncrypted(behind, blocks)) continue;
            if (escapes[i] + 1 >= end || bytes[escapes[i] + 1] != 3) return true;
        }

        return false;
    }

    /// <summary>How many blocks are encrypted of a NAL unit that is a slice: more than 16 bytes follow the beginning of each.</summary>
    public static int BlocksOf(int length) => length > Shortest ? (length - Shortest + Turn - 1) / Turn : 0;

    private static bool IsEncrypted(int at, int blocks) => at >= Lead && (at - Lead) / Turn < blocks && (at - Lead) % Turn < Block;
}
