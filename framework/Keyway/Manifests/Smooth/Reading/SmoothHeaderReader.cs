using System.Buffers.Binary;
using Keyway.Manifests.Smooth.Model;
using Keyway.Manifests.Smooth.Xml;
using Keyway.Protection;

namespace Keyway.Manifests.Smooth.Reading;

/// <summary>Reads <c>ProtectionHeader</c> elements ([MS-SSTR], 2.2.2.2).</summary>
internal static class SmoothHeaderReader
{
    public static SmoothHeader Read(SmoothCursor at)
    {
        string path = at.Path, text = at.Attribute("SystemID")?.Trim() ?? "";
        SystemId? system = Guid.TryParse(text, out Guid id) ? new SystemId(id) : null;
        SmoothHeader header = new() { Path = path, System = system };
        if (system is not { } known)
        {
            at.NoteLeftOut(path, "@SystemID is no UUID; nobody knows whose header it is");
            return header;
        }

        if (!LenientBase64.TryRead(at.Text(), out byte[] bytes))
        {
            at.NoteLeftOut(path, "this is not base64");
            return header;
        }

        if (bytes.Length > Mp4Limits.PsshBytes)
        {
            at.NoteLeftOut(path, $"the header is larger than {Mp4Limits.PsshBytes} bytes");
            return header;
        }

        // A box says so itself, in its second four bytes.
        if (bytes.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(4)) == PsshBox.Type)
        {
            if (!PsshBox.TryReadAll(bytes, out IReadOnlyList<PsshBox> boxes, out FormatError broken)) at.Note(broken.Reason);
            return Of(header, [.. boxes], at);
        }

        return Of(header, [new PsshBox { Version = 0, System = known, Data = bytes }], at);
    }

    private static SmoothHeader Of(SmoothHeader header, PsshBox[] boxes, SmoothCursor at)
    {
        List<KeyId> ids = [];
        bool isChained = false;
        foreach (PsshBox box in boxes)
        {
            PlayReadyKeys keys = box.System == SystemIds.PlayReady && !box.Data.IsEmpty ? PlayReadyKeys.Read(box.Data.Span) : new PlayReadyKeys();
            if (keys.Problem is { } problem) at.NoteLeftOut(header.Path, $"the PlayReady object cannot be read: {problem}");
            isChained |= keys.IsChained;
            foreach (KeyId id in box.KeyIds.Concat(keys.KeyIds))
                if (!ids.Contains(id) && ids.Count < Mp4Limits.KeyIds) ids.Add(id);
        }

        return header with { Boxes = boxes, KeyIds = ids, IsChained = isChained };
    }
}
