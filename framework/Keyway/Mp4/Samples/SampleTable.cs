using Keyway.Decryption;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Samples;

/// <summary>The samples of one track in one fragment, over the fragment's bytes: offset, size, times, and what opens them.</summary>
/// <remarks>
/// <code>
/// rows:        [ offset size duration flags composition | protection iv subsamples ] × Count
///                                                             │       │      └────► [ clear protected ] …      shared by all rows
///                                                             │       └───────────► 8 or 16 bytes …
///                                                             └───────────────────► key, pattern, constant vector
/// </code>
/// One table serves fragment after fragment: its arrays grow and stay.
/// </remarks>
internal sealed class SampleTable
{
    private const int LeastRows = 64;

    private SampleRow[] _rows = new SampleRow[LeastRows];
    private Subsample[] _subsamples = new Subsample[LeastRows];
    private byte[] _vectors = [];
    private int _subsampleCount;
    private int _vectorBytes;

    /// <summary>The track.</summary>
    public Track Track { get; private set; } = null!;

    /// <summary>The sample entry of all rows, from 0.</summary>
    public int EntryIndex { get; private set; }

    /// <summary>The number of the first sample within its track, from 1.</summary>
    public long FirstNumber { get; private set; }

    /// <summary>The decode time of the first sample, in the track's timescale.</summary>
    public ulong DecodeTime { get; private set; }

    public ProtectionScheme Scheme { get; set; }

    /// <summary>What looks whether the track's keys fit; none where nobody counts its samples.</summary>
    public KeyCheck? KeyCheck { get; set; }

    public int Count { get; private set; }

    /// <summary>How many samples are protected.</summary>
    public int ProtectedCount { get; set; }

    /// <summary>The ways of protection that occur, each once.</summary>
    public List<TrackEncryption> Protections { get; } = [];

    /// <summary>The rows.</summary>
    public Span<SampleRow> Rows => _rows.AsSpan(0, Count);

    public SampleEntry Entry => Track.Entries[EntryIndex];

    public ulong TotalDuration { get; private set; }

    /// <summary>Whether samples of the fragment are missing, or have other times than it said.</summary>
    public bool IsClipped { get; private set; }

    /// <summary>Leaves the first rows, which begin at a time.</summary>
    public void Shrink(int count, ulong decodeTime)
    {
        IsClipped = true;
        Count = count;
        DecodeTime = decodeTime;
        TotalDuration = 0;
        int protectedCount = 0;
        foreach (ref SampleRow row in Rows)
        {
            TotalDuration += row.Duration;
            if (ProtectedCount > 0 && Protections[row.Protection].IsProtected) protectedCount++;
        }

        ProtectedCount = protectedCount;
    }

    /// <summary>Moves all rows to another time.</summary>
    public void MoveTo(ulong decodeTime) => DecodeTime = decodeTime;

    /// <summary>Begins anew.</summary>
    public void Start(Track track, int entry, ulong decodeTime, long firstNumber)
    {
        Track = track;
        EntryIndex = entry;
        DecodeTime = decodeTime;
        FirstNumber = firstNumber;
        Count = 0;
        ProtectedCount = 0;
        TotalDuration = 0;
        IsClipped = false;
        Scheme = Entry.Scheme;
        KeyCheck = null;
        Protections.Clear();
        ForgetAuxiliary();
    }

    public ref SampleRow Add(int offset, int size, uint duration, uint flags, int composition)
    {
        if (Count == _rows.Length) Grow(ref _rows, Count, Count + 1);
        ref SampleRow row = ref _rows[Count++];
        row = new SampleRow { Offset = offset, Size = size, Duration = duration, Flags = flags, CompositionOffset = composition, Iv = -1 };
        TotalDuration += duration;
        return ref row;
    }

    /// <summary>The number of a protection, which is added when it is new.</summary>
    public int NumberOf(TrackEncryption protection)
    {
        for (int i = Protections.Count - 1; i >= 0; i--)
            if (ReferenceEquals(Protections[i], protection)) return i;
        Protections.Add(protection);
        return Protections.Count - 1;
    }

    public int AddVector(ReadOnlySpan<byte> vector)
    {
        if (_vectorBytes + vector.Length > _vectors.Length) Grow(ref _vectors, _vectorBytes, _vectorBytes + vector.Length);
        vector.CopyTo(_vectors.AsSpan(_vectorBytes));
        _vectorBytes += vector.Length;
        return _vectorBytes - vector.Length;
    }

    /// <summary>Makes room for subsamples, which the caller fills.</summary>
    public Span<Subsample> AddSubsamples(int count, out int first)
    {
        if (_subsampleCount + count > _subsamples.Length) Grow(ref _subsamples, _subsampleCount, _subsampleCount + count);
        first = _subsampleCount;
        _subsampleCount += count;
        return _subsamples.AsSpan(first, count);
    }

