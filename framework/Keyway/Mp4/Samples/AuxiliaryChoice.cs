using System.Numerics;

namespace Keyway.Mp4.Samples;

/// <summary>Finds out how auxiliary information is laid out, by reading all of it before any is used: what does not come out even, or comes out in two ways, is refused.</summary>
internal static class AuxiliaryChoice
{
    /// <summary>Why bytes that can be vectors of one size as well as of another are refused.</summary>
    public const string TwoSizes = "the auxiliary information can be read with initialisation vectors of two sizes";

    /// <summary>Chooses the layout of entries in one place, those of a <c>senc</c>.</summary>
    /// <param name="reader">The reader; gets the layout.</param>
    /// <param name="samples">All samples.</param>
    /// <param name="entries">The buffer with the entries.</param>
    /// <param name="sizes">The buffer with <c>saiz</c>.</param>
    /// <param name="count">How many samples there are.</param>
    /// <param name="hidden">How many of them are protected.</param>
    /// <param name="reason">Why there is no layout.</param>
    public static bool TryChoose<TWalk>(ref AuxiliaryReader reader, TWalk samples, ReadOnlySpan<byte> entries, ReadOnlySpan<byte> sizes, long count, long hidden, out string reason)
        where TWalk : struct, ISampleWalk
    {
        if (reader.Sizes is { Count: > 0 } saiz && saiz.TotalBytes(sizes) == reader.End - reader.At && reader.End > reader.At)
            return TryChooseSized(ref reader, samples, entries, sizes, out reason) || TryChooseOtherSize(ref reader, samples, entries, sizes);

        reader.Layout = AuxiliaryLayout.ByGroup;
        Fit standard = Try(reader, samples, entries, sizes, out reason);

        // Where every sample is protected, all layouts are the same.
        if (hidden == count) return standard.Holds;
        Fit found = standard;
        AuxiliaryLayout layout = reader.Layout;
        for (AuxiliaryLayout other = AuxiliaryLayout.ByTrack; other <= AuxiliaryLayout.ProtectedOnly; other++)
        {
            if (!Counts(other, reader.Count, count, hidden)) continue;
            Fit fit = Try(reader with { Layout = other }, samples, entries, sizes, out _);
            if (!fit.Holds) continue;
            if (found.Holds && fit.Mark != found.Mark) return Ambiguous("the entries of senc can be read in two ways: what those of clear samples have is not said", out reason);
            if (found.Holds) continue;
            found = fit;
            layout = other;
        }

        reader.Layout = layout;
        if (standard.Holds || !found.Holds) return found.Holds;

        // What fits only as some packagers write it must not fit with vectors of another size as well.
        for (AuxiliaryLayout other = AuxiliaryLayout.ByGroup; other <= AuxiliaryLayout.ProtectedOnly; other++)
        {
            if (!Counts(other, reader.Count, count, hidden)) continue;
            foreach (int size in (ReadOnlySpan<int>)[8, 16])
                if (Try(reader with { Layout = other, OtherVectorSize = size }, samples, entries, sizes, out _) is { Holds: true } fit && fit.Mark != found.Mark) return Ambiguous(TwoSizes, out reason);
        }

        return true;
    }

    /// <summary>Chooses how entries of given lengths are read, wherever they lie: with the vector size that the track says.</summary>
    /// <param name="reader">The reader; gets the layout.</param>
    /// <param name="samples">All samples.</param>
    /// <param name="entries">The buffer with the entries.</param>
    /// <param name="sizes">The buffer with <c>saiz</c>.</param>
    /// <param name="reason">Why not.</param>
    /// <param name="onlyVerified">Whether maps must prove it.</param>
    public static bool TryChooseSized<TWalk>(ref AuxiliaryReader reader, TWalk samples, ReadOnlySpan<byte> entries, ReadOnlySpan<byte> sizes, out string reason, bool onlyVerified = false)
        where TWalk : struct, ISampleWalk
    {
        reader.Layout = AuxiliaryLayout.Sized;
        Fit said = Try(reader, samples, entries, sizes, out reason);
        if (!said.Holds || said.IsVerified) return said.Holds;
        if (onlyVerified) return false;

        // Vectors alone fit anywhere. Where the same bytes are a map of every sample, nobody can say which is meant.
        foreach (int size in (ReadOnlySpan<int>)[8, 16])
            if (Try(reader with { OtherVectorSize = size }, samples, entries, sizes, out _) is { Holds: true, IsVerified: true } fit && fit.Mark != said.Mark) return Ambiguous(TwoSizes, out reason);
        return true;
    }

