using System.Buffers.Binary;
using Keyway.Decryption;
using Keyway.Mp4;

namespace Keyway.Relay.Serving;

/// <summary>Finds the fragments of a clear file that has no index, by reading it.</summary>
internal static class FileParts
{
    private const int BoxHead = 8;

    /// <summary>Reads it.</summary>
    /// <param name="file">The file, clear.</param>
    /// <param name="name">What it is called in failures.</param>
    /// <returns>Its fragments, or all of them as one where each is not of every track; none: it has none.</returns>
    /// <exception cref="MediaFormatException">It is malformed.</exception>
    public static async Task<IReadOnlyList<FilePart>> ReadAsync(ReadOnlyMemory<byte> file, string name)
    {
        List<(long First, long Count)> places = Places(file.Span);
        if (places.Count == 0) return [];
        using MemoryStream stream = new(file.ToArray(), writable: false);
        using Mp4Reader reader = await Mp4Reader.OpenAsync(stream, name).ConfigureAwait(false);
        if (!reader.IsFragmented || reader.Tracks.Count == 0) return [];
        Mp4Track track = reader.Tracks.FirstOrDefault(static each => each.Width > 0) ?? reader.Tracks[0];
        List<(TimeSpan Start, TimeSpan Length)> times = [];
        await foreach (ClearFragment fragment in reader.ReadAsync(new NoKeys(), each => each.Id == track.Id).ConfigureAwait(false))
            times.Add((TimeOf(fragment.DecodeTime, track.Timescale), TimeOf(fragment.Duration, track.Timescale)));
        if (times.Count == 0) return [];
        if (times.Count != places.Count)
        {
            // Tracks take turns, and nobody can begin in the middle: it is one piece, but it is known how long.
            TimeSpan length = times.Aggregate(TimeSpan.Zero, static (sum, time) => sum + time.Length);
            return [new FilePart(places[0].First, places[^1].First + places[^1].Count - places[0].First, times[0].Start, length)];
        }

        return [.. places.Zip(times, static (place, time) => new FilePart(place.First, place.Count, time.Start, time.Length))];
    }

    /// <summary>From each <c>moof</c> to the next, without what stands behind the last media.</summary>
    private static List<(long First, long Count)> Places(ReadOnlySpan<byte> file)
    {
        List<(long First, long Count)> places = [];
        long first = -1, end = 0;
        for (int at = 0; at + BoxHead <= file.Length;)
        {
            ReadOnlySpan<byte> type = file.Slice(at + 4, 4);
            long length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            if (length == 1 && at + (2 * BoxHead) <= file.Length) length = BinaryPrimitives.ReadInt64BigEndian(file[(at + BoxHead)..]);
            if (length < BoxHead || length > file.Length - at) return [];
            if (type.SequenceEqual("moof"u8))
            {
                if (first >= 0) places.Add((first, end - first));
                first = at;
            }

            at += (int)length;
            if (type.SequenceEqual("mdat"u8)) end = at;
        }

        if (first >= 0 && end > first) places.Add((first, end - first));
        return places.TrueForAll(static place => place.Count > 0) ? places : [];
    }

    private static TimeSpan TimeOf(ulong units, uint timescale) => TimeSpan.FromTicks((long)((UInt128)units * TimeSpan.TicksPerSecond / Math.Max(1, timescale)));

    /// <summary>Nothing in a clear file needs one.</summary>
    private sealed class NoKeys : IMediaKeys
    {
        public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken) => throw new NotSupportedException("the file is clear");
    }
}
