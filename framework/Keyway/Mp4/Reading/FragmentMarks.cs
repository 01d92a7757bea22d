namespace Keyway.Mp4;

/// <summary>What begins with a fragment. The first one of a track has <see cref="Period"/> and <see cref="Configuration"/>.</summary>
[Flags]
public enum FragmentMarks
{
    /// <summary>It goes on as before.</summary>
    None = 0,

    /// <summary>A period begins: another clock of the media, perhaps another encoding.</summary>
    Period = 1,

    /// <summary>Another sample entry than before: the decoder is to be made anew from its <see cref="Mp4SampleEntry.Configuration"/>.</summary>
    Configuration = 2,

    /// <summary>Its samples do not follow those before: something between is missing, or is there twice.</summary>
    Discontinuity = 4,
}
