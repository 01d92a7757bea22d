using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Keyway.PlayReady;

/// <summary>Initialisation data in every form that it is found in, taken apart down to the markup of the header.</summary>
internal sealed class PlayReadyInitData
{
    private const uint PsshType = 0x70737368;
    private const int BoxHead = 8;

    private static readonly Encoding Utf16 = new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true);
    private static readonly Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The markup of the WRMHEADER as found; <see langword="null"/> when the data has none.</summary>
    public string? Markup { get; private set; }

    /// <summary>Key identifiers of a version 1 box inside the data.</summary>
    public IReadOnlyList<KeyId> BoxKeyIds { get; private set; } = [];

    /// <summary>How the data was wrapped, and what was strange about it.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>The sizes of embedded licence stores, which stay closed.</summary>
    public List<int> LicenseStores { get; } = [];

    /// <summary>Takes data apart: base64 text, whole or headless boxes, a PlayReady Object, or a bare header in UTF-16 or UTF-8.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> payload, out PlayReadyInitData data, out PlayReadyFault fault)
    {
        data = new PlayReadyInitData();
        if (payload.Length > PlayReadyConstants.LongestMessage) return Fail($"{payload.Length} bytes are too many for a header", out fault);
        if (TryDecodeBase64(payload.Span) is byte[] decoded)
        {
            data.Notes.Add("base64 text");
            payload = decoded;
        }

        if (LooksLikeBox(payload.Span))
        {
            if (!data.TryOpenBoxes(payload, out payload, out fault)) return false;
        }
        else if (LooksLikeHeadlessBox(payload.Span))
        {
            data.Notes.Add("a pssh box without size and type");
            if (!data.TryOpenBox(payload, out payload, out fault)) return false;
        }

        fault = default;
        if (payload.IsEmpty) return true;   // a version 1 box may name its keys and carry nothing
        ReadOnlySpan<byte> bytes = payload.Span;
        if (StartsWithMarkup(bytes, out bool wide)) return data.TryTakeMarkup(bytes, wide, "a bare header", out fault);
        if (!PlayReadyObject.TryRead(payload, out PlayReadyObject? pro, out fault)) return false;

        data.Notes.AddRange(pro!.Warnings);
        foreach (PlayReadyObject.Record record in pro.Records)
        {
            if (record.Type == PlayReadyObject.LicenseStoreRecord) data.LicenseStores.Add(record.Value.Length);
            else if (record.Type == PlayReadyObject.HeaderRecord)
            {
                if (data.Markup is not null) data.Notes.Add("a second header record is passed over");
                else if (!data.TryTakeMarkup(record.Value.Span, wide: true, note: null, out fault)) return false;
            }
            else if (record.Type != PlayReadyObject.ReservedRecord) data.Notes.Add($"a record of type {record.Type} is passed over");
        }

        return true;
    }

    /// <summary>White space and line breaks inside base64 are common in manifests; no other form consists of these characters only.</summary>
    private static byte[]? TryDecodeBase64(ReadOnlySpan<byte> text)
    {
        if (text.Length < 8 || !TextBytes.IsBase64Text(text)) return null;
        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        return Base64.DecodeFromUtf8(text, decoded, out _, out int written) == System.Buffers.OperationStatus.Done ? decoded[..written] : null;
    }

    private static bool LooksLikeBox(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= BoxHead && bytes[4..BoxHead].IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E) < 0
        && (BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) == PsshType || FitsAsBox(bytes));

    // Some other box may stand before the pssh box; a PlayReady Object has zero bytes at these places.
    private static bool FitsAsBox(ReadOnlySpan<byte> bytes)
    {
        uint size = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return size >= BoxHead && size <= (uint)bytes.Length && !StartsWithMarkup(bytes, out _);
    }

    private static bool LooksLikeHeadlessBox(ReadOnlySpan<byte> bytes) => bytes.Length >= 24 && IsPlayReady(bytes.Slice(4, 16));

    private static bool IsPlayReady(ReadOnlySpan<byte> systemId)
    {
        SystemId system = new(new Guid(systemId, bigEndian: true));
        return system == PlayReadyConstants.System || system == PlayReadyConstants.SwappedSystem;
    }

    private static bool StartsWithMarkup(ReadOnlySpan<byte> bytes, out bool wide)
    {
        wide = bytes.StartsWith("<\0"u8) || bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE, (byte)'<', 0]);
        return wide || bytes.StartsWith("<"u8) || bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF, (byte)'<']);
    }

    /// <summary>Walks boxes by their sizes to the first one of this system.</summary>
    private bool TryOpenBoxes(ReadOnlyMemory<byte> boxes, out ReadOnlyMemory<byte> payload, out PlayReadyFault fault)
    {
        payload = default;
        bool opened = false;
        for (int at = 0; at < boxes.Length;)
        {
            ReadOnlySpan<byte> rest = boxes.Span[at..];
            uint size = rest.Length < BoxHead ? 0 : BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (size == 0) size = (uint)rest.Length;
            if (size < BoxHead || size > (uint)rest.Length)
            {
                if (!opened) return Fail($"box size {size} does not fit the {rest.Length} bytes that are left (at byte {at})", out fault);
                Notes.Add($"{rest.Length} bytes that are no box follow");
                break;
            }

            ReadOnlyMemory<byte> content = boxes[(at + BoxHead)..(at + (int)size)];
            at += (int)size;
            bool mine = BinaryPrimitives.ReadUInt32BigEndian(rest[4..]) == PsshType && content.Length >= 20 && IsPlayReady(content.Span.Slice(4, 16));
            if (!mine) continue;
            if (opened) Notes.Add("a second PlayReady box is passed over");
            else if (!TryOpenBox(content, out payload, out fault)) return false;
            opened = true;
        }

        if (!opened) return Fail("none of the boxes is a pssh box of PlayReady", out fault);
        Notes.Add("a whole pssh box");
        fault = default;
        return true;
    }

    // version:1 flags:3 SystemID:16 [ KID_count:4 KID:16 × KID_count ] DataSize:4 Data      (ISO/IEC 23001-7, 8.1; big-endian)
    private bool TryOpenBox(ReadOnlyMemory<byte> content, out ReadOnlyMemory<byte> payload, out PlayReadyFault fault)
    {
        payload = default;
        ReadOnlySpan<byte> bytes = content.Span;
        int at = 20;
        if (bytes.Length < at + 4 || bytes[0] > 1) return Fail("the pssh box is of a form that is not known", out fault);
        if (bytes[0] == 1)
        {
            uint count = BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
            at += 4;
            if (count > (uint)(bytes.Length - at) / KeyId.Size) return Fail($"KID_count {count} does not fit the pssh box", out fault);
            KeyId[] ids = new KeyId[count];
            for (int i = 0; i < ids.Length; i++, at += KeyId.Size) KeyId.TryRead(bytes.Slice(at, KeyId.Size), out ids[i]);
            BoxKeyIds = ids;
        }

        if (bytes.Length - at < 4) return Fail("the pssh box has no DataSize", out fault);
        uint size = BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
        at += 4;
        if (size > (uint)(bytes.Length - at)) return Fail($"DataSize {size} does not fit the pssh box", out fault);
        payload = content.Slice(at, (int)size);
        fault = default;
        return true;
    }

    private bool TryTakeMarkup(ReadOnlySpan<byte> bytes, bool wide, string? note, out PlayReadyFault fault)
    {
        if (wide && bytes.Length % 2 != 0) return Fail($"UTF-16 text of an odd length, {bytes.Length}", out fault);
        string text;
        try
        {
            text = (wide ? Utf16 : Utf8).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Fail(wide ? "the header is not UTF-16LE" : "the header is not UTF-8", out fault);
        }

        if (note is not null) Notes.Add($"{note} in {(wide ? "UTF-16" : "UTF-8")}");
        string trimmed = text.TrimEnd('\0');
        if (trimmed.Length < text.Length) Notes.Add($"{text.Length - trimmed.Length} NUL characters follow the header");
        Markup = trimmed.Trim('\uFEFF', ' ', '\t', '\r', '\n');
        fault = default;
        return true;
    }

    private static bool Fail(string reason, out PlayReadyFault fault)
    {
        fault = new PlayReadyFault(PlayReadyCode.HeaderInvalid, reason);
        return false;
    }
}
