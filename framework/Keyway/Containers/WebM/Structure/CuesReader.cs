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
        SortedDictionary<ulong, ulong> found = [];
        cues = [];
        error = default;
        EbmlCursor root = new(bytes, offset, "Segment");
        if (!root.MoveNext() || root.Id != EbmlId.Cues)
        {
            error = root.Error ?? new FormatError("the index is no Cues", "Segment", offset);
            return false;
        }

        int points = 0;
        EbmlCursor point = root.Enter();
        while (point.MoveNext())
        {
            if (point.Id != EbmlId.CuePoint) continue;
            if (++points > WebMLimits.CuePoints) point.Fail($"more than {WebMLimits.CuePoints} cue points");
            else ReadPoint(ref point, found);
        }

        cues = [.. found.Select(static pair => (pair.Value, pair.Key))];
        error = point.Error ?? default;
        return point.Error is null;
    }

    private static void ReadPoint(ref EbmlCursor point, SortedDictionary<ulong, ulong> found)
    {
        ulong time = 0;
        List<ulong> positions = [];
        EbmlCursor field = point.Enter();
        while (field.MoveNext())
        {
            if (field.Id == EbmlId.CueTime) time = field.Number();
            else if (field.Id == EbmlId.CueTrackPositions)
            {
                EbmlCursor inner = field.Enter();
                while (inner.MoveNext())
                    if (inner.Id == EbmlId.CueClusterPosition) positions.Add(inner.Number());
                if (inner.Error is { } wrong) field.Fail(wrong);
            }
        }

        if (field.Error is { } error) point.Fail(error);
        foreach (ulong position in positions)
            if (!found.TryGetValue(position, out ulong earliest) || time < earliest) found[position] = time;
    }
}
