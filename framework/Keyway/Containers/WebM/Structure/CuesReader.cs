using Keyway.Containers.WebM.Ebml;

namespace Keyway.Containers.WebM.Structure;

/// <summary>Reads <c>Cues</c> (RFC 9559, 5.1.5): which clusters there are, and when they begin.</summary>
internal static class CuesReader
{
    /// <summary>Reads them.</summary>
    /// <param name="bytes">The element as a whole. What stands behind it is not looked at.</param>
    /// <param name="offset">Where it begins in the file.</param>
    /// <param name="cues">The clusters in order of position, each once, with the earliest time that leads to it. Positions count from the content of the segment.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long offset, out IReadOnlyList<(ulong Time, ulong Position)> cues, out FormatError error)
    {
        cues = [];
        error = default;
        List<(ulong Position, ulong Time)> found = [];
        EbmlCursor root = new(bytes, offset, "Segment");
        if (!root.MoveNext() || root.Id != EbmlId.Cues)
        {
            error = root.Error ?? new FormatError("the index is no Cues", "Segment", offset);
            return false;
        }

        EbmlCursor point = root.Enter();
        while (point.MoveNext())
            if (point.Id == EbmlId.CuePoint) ReadPoint(ref point, found);
        error = point.Error ?? default;
        if (point.Error is not null) return false;

        // By position, and of each the earliest time.
        found.Sort();
        List<(ulong, ulong)> clusters = [];
        for (int i = 0; i < found.Count; i++)
            if (i == 0 || found[i].Position != found[i - 1].Position) clusters.Add((found[i].Time, found[i].Position));
        cues = clusters;
        return true;
    }

    private static void ReadPoint(ref EbmlCursor point, List<(ulong Position, ulong Time)> found)
    {
        ulong time = 0;
        int first = found.Count;
        EbmlCursor field = point.Enter();
        while (field.MoveNext())
        {
            if (field.Id == EbmlId.CueTime) time = field.Number();
            else if (field.Id == EbmlId.CueTrackPositions)
            {
                EbmlCursor inner = field.Enter();
                while (inner.MoveNext())
                {
                    if (inner.Id != EbmlId.CueClusterPosition) continue;
                    if (found.Count == WebMLimits.CuePoints) inner.Fail($"more than {WebMLimits.CuePoints} places");
                    else found.Add((inner.Number(), 0));
                }

                if (inner.Error is { } wrong) field.Fail(wrong);
            }
        }

        if (field.Error is { } error) point.Fail(error);
        for (int i = first; i < found.Count; i++) found[i] = (found[i].Position, time);
    }
}
