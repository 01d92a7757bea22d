using Keyway.Protection;

namespace Keyway.Cpix;

/// <summary>A protection header of a document.</summary>
/// <param name="Box">The header. What stood there without a box has one of version 0.</param>
/// <param name="Places">Where it stands: names of elements (<c>PSSH</c>, <c>HLSSignalingData media</c>).</param>
public sealed record CpixHeader(PsshBox Box, IReadOnlyList<string> Places);
