using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>What a request asks for.</summary>
/// <param name="RequestId">The client's name for the request, as it wrote it.</param>
/// <param name="Type">Whether the licence is to be stored.</param>
/// <param name="Keys">The keys.</param>
/// <param name="GroupIds">The groups that they belong to.</param>
/// <param name="Scheme">The protection scheme as a FourCC, or 0.</param>
internal sealed record Wanted(byte[] RequestId, LicenseType Type, IReadOnlyList<GrantedKey> Keys, IReadOnlyList<byte[]> GroupIds, uint Scheme);
