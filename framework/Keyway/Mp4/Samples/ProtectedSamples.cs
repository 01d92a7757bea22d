using Keyway.Mp4.Boxes;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Samples;

/// <summary>Counts the protected samples that <c>moov</c> lists, by runs of chunks and of groups: four billion samples of one kind are one step.</summary>
internal static class ProtectedSamples
{
    /// <summary>Counts them.</summary>
    /// <param name="track">The track.</param>
    /// <param name="movie">The bytes of <c>moov</c>.</param>
    /// <param name="keys">Where their keys go.</param>
    /// <param name="count">How many they are.</param>
    /// <param name="error">What is wrong with the tables.</param>
    public static bool TryCount(Track track, ReadOnlySpan<byte> movie, List<KeyId> keys, out long count, out FormatError error)
    {
        count = 0;
        SampleTables tables = track.Tables;
        List<GroupRun> groups = track.Groups.Runs;
        long left = tables.Count;
        int group = 0;
        uint ofGroup = 0;
        for (uint i = 0; i < tables.Chunks.Count && left > 0; i++)
        {
            Stsc.Run run = tables.Chunks.RunAt(movie, i);
            long end = i + 1 < tables.Chunks.Count ? tables.Chunks.RunAt(movie, i + 1).FirstChunk : uint.MaxValue;
            long chunks = Math.Max(0, Math.Min(end, tables.Offsets.Count + 1L) - run.FirstChunk);
            long samples = Math.Min(left, chunks * run.SamplesPerChunk);
            left -= samples;
            if (samples > 0 && (run.DescriptionIndex > track.Entries.Count || track.Entries.Count == 0)) return Fail(track, $"stsd has no entry {run.DescriptionIndex}", out error);
            while (samples > 0)
            {
                while (ofGroup == 0 && group < groups.Count) ofGroup = groups[group++].Count;
                long some = ofGroup > 0 ? Math.Min(samples, ofGroup) : samples;
                int entry = Math.Max(0, (int)run.DescriptionIndex - 1);
                if (!SampleCursor.TryFindProtection(track, entry, ofGroup > 0 ? groups[group - 1].Index : null, out TrackEncryption? protection, out error)) return false;
                if (protection is { IsProtected: true })
                {
                    count += some;
                    SampleTableBuilder.Note(keys, protection);
                }

                samples -= some;
                if (ofGroup > 0) ofGroup -= (uint)some;
            }
        }

        error = default;
        return left == 0 || Fail(track, $"{tables.Count - left} of {tables.Count} samples lie in {tables.Offsets.Count} chunks", out error);
    }

    private static bool Fail(Track track, string reason, out FormatError error)
    {
        error = new FormatError(reason, $"moov/trak[{track.Id}]/mdia/minf/stbl", -1);
        return false;
    }
}
