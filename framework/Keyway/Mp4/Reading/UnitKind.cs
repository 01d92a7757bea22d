namespace Keyway.Mp4.Reading;

/// <summary>What a <see cref="UnitReader"/> came to.</summary>
internal enum UnitKind
{
    /// <summary>The end of the file.</summary>
    End = 0,

    /// <summary>A <c>moov</c>, whole in the window.</summary>
    Movie,

    /// <summary>Boxes in the window that belong together: fragments with all their data, and what stands between. Perhaps no fragment at all.</summary>
    Fragment,

    /// <summary>Another box, of which only the header was read. The caller copies it or passes over it.</summary>
    Other,
}
