using System.Runtime.InteropServices;
using Keyway.Decryption;

namespace Keyway.Mp4;

/// <summary>Looks whether the keys of one track bring to light what its samples have (<see cref="KeySignature"/>): of each key until three in a row have said so.</summary>
/// <remarks>Threads: any. What a key has shown stays known, so that damage to the media later on is not taken for a wrong key.</remarks>
internal sealed class KeyCheck
{
    /// <summary>So many samples in a row decide. One in 65 536 has a sync word by chance, and one in about a hundred looks like AV1.</summary>
    public const int Decisive = 3;

    private readonly Lock _lock = new();
    private Dictionary<KeyId, Tally>? _tallies;
    private string? _format;
    private string? _signature;
    private string? _extent;

    /// <summary>Notes what is going to be opened.</summary>
    /// <param name="table">Samples of which at least one is protected.</param>
    public void Begin(SampleTable table)
    {
        if (_format is not null) return;
        uint format = table.Entry.ClearFormat;
        lock (_lock)
        {
            _extent = "whole samples";
            foreach (ref SampleRow row in table.Rows)
            {
                if (!table.NeedsKey(row)) continue;
                if (row.SubsampleCount > 0) _extent = "subsamples";
                break;
            }

            _signature = KeySignature.NameOf(format);
            _format = FourCc.Text(format);
        }
    }

    /// <summary>Looks at a sample that was decrypted.</summary>
    /// <returns><see langword="false"/> when it is the third in a row that is not what its format says: the key does not fit.</returns>
    public bool Accepts(uint format, ReadOnlySpan<byte> sample, in SampleProtection protection)
    {
        if (KeySignature.Judge(format, sample, protection) is not { } agrees) return true;
        lock (_lock)
        {
            ref Tally tally = ref CollectionsMarshal.GetValueRefOrAddDefault(_tallies ??= [], protection.KeyId, out _);
            if (tally.Row >= Decisive) return true;
            tally.Row = agrees ? Math.Max(0, tally.Row) + 1 : Math.Min(0, tally.Row) - 1;
            return tally.Row > -Decisive;
        }
    }

    /// <summary>What was learnt.</summary>
    /// <returns><see langword="null"/> when nothing was decrypted.</returns>
    public Mp4KeyCheck? ToResult()
    {
        lock (_lock)
        {
            if (_format is null) return null;
            if (_tallies is null) return new Mp4KeyCheck(Mp4KeyCheckResult.NotPossible, $"{_format}, {_extent}");
            Mp4KeyCheckResult result = Mp4KeyCheckResult.Fits;
            foreach (Tally tally in _tallies.Values)
                if (tally.Row < 0) result = Mp4KeyCheckResult.Doubtful;
            return new Mp4KeyCheck(result, $"{_format}, {_signature}");
        }
    }

    /// <summary>How many samples in a row agree, or with a minus contradict.</summary>
    private struct Tally
    {
        public int Row;
    }
}
