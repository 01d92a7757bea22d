using Keyway.Containers.WebM.Ebml;

namespace Keyway.Containers.WebM.Structure;

/// <summary>Reads what a track says of how its frames are stored: <c>ContentEncodings</c> (RFC 9559, 5.1.4.1.31).</summary>
/// <remarks>
/// <code>
/// ContentEncodings ─ ContentEncoding × n ─ Order · Scope = 1 · Type = 1
///                                        └ ContentEncryption ─ Algo = 5 · KeyID · AESSettings ─ CipherMode = 1
/// </code>
/// Exactly that is opened: one encryption of frames with AES in counter mode. Everything else is named.
/// </remarks>
internal ref struct TrackEncodings
{
    private const ulong FrameScope = 1, Encryption = 1, Aes = 5, CounterMode = 1;

    private int _count, _encryptions;
    private string? _problem, _compression;
    private long _at;

    /// <summary>The identifier of the key; empty: none is said.</summary>
    public byte[] KeyId { get; private set; }

    /// <summary>Whether there is an encryption, of whatever kind.</summary>
    public readonly bool IsProtected => _encryptions > 0;

    /// <summary>Why frames cannot be opened.</summary>
    public readonly FormatError? Problem => IsProtected && (_problem ?? (_count > 1 ? $"a second ContentEncoding beside the encryption{(_compression is null ? "" : $" ({_compression})")}" : null)) is { } reason ? Error(reason) : null;

    /// <summary>Why frames are not those of the codec.</summary>
    public readonly FormatError? Compression => !IsProtected && (_compression ?? _problem) is { } reason ? Error(reason) : null;

    /// <summary>Reads one <c>ContentEncodings</c>.</summary>
    /// <param name="encodings">The cursor that stands on it, which takes what is wrong with the structure.</param>
    public void Read(ref EbmlCursor encodings)
    {
        KeyId ??= [];
        _at = encodings.ContentOffset;
        EbmlCursor each = encodings.Enter();
        while (each.MoveNext())
        {
            if (each.Id != EbmlId.ContentEncoding) continue;
            if (++_count > WebMLimits.Encodings) each.Fail($"more than {WebMLimits.Encodings} encodings of one track");
            else ReadOne(ref each);
        }

        if (each.Error is { } error) encodings.Fail(error);
    }

    private void ReadOne(ref EbmlCursor encoding)
    {
        ulong scope = FrameScope, type = 0;
        bool hasEncryption = false;
        EbmlCursor field = encoding.Enter();
        while (field.MoveNext())
        {
            if (field.Id == EbmlId.ContentEncodingScope) scope = field.Number();
            else if (field.Id == EbmlId.ContentEncodingType) type = field.Number();
            else if (field.Id == EbmlId.ContentEncryption)
            {
                hasEncryption = true;
                ReadEncryption(ref field);
            }
        }

        if (field.Error is { } error) encoding.Fail(error);
        if (type == Encryption)
        {
            if (++_encryptions > 1) _problem ??= "its frames are encrypted twice";
            if (!hasEncryption) _problem ??= "a ContentEncoding of type 1 without ContentEncryption: it is not said how its frames are encrypted";
            else if (KeyId.Length == 0) _problem ??= "a ContentEncryption without ContentEncKeyID: it is not said which key opens its frames";
            if (scope != FrameScope) _problem ??= $"a ContentEncryption of scope {scope}; frames alone (1) are opened";
        }
        else if (type == 0)
        {
            if (hasEncryption)
            {
                _encryptions++;
                _problem ??= "a ContentEncryption in a ContentEncoding of type 0, which is compression";
            }
            else _compression ??= "its frames are compressed (ContentCompression)";
        }
        else _problem ??= $"a ContentEncoding of type {type} is not known";
    }

    private void ReadEncryption(ref EbmlCursor encryption)
    {
        ulong algorithm = 0, mode = CounterMode;
        int ids = 0;
        EbmlCursor field = encryption.Enter();
        while (field.MoveNext())
        {
            if (field.Id == EbmlId.ContentEncAlgo) algorithm = field.Number();
            else if (field.Id == EbmlId.ContentEncKeyId)
            {
                if (field.Content.Length > WebMLimits.KeyIdBytes) field.Fail($"a key identifier of {field.Content.Length} bytes; {WebMLimits.KeyIdBytes} are accepted");
                else if (ids++ == 0) KeyId = field.Content.ToArray();
                else if (!field.Content.SequenceEqual(KeyId)) _problem ??= "two different ContentEncKeyID";
            }
            else if (field.Id == EbmlId.ContentEncAesSettings)
            {
                EbmlCursor setting = field.Enter();
                while (setting.MoveNext())
                    if (setting.Id == EbmlId.AesSettingsCipherMode) mode = setting.Number();
                if (setting.Error is { } inner) field.Fail(inner);
            }
        }

        if (field.Error is { } error) encryption.Fail(error);
        if (algorithm != Aes) _problem ??= algorithm == 0 ? "a ContentEncryption that only signs (ContentEncAlgo 0)" : $"ContentEncAlgo {algorithm}; AES (5) is opened";
        else if (mode != CounterMode) _problem ??= mode == 2 ? "AESSettingsCipherMode 2 (CBC); counter mode (1) is opened" : $"AESSettingsCipherMode {mode}; counter mode (1) is opened";
    }

    private readonly FormatError Error(string reason) => new(reason, "Segment/Tracks/TrackEntry/ContentEncodings", _at);
}
