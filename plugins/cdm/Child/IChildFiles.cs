using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>Who hears of a module's files.</summary>
internal interface IChildFiles
{
    /// <summary>The child has sent a file's call.</summary>
    /// <returns><see langword="false"/>: it is none that may come.</returns>
    bool TryHandle(FrameHead head, ReadOnlySpan<byte> fields);
}
