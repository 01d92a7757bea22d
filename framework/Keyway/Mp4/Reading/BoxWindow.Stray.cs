using System.Buffers;
using System.Buffers.Binary;
using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.Reading;

/// <content>Bytes that are no box: what a file is that has none, and what stands between and behind boxes.</content>
internal sealed partial class BoxWindow
{
    /// <summary>What is left of a header at the end of a file, as opposed to bytes that belong to none: a size below 16 MiB, or a type that begins like one that is known.</summary>
    private static bool LooksCut(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.ContainsAnyExcept((byte)0)) return false;
        if (bytes.Length < 4) return bytes[0] == 0;
        uint size = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        ReadOnlySpan<byte> type = bytes[4..];
        if (bytes[0] == 0) return size is 1 or >= 8 && !type.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E);
        return type.Length > 0 && ("moof"u8.StartsWith(type) || "moov"u8.StartsWith(type) || "mdat"u8.StartsWith(type)) && !IsText(bytes);
    }

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        foreach (byte each in bytes)
            if (each is not (>= 0x20 and < 0x7F or 9 or 10 or 13)) return false;
        return true;
    }

    /// <summary>Whether a few bytes that are no box stand before the header of one, so that both together look like a header of an unknown type.</summary>
    private async ValueTask<bool> IsMisplacedAsync(long left, CancellationToken cancellationToken)
    {
        if (!KnowsMedia || _peeked != 8) return false;
        byte[] beginning = new byte[15];
        _header.AsSpan(0, 8).CopyTo(beginning);
        int have = 8 + await ReadAheadAsync(beginning.AsMemory(8, (int)Math.Min(7, left - 8)), cancellationToken).ConfigureAwait(false);
        PutBack(beginning.AsSpan(8, have - 8));
        return FindBox(beginning.AsSpan(0, have), 1, left) >= 0;
    }

    /// <summary>Names what a file is that does not begin with a box.</summary>
    private async ValueTask RefuseForeignAsync(CancellationToken cancellationToken)
    {
        byte[] beginning = new byte[ForeignFormat.Bytes];
        _header.AsSpan(0, _peeked).CopyTo(beginning);
        int have = _peeked + await ReadAheadAsync(beginning.AsMemory(_peeked), cancellationToken).ConfigureAwait(false);
        PutBack(beginning.AsSpan(_peeked, have - _peeked));
        if (ForeignFormat.NameOf(beginning.AsSpan(0, have)) is { } what) throw Error($"this is no MP4 file, but {what}", "", 0);
    }

    /// <summary>Measures bytes that are no box, up to the next box or the end of the file.</summary>
    /// <param name="left">How many bytes the file has from here.</param>
    /// <param name="error">What is wrong where they cannot be passed over: before anything that is media, where there are too many, or where they hold what must not be lost.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    private async ValueTask<TopBox> PassStrayAsync(long left, FormatError error, CancellationToken cancellationToken)
    {
        if (!KnowsMedia) throw Error(error);
        byte[] stray = new byte[256];
        int have = Math.Min(_peeked, stray.Length), next = -1;
        _header.AsSpan(0, have).CopyTo(stray);
        while (next < 0 && have < left)
        {
            if (have >= Mp4Limits.StrayBytes) break;
            if (have == stray.Length) Array.Resize(ref stray, Math.Min(2 * stray.Length, Mp4Limits.StrayBytes));
            int got = await ReadStreamAsync(stray.AsMemory(have, (int)Math.Min(stray.Length - have, left - have)), cancellationToken).ConfigureAwait(false);
            if (got == 0) break;
            next = FindBox(stray.AsSpan(0, have + got), Math.Max(1, have - 7), left);
            have += got;
        }

        long length = next >= 0 ? next : have;
        bool zeros = !stray.AsSpan(0, (int)length).ContainsAnyExcept((byte)0);
        if (next < 0 && have >= Mp4Limits.StrayBytes && zeros && CanSeek) length = await MeasureZerosAsync(have, left, cancellationToken).ConfigureAwait(false);
        else if (next < 0 && have >= Mp4Limits.StrayBytes) throw Error(error);
        if (length < 0 || StructureCodes.AreIn(stray.AsSpan(0, (int)Math.Min(length, have)))) throw Error(error);

        long at = Position;
        _peeked = (int)Math.Min(_peeked, length);
        if (CanSeek)
        {
            // What is in the window stays there.
            _ahead = [];
            _aheadAt = 0;
            _stream.Position = _origin + at + _peeked;
        }
        else
        {
            PutBack(stray.AsSpan(_peeked, have - _peeked));
        }

        string what = zeros ? "zeros" : IsText(stray.AsSpan(0, (int)Math.Min(length, have))) ? "text" : "of no known kind";
        Notes.Add(new FormatError($"{length} bytes that are no box ({what}) stand {(next >= 0 ? "between" : "behind")} the boxes", "", at));
        return new TopBox(0, at, _peeked, length);
    }

    /// <summary>Where a box begins that may stand at the top of a file; -1 if none does.</summary>
    private static int FindBox(ReadOnlySpan<byte> bytes, int from, long left)
    {
        for (int at = from; at + 8 <= bytes.Length; at++)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
            if (size is not (1 or >= 8) || size > left - at || !StructureCodes.IsTopLevel(BinaryPrimitives.ReadUInt32BigEndian(bytes[(at + 4)..]))) continue;
            if (left < long.MaxValue || bytes[at] == 0) return at;
        }

        return -1;
    }

    /// <summary>Follows zeros to the end of a file.</summary>
    /// <returns>How many there are; -1 when something else follows, or there are more than anybody waits for.</returns>
    private async ValueTask<long> MeasureZerosAsync(long known, long left, CancellationToken cancellationToken)
    {
        byte[] scratch = ArrayPool<byte>.Shared.Rent(Step);
        try
        {
            for (long length = known; length <= Mp4Limits.StrayZeros;)
            {
                int got = await ReadStreamAsync(scratch.AsMemory(0, (int)Math.Min(Step, left - length)), cancellationToken).ConfigureAwait(false);
                if (got == 0) return length;
                if (scratch.AsSpan(0, got).ContainsAnyExcept((byte)0)) return -1;
                length += got;
            }

            return -1;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private async ValueTask<int> ReadAheadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        int have = 0;
        while (have < destination.Length && await ReadStreamAsync(destination[have..], cancellationToken).ConfigureAwait(false) is > 0 and int got) have += got;
        return have;
    }

    /// <summary>Gives back bytes that were read ahead: they are what is read next.</summary>
    private void PutBack(ReadOnlySpan<byte> bytes)
    {
        _ahead = [.. bytes, .. _ahead.AsSpan(_aheadAt)];
        _aheadAt = 0;
    }
}