    public void DropSubsamples(int first) => _subsampleCount = first;

    /// <summary>Forgets vectors and subsamples, before another place for them is tried.</summary>
    public void ForgetAuxiliary()
    {
        _subsampleCount = 0;
        _vectorBytes = 0;
        foreach (ref SampleRow row in Rows)
        {
            row.Iv = -1;
            row.Subsamples = 0;
            row.SubsampleCount = 0;
        }
    }

    /// <summary>Whether a sample is protected and nothing gives it an initialisation vector.</summary>
    public bool LacksIv(in SampleRow row) => row.Iv < 0 && NeedsKey(row) && Protections[row.Protection].NeedsOwnIv;

    /// <summary>Whether a key is needed for this sample.</summary>
    public bool NeedsKey(in SampleRow row) => ProtectedCount > 0 && Protections[row.Protection].IsProtected && row.Size > 0 && row.SubsampleCount >= 0;

    /// <summary>Refuses protected samples of a scheme that is not Common Encryption before anybody is asked for a key, which would not open them.</summary>
    /// <exception cref="SampleDecryptionException">There are some.</exception>
    public void RefuseForeignScheme(string name)
    {
        if (Scheme != default || ProtectedCount == 0) return;
        int first = 0;
        foreach (ref SampleRow row in Rows)
        {
            if (NeedsKey(row)) throw new SampleDecryptionException(name, Track.Id, FirstNumber + first, Entry.Facts.SchemeType);
            first++;
        }
    }

    /// <summary>What the decryptor needs to know of a sample.</summary>
    public SampleProtection ProtectionOf(in SampleRow row)
    {
        TrackEncryption protection = Protections[row.Protection];
        return new SampleProtection
        {
            Scheme = Scheme,
            KeyId = protection.KeyId,
            InitializationVector = row.Iv >= 0 ? _vectors.AsSpan(row.Iv, row.IvSize) : protection.ConstantIv.Span,
            Subsamples = _subsamples.AsSpan(row.Subsamples, row.SubsampleCount),
            CryptBlocks = protection.CryptBlocks,
            SkipBlocks = protection.SkipBlocks,
        };
    }

    /// <summary>Gathers samples that one key opens, as its decryptor takes them.</summary>
    /// <param name="next">The first of them, which needs a key; then the first that is not among them.</param>
    /// <param name="end">Where to stop.</param>
    /// <param name="limit">How many bytes they have together, unless one alone has more.</param>
    /// <param name="bytes">Where they lie.</param>
    /// <param name="shift">How much further in than their offsets say.</param>
    /// <param name="rows">The rows that they are.</param>
    /// <returns>The batch. Samples between them that need no key are left out.</returns>
    public SampleBatch BatchOf(ref int next, int end, int limit, Memory<byte> bytes, int shift, out int[] rows)
    {
        int protectionIndex = _rows[next].Protection;
        TrackEncryption protection = Protections[protectionIndex];
        List<BatchSample> samples = [];
        List<int> numbers = [];
        bool isConstant = _rows[next].Iv < 0;
        for (long length = 0; next < end; next++)
        {
            ref SampleRow row = ref _rows[next];
            if (!NeedsKey(row)) continue;
            if (row.Protection != protectionIndex || row.Iv < 0 != isConstant || (samples.Count > 0 && length + row.Size > limit)) break;
            length += row.Size;
            numbers.Add(next);
            samples.Add(new BatchSample
            {
                Offset = row.Offset + shift,
                Length = row.Size,
                VectorOffset = isConstant ? 0 : row.Iv,
                VectorLength = isConstant ? protection.ConstantIv.Length : row.IvSize,
                FirstSubsample = row.Subsamples,
                SubsampleCount = row.SubsampleCount,
            });
        }

        rows = [.. numbers];
        return new SampleBatch
        {
            Bytes = bytes,
            Samples = samples.ToArray(),
            Subsamples = _subsamples.AsMemory(0, _subsampleCount),
            InitializationVectors = isConstant ? protection.ConstantIv : _vectors.AsMemory(0, _vectorBytes),
            Scheme = Scheme,
            KeyId = protection.KeyId,
            CryptBlocks = protection.CryptBlocks,
            SkipBlocks = protection.SkipBlocks,
        };
    }

    private static void Grow<T>(ref T[] array, int used, int wanted)
    {
        T[] larger = new T[Math.Max(wanted, array.Length * 2)];
        for (int i = 0; i < used; i++) larger[i] = array[i];
        array = larger;
    }
}
