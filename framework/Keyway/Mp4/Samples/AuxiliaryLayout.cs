namespace Keyway.Mp4.Samples;

/// <summary>How long the entries of auxiliary information are. The standard leaves open what a clear sample of a protected track has, and packagers differ.</summary>
internal enum AuxiliaryLayout
{
    /// <summary>There is none.</summary>
    None = 0,

    /// <summary>As <c>saiz</c> says.</summary>
    Sized,

    /// <summary>A clear sample has an entry with the vector size of its group.</summary>
    ByGroup,

    /// <summary>A clear sample has an entry like those of the track's protected samples.</summary>
    ByTrack,

    /// <summary>A clear sample is counted and has no bytes.</summary>
    Empty,

    /// <summary>A clear sample is not counted.</summary>
    ProtectedOnly,
}
