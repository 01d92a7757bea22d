namespace Keyway.Mp4.Structure;

/// <summary>Finds samples that share bytes. Protected bytes that two samples claim would be decrypted twice, and come out wrong.</summary>
internal static class Overlaps
{
    public static bool TryCheck(IReadOnlyList<Moof> moofs, out FormatError error)
    {
        error = default;
        if (moofs is [{ Trafs: [{ Runs.Count: <= 1 }] }] or []) return true;
        List<(long Start, long End, Traf Traf)> extents = [];
        foreach (Moof moof in moofs)
            foreach (Traf traf in moof.Trafs)
                foreach ((long start, long end) in traf.Extents)
                    if (end > start) extents.Add((start, end, traf));
        extents.Sort((a, b) => a.Start.CompareTo(b.Start));
        for (int i = 1; i < extents.Count; i++)
        {
            (long start, long end, Traf traf) = extents[i];
            (long _, long previousEnd, Traf previous) = extents[i - 1];
            if (start >= previousEnd) continue;
            if (traf.Track.IsProtected || previous.Track.IsProtected)
            {
                error = new FormatError($"two runs of samples share the bytes from {start}", "moof/traf/trun", traf.Offset);
                return false;
            }

            // The longer of two clear ones stands for both.
            if (previousEnd > end) extents[i] = (start, previousEnd, previous);
        }

        return true;
    }
}
