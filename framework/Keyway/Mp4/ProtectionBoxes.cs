using Keyway.Protection;

namespace Keyway.Mp4;

/// <summary>Takes <c>pssh</c> boxes, and the <c>uuid</c> boxes of PIFF with the same content, wherever a walker meets them.</summary>
internal static class ProtectionBoxes
{
    /// <summary>Takes a box if it is one.</summary>
    /// <param name="box">Any box.</param>
    /// <param name="found">Where it goes.</param>
    /// <param name="starts">Where its place goes.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryTake(in Box box, List<PsshBox> found, List<int> starts, out FormatError error)
    {
        error = default;
        bool piff = box.IsUuid(PiffBoxes.Pssh);
        if (box.Type != PsshBox.Type && !piff) return true;
        if (box.Length > Mp4Limits.PsshBytes) return box.Fail($"pssh is larger than {Mp4Limits.PsshBytes} bytes", out error);
        int skip = piff ? 16 : 0;
        if (!PsshBox.TryReadContent(box.Content[skip..], out PsshBox? pssh, out error))
            return box.Fail(error.Reason, skip + (int)Math.Max(0, error.Offset), out error);
        if (pssh!.KeyIds.Count > Mp4Limits.KeyIds) return box.Fail($"pssh names more than {Mp4Limits.KeyIds} keys", out error);
        if (found.Count == Mp4Limits.ProtectionBoxes) return box.Fail($"more than {Mp4Limits.ProtectionBoxes} pssh boxes", out error);
        found.Add(pssh);
        starts.Add(box.Start);
        return true;
    }
}
