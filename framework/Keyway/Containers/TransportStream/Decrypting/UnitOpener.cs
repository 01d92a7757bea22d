using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Decrypting;

/// <summary>Decrypts the protected units of one elementary stream where they lie.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal abstract class UnitOpener
{
    private SampleAesKey? _key;

    /// <summary>Units that were protected.</summary>
    public long ProtectedUnits { get; protected set; }

    /// <summary>Units that are too short to have anything protected in them, or of a kind that never is.</summary>
    public long ClearUnits { get; protected set; }

    /// <summary>Whether what was decrypted has been shown to be right, and not only not to be wrong.</summary>
    public bool IsVerified { get; protected set; }

    /// <summary>Whether units were left to somebody else to open that can only be opened by trying.</summary>
    public bool IsUndecided { get; protected set; }

    /// <summary>What should be known of what was opened; <see langword="null"/>: nothing.</summary>
    public virtual string? Note => null;

    /// <summary>What was opened so far.</summary>
    public StreamSummary Summarize(int pid, StreamCodec codec, byte type) =>
        new() { Pid = pid, Codec = codec, Type = type, ProtectedUnits = ProtectedUnits, ClearUnits = ClearUnits, IsVerified = IsVerified };

    /// <summary>The opener of a codec; <see langword="null"/> where no rule says how it is protected.</summary>
    public static UnitOpener? For(StreamCodec codec) => codec switch
    {
        StreamCodec.Avc => new AvcOpener(),
        StreamCodec.Aac => new AdtsOpener(),
        StreamCodec.Ac3 or StreamCodec.EAc3 => new DolbyOpener(),
        _ => null,
    };

    /// <summary>Whether bytes end where a unit does. Where they do not, the rest of the last one is in the next PES packet.</summary>
    public abstract bool IsWhole(ReadOnlySpan<byte> bytes);

    /// <summary>Decrypts units.</summary>
    /// <param name="bytes">Whole units, one after another.</param>
    /// <param name="key">What opens them.</param>
    /// <param name="isMarked">Whether the stream itself says that it is protected. Otherwise it may turn out not to be, and is left as it is.</param>
    /// <param name="place">Where they stand.</param>
    /// <returns>How many bytes they have then, from the beginning of <paramref name="bytes"/>.</returns>
    /// <exception cref="MediaFormatException">They are not what their format has.</exception>
    /// <exception cref="UnitDecryptionException">There is no key, or it does not fit.</exception>
    public int Open(Span<byte> bytes, SampleAesKey key, bool isMarked, in UnitPlace place)
    {
        if (!ReferenceEquals(key, _key))
        {
            // Segments under one key have a lease each.
            if (_key is null || _key.Id != key.Id || !_key.Vector.SequenceEqual(key.Vector)) Forget();
            _key = key;
        }

        return OpenUnits(bytes, key, isMarked, place);
    }

    /// <inheritdoc cref="Open"/>
    protected abstract int OpenUnits(Span<byte> bytes, SampleAesKey key, bool isMarked, in UnitPlace place);

    /// <summary>Another key begins: what is known of the last one says nothing of it.</summary>
    protected abstract void Forget();
}
