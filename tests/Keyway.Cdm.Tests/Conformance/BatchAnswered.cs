using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>What came of a request.</summary>
/// <param name="Status">Of the first sample that is not clear.</param>
/// <param name="Clear">The samples before it.</param>
/// <param name="Nanoseconds">Spent inside the module.</param>
internal sealed record BatchAnswered(CdmStatus Status, byte[][] Clear, ulong Nanoseconds);
