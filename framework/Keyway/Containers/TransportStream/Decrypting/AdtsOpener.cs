using System.Numerics;
using Keyway.Containers.TransportStream.Codecs;
using Keyway.Decryption;

namespace Keyway.Containers.TransportStream.Decrypting;

/// <summary>Opens AAC in ADTS frames.</summary>
/// <remarks>
/// <code>
/// │ header 7 or 9 │ 16 clear │████████ whole blocks ████████│ 0 to 15 clear │
/// </code>
/// </remarks>
internal sealed class AdtsOpener : UnitOpener
{
    private const int Lead = 16;
    private const int Block = 16;

    /// <summary>Frames with a clear end that must have shown how this writer ends them.</summary>
    private const int Calibration = 16;

    /// <summary>Frames with another end, of those that a key has decrypted, that make it a wrong one. One frame in four ends rightly by chance.</summary>
    private const int Refuted = 4;

    private int _ended, _endedOtherwise, _fits, _misfits;

    /// <inheritdoc/>
    public override bool IsWhole(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= AdtsHeader.Least && AdtsHeader.TryRead(bytes, out AdtsHeader header) is null && header.Length <= bytes.Length) bytes = bytes[header.Length..];
        // What is no frame at all is reported by whoever opens it.
        return bytes.IsEmpty || (bytes.Length >= AdtsHeader.Least ? AdtsHeader.TryRead(bytes, out _) is not null : bytes[0] != 0xFF);
    }

    /// <inheritdoc/>
    protected override int OpenUnits(Span<byte> bytes, SampleAesKey key, bool isMarked, in UnitPlace place)
    {
        for (Span<byte> rest = bytes; !rest.IsEmpty;)
        {
            if (rest.Length < AdtsHeader.Least) throw place.Error("an ADTS frame is cut short");
            if (AdtsHeader.TryRead(rest, out AdtsHeader header) is { } problem) throw place.Error(problem);
            if (header.Length > rest.Length) throw place.Error($"an ADTS frame of {header.Length} bytes is cut short after {rest.Length}");
            Span<byte> frame = rest[..header.Length];
            rest = rest[header.Length..];
            int clear = header.Size + Lead;
            int blocks = Math.Max(0, frame.Length - clear) / Block;
            if (blocks == 0)
            {
                ClearUnits++;
                continue;
            }

            key.OpenBlocks(frame.Slice(clear, blocks * Block), place);
            ProtectedUnits++;
            if (!key.IsDeferred) Judge(frame, (frame.Length - clear) % Block, key, place);
        }

        return bytes.Length;
    }

    /// <inheritdoc/>
    protected override void Forget() => _fits = _misfits = 0;

    /// <summary>A frame ends with ID_END, three ones, and zeros that fill the byte (ISO/IEC 14496-3, 4.4.2.1). Where that is not encrypted it says whether this writer keeps to it, otherwise whether the key fits.</summary>
    private void Judge(ReadOnlySpan<byte> frame, int rest, SampleAesKey key, in UnitPlace place)
    {
        int end = (frame[^2] << 8) | frame[^1];
        bool ends = frame[^1] != 0 && ((end >> BitOperations.TrailingZeroCount(end)) & 7) == 7;
        if (rest >= 2)
        {
            if (ends) _ended++;
            else _endedOtherwise++;
            return;
        }

        if (rest == 1) return;
        if (ends) _fits++;
        else _misfits++;
        if (_ended >= Calibration && _endedOtherwise == 0 && _misfits >= Refuted && _misfits > _fits) throw new UnitDecryptionException(place, key.Id, DecryptStatus.Decrypted);
    }
}
