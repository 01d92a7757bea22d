using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>A key as the module tells of it.</summary>
/// <param name="Id">What the module calls it.</param>
/// <param name="Status">Its status. Any number.</param>
/// <param name="SystemCode">The module's own code.</param>
internal readonly record struct ChildKey(byte[] Id, CdmKeyStatus Status, uint SystemCode);
