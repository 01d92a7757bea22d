using Keyway.Mp4;
using Keyway.Mp4.Boxes;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Finds the index of a file that no manifest describes: the <c>sidx</c> between its description and its first media.</summary>
internal static class FileIndex
{
    private const int Step = 64 << 10;
    private const int MostSteps = 16;

    /// <summary>Looks for it, without reading the media.</summary>
    /// <returns>Its bytes; <see langword="null"/>: the file has none before its media.</returns>
    /// <exception cref="SourceException">The file cannot be reached.</exception>
    public static async ValueTask<ByteRange?> FindAsync(AlternativeSource source, SegmentPart file, CancellationToken cancellationToken)
    {
        long at = 0;
        for (int step = 0; step < MostSteps; step++)
        {
            ReadOnlyMemory<byte> bytes = await source.ReadAsync(file with { Range = new ByteRange(at, at + Step - 1) }, Step, cancellationToken).ConfigureAwait(false);
            if (step == 0 && FileRepacker.Takes(bytes.Span)) return await CuesIndex.FindAsync(source, file, bytes, cancellationToken).ConfigureAwait(false);
            long begin = at;
            while (at - begin <= bytes.Length - BoxHeader.Most && BoxHeader.TryRead(bytes.Span[(int)(at - begin)..], out BoxHeader header))
            {
                // What is not a box, or lasts to the end of the file, has no index behind it.
                if (header.ReachesToEnd || header.Within(long.MaxValue - at) is not (>= 0 and long length) || header.Type is FourCc.Moof or FourCc.Mdat) return null;
                if (header.Type == SidxBox.Type) return new ByteRange(at, at + length - 1);
                at += length;
            }

            if (bytes.Length < Step || at == begin) return null;
        }

        return null;
    }
}
