using Keyway.Decryption;
using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.KeyChecks;

/// <summary>What the samples of one track have said of one key.</summary>
/// <remarks>
/// A sequential test: after each sample it is known how much likelier what was seen is under a wrong key than under the right one. Whatever is looked at and however often,
/// a right key reaches 2^<see cref="Refuting"/> with a probability of at most 2^-<see cref="Refuting"/> (Ville), as far as its samples keep to the models. Threads: any.
/// </remarks>
internal sealed class KeyEvidence
{
    /// <summary>So many samples in a row decide whose signature is a yes or a no. One in 65 536 has a sync word by chance, and one in about a hundred looks like AV1.</summary>
    public const int Decisive = 3;

    /// <summary>At so many bits a key is a wrong one: 6·10^-11 for a right one. What was promised is 10^-9; models are not content.</summary>
    public const double Refuting = 34;

    /// <summary>At so many bits below zero it is the right one, and nothing more is looked at: 10^-9 for a wrong one.</summary>
    public const double Settling = 30;

    /// <summary>What is enough for a report when there are no more samples.</summary>
    private const double Telling = 20;

    /// <summary>Beginnings of samples take a handful of values: some twenty that are spread tell.</summary>
    private const double FewHeads = 2;

    /// <summary>What a bit is worth that is never set: three of them make it certain, and one is a damaged packet.</summary>
    private const double OddBits = 13;

    private readonly Lock _lock = new();
    private HeadEvidence _heads = new(FewHeads);
    private UnitEvidence _units = new();
    private double _evens;
    private int _row;
    private long _samples, _bytes;
    private volatile bool _isSettled;

    private double Bits => _heads.Bits + _units.Bits + _evens;

    /// <summary>Looks at a sample that was decrypted.</summary>
    /// <returns><see langword="false"/> when it is the one that shows that the key does not fit.</returns>
    public bool Accepts(SampleEntry entry, ReadOnlySpan<byte> sample, in SampleProtection protection)
    {
        if (_isSettled) return true;
        lock (_lock)
        {
            if (_isSettled) return true;
            if (!Note(entry, sample, protection)) return true;
            _samples++;
            _bytes += sample.Length;
            _isSettled = _row >= Decisive || Bits <= -Settling || _samples >= Mp4Limits.KeyCheckSamples || _units.Scanned >= Mp4Limits.KeyCheckBytes;
            return _row > -Decisive && Bits < Refuting;
        }
    }

    /// <summary>What is known by now.</summary>
    public Mp4CheckedKey ToResult(KeyId id)
    {
        lock (_lock)
        {
            Mp4KeyCheckResult result = _samples == 0 ? Mp4KeyCheckResult.NotPossible
                : _row < 0 || Bits >= Telling ? Mp4KeyCheckResult.Doubtful
                : _row > 0 || Bits <= -Telling ? Mp4KeyCheckResult.Fits
                : Mp4KeyCheckResult.TooLittle;
            return new Mp4CheckedKey(id, result, _samples, _bytes);
        }
    }

    /// <returns>Whether the sample said anything.</returns>
    private bool Note(SampleEntry entry, ReadOnlySpan<byte> sample, in SampleProtection protection)
    {
        if (entry.Syntax.LengthSize > 0) return _units.Note(sample, entry.Syntax, protection);
        if (entry.Syntax.IsEven)
        {
            if (!KeySignature.IsCovered(sample, protection, 1)) return false;
            NoteEven(sample[0] & 1);
            return true;
        }

        if (entry.Syntax.HeadBits > 0)
        {
            if (!KeySignature.IsCovered(sample, protection, 1)) return entry.ClearFormat == FourCc.Vp09 && NoteMarkers(sample, entry.Facts.Width, protection);
            _heads.Note(sample[0], entry.Syntax.HeadBits);
            return true;
        }

        if (KeySignature.Judge(entry.ClearFormat, sample, protection) is not { } agrees) return false;
        _row = agrees ? Math.Max(0, _row) + 1 : Math.Min(0, _row) - 1;
        return true;
    }

    /// <summary>
    /// Of a VP9 frame whose uncompressed header alone is clear: the marker at the beginning of the compressed header, and that of the tiles. Only where what is encrypted begins
    /// exactly behind the header as it is read here: then both readers of it agree.
    /// </summary>
    private bool NoteMarkers(ReadOnlySpan<byte> sample, int width, in SampleProtection protection)
    {
        if (protection.Subsamples.IsEmpty) return false;
        Subsample first = protection.Subsamples[0];
        bool isStream = protection.Scheme == ProtectionScheme.Cenc;
        if (first.ProtectedBytes < (isStream ? 1 : KeySignature.Block) || !Vp9Frame.TryReadHeaders(sample, width, out int header, out int compressed) || header != first.ClearBytes) return false;
        NoteEven(sample[header] >> 7);
        int tiles = header + compressed;
        if (isStream && tiles < Math.Min(sample.Length, first.ClearBytes + (long)first.ProtectedBytes)) NoteEven(sample[tiles] >> 7);
        return true;
    }

    private void NoteEven(int bit) => _evens += bit == 0 ? -1 : OddBits;
}
