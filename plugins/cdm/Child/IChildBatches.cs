using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>Who hears of batches.</summary>
internal interface IChildBatches
{
    /// <summary>The child has answered a batch.</summary>
    /// <returns><see langword="false"/>: there is none of that number, or what it says cannot be true.</returns>
    bool TryAnswer(uint id, CdmStatus status, uint done, ulong nanoseconds);
}