    /// <summary>Chooses a vector size that the track does not say and every length asks for.</summary>
    public static bool TryChooseOtherSize<TWalk>(ref AuxiliaryReader reader, TWalk samples, ReadOnlySpan<byte> entries, ReadOnlySpan<byte> sizes)
        where TWalk : struct, ISampleWalk
    {
        reader.Layout = AuxiliaryLayout.Sized;
        int found = 0, verified = 0;
        foreach (int size in (ReadOnlySpan<int>)[8, 16])
        {
            Fit fit = Try(reader with { OtherVectorSize = size }, samples, entries, sizes, out _);
            if (!fit.Holds) continue;
            if (fit.IsVerified) verified = verified == 0 ? size : -1;

            // In a place that only an offset names, vectors alone prove nothing, unless those of the track do not fit in.
            else if (reader.IsExact || size < reader.TrackVectorSize) found = found == 0 ? size : -1;
        }

        reader.OtherVectorSize = Math.Max(0, verified != 0 ? verified : found);
        return reader.OtherVectorSize > 0;
    }

    /// <summary>Whether a layout can have as many entries as <c>senc</c> counts.</summary>
    private static bool Counts(AuxiliaryLayout layout, uint entries, long count, long hidden) => layout switch
    {
        AuxiliaryLayout.Empty => entries == count,
        AuxiliaryLayout.ProtectedOnly => entries == hidden,
        _ => true,
    };

    private static bool Ambiguous(string what, out string reason)
    {
        reason = what;
        return false;
    }

    private static Fit Try<TWalk>(AuxiliaryReader reader, TWalk samples, ReadOnlySpan<byte> entries, ReadOnlySpan<byte> sizes, out string reason)
        where TWalk : struct, ISampleWalk
    {
        Fit fit = new() { Mark = 1 };
        bool bare = false;
        reason = "";
        for (long number = 1; samples.MoveNext(); number++)
        {
            TrackEncryption? protection = samples.Protection;
            if (samples.Place is { } place) reader.At = place;
            if (!reader.TryRead(entries, sizes, protection, out AuxiliaryEntry entry, out reason) || !AuxiliaryReader.AddsUp(entries, entry, samples.Size, out reason))
            {
                reason = $"sample {number}: {reason}";
                return default;
            }

            if (protection is not { IsProtected: true }) continue;
            if (reader.OtherVectorSize > 0 && !protection.NeedsOwnIv) return default;
            if (entry.SaysClear) continue;
            if (entry.VectorSize == 0 && samples.Size > 0 && protection.NeedsOwnIv)
            {
                reason = $"sample {number} is protected and has no initialisation vector";
                return default;
            }

            fit.IsVerified |= entry.Subsamples > 0;
            bare |= entry.Subsamples == 0 && samples.Size > 0;
            ulong vector = entry.VectorSize > 0 ? (uint)entry.VectorAt ^ ((ulong)entry.VectorSize << 32) : 0;
            ulong map = entry.Subsamples > 0 ? (uint)entry.MapAt ^ ((ulong)entry.Subsamples << 40) : 0;
            fit.Mark = ((fit.Mark ^ vector ^ BitOperations.RotateLeft(map, 7)) * 0x9E3779B97F4A7C15) + (ulong)number;
        }

        if (reader.IsExact && reader.At != reader.End)
        {
            reason = $"{reader.End - reader.At} bytes are left behind the last entry of senc";
            return default;
        }

        fit.Holds = true;
        fit.IsVerified &= !bare;
        return fit;
    }

    /// <summary>What came of reading everything in one way.</summary>
    private struct Fit
    {
        /// <summary>Whether every sample has what it needs and nothing is left.</summary>
        public bool Holds;

        /// <summary>Whether every protected sample has a map that adds up to its size: chance does not bring that about.</summary>
        public bool IsVerified;

        /// <summary>The same for two ways of reading that give every protected sample the same bytes.</summary>
        public ulong Mark;
    }
}
