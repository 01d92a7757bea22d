namespace Keyway.Mp4.Samples;

/// <summary>The bytes of a fragment, and which of them are media data.</summary>
internal readonly ref struct FragmentData
{
    public required ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Where they begin in the file.</summary>
    public required long Offset { get; init; }

    /// <summary>The contents of the <c>mdat</c> boxes, as places in the file.</summary>
    public required List<(long Start, long End)> Media { get; init; }

    /// <summary>Whether a range lies in one <c>mdat</c>: only there is it certain that decrypting in place touches nothing else.</summary>
    public bool IsMedia(long start, long end)
    {
        foreach ((long Start, long End) media in Media)
            if (start >= media.Start && end <= media.End) return true;
        return false;
    }
}
