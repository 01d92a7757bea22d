using Keyway.Cpix.Xml;
using Keyway.Protection;

namespace Keyway.Cpix;

/// <summary>Reads <c>DRMSystem</c> elements. What is wrong with a snippet in one is noted: no key depends on it.</summary>
internal static class CpixSystemReader
{
    public static CpixDrmSystem Read(CpixCursor at, Action<string> note)
    {
        string path = at.Path;
        if (at.Attribute("systemId") is not { } text || !Guid.TryParse(text, out Guid uuid)) throw at.Refuse("@systemId is not a UUID");
        SystemId system = new(uuid);
        KeyId? id = at.Attribute("kid") is not { Length: > 0 } kid ? null : KeyId.TryParse(kid, out KeyId read) ? read : throw at.Refuse("@kid is not a UUID");
        string? name = at.ShortAttribute("name");
        List<CpixSignal> signals = [];
        List<(PsshBox Box, string Place)> headers = [];
        at.Children(() =>
        {
            string element = at.Name, place = at.Path;
            if (element is not ("PSSH" or "PSSHData" or "ContentProtectionData" or "HLSSignalingData" or "SmoothStreamingProtectionHeaderData" or "ProtectionHeader" or "URIExtXKey" or "HDSSignalingData")) return;
            string? playlist = element == "HLSSignalingData" ? at.ShortAttribute("playlist") : null;
            if (at.TryBytes(CpixLimits.SignalBytes) is not { } bytes)
            {
                note($"this is not base64 (at {place})");
                return;
            }

            // A request has them empty.
            if (bytes.Length == 0) return;
            CpixSignalContent content = CpixSignals.Read(element, system, bytes);
            string where = playlist is null ? element : $"{element} {playlist}";
            headers.AddRange(content.Headers.Select(box => (box, where)));
            if (element is not ("PSSH" or "PSSHData")) signals.Add(new CpixSignal(element, playlist, bytes.Length, content.Facts));
            if (content.Problem is { } problem) note($"{problem} (at {place})");
        });
        return new CpixDrmSystem { Path = path, System = system, KeyId = id, Name = name, Signals = signals, Headers = Merge(headers) };
    }

    /// <summary>Each header once, with every place of it.</summary>
    private static List<CpixHeader> Merge(List<(PsshBox Box, string Place)> found)
    {
        List<CpixHeader> merged = [];
        foreach (IGrouping<(SystemId, string, string), (PsshBox Box, string Place)> same in found.GroupBy(static each => (each.Box.System, Convert.ToBase64String(each.Box.Data.Span), string.Concat(each.Box.KeyIds))))
            merged.Add(new CpixHeader((same.FirstOrDefault(static each => each.Box.IsFound) is { Box: { } whole } ? whole : same.First().Box), [.. same.Select(static each => each.Place).Distinct(StringComparer.Ordinal)]));
        return merged;
    }
}
