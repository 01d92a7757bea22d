namespace Keyway.Containers.TransportStream.Samples;

/// <summary>What a NAL unit is for, in a sample of MP4.</summary>
internal enum NalUse
{
    /// <summary>It is not written, and says nothing of where pictures begin.</summary>
    None = 0,

    /// <summary>It belongs to the picture that is being received.</summary>
    Part,

    /// <summary>It begins an access unit, if a picture came before it.</summary>
    BeginsUnit,

    /// <summary>The same, and it is not written: a delimiter, or a parameter set.</summary>
    BeginsUnitUnwritten,

    /// <summary>A slice of the picture that is being received.</summary>
    Slice,

    /// <summary>The first slice of the next picture.</summary>
    BeginsPicture,
}
