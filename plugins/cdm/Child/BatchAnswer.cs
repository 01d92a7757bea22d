using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>How far the child came with a batch.</summary>
/// <param name="Status">The interface's status of the first slot that is not clear. Any number.</param>
/// <param name="Done">How many slots are clear.</param>
/// <param name="Nanoseconds">How long it was inside the module, as it says.</param>
internal readonly record struct BatchAnswer(CdmStatus Status, uint Done, ulong Nanoseconds);
