using Keyway.Protection;

namespace Keyway.Mp4.Boxes;

/// <summary>Takes <c>pssh</c> boxes, and the <c>uuid</c> boxes of PIFF with the same content, wherever a walker meets them.</summary>
internal static class ProtectionBoxes
{
    /// <summary>Takes a box if it is one. One that cannot be read is a defect, and nothing more: no sample needs it.</summary>
    /// <param name="box">Any box.</param>
    /// <param name="found">Where it goes.</param>
    /// <param name="starts">Where its place goes, whether it can be read or not.</param>
    /// <param name="defects">Where goes what is wrong with it.</param>
    /// <param name="error">Why there are too many.</param>
    public static bool TryTake(in Box box, List<PsshBox> found, List<int> starts, List<FormatError> defects, out FormatError error)
    {
        error = default;
        bool piff = box.IsUuid(PiffBoxes.Pssh);
        if (box.Type != PsshBox.Type && !piff) return true;
        if (starts.Count == Mp4Limits.ProtectionBoxes) return box.Fail($"more than {Mp4Limits.ProtectionBoxes} pssh boxes", out error);
        starts.Add(box.Start);
        int skip = piff ? 16 : 0;
        FormatError defect;
        PsshBox? pssh = null;
        if (box.Length > Mp4Limits.PsshBytes) box.Fail($"pssh is larger than {Mp4Limits.PsshBytes} bytes", out defect);
        else if (!PsshBox.TryReadContent(box.Content[skip..], out pssh, out defect)) box.Fail(defect.Reason, skip + (int)Math.Max(0, defect.Offset), out defect);
        else if (pssh!.KeyIds.Count > Mp4Limits.KeyIds) box.Fail($"pssh names more than {Mp4Limits.KeyIds} keys", out defect);
        else found.Add(pssh);
        if (defect.Reason is not null) defects.Add(defect);
        return true;
    }
}
