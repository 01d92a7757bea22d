using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>A licence that was issued.</summary>
/// <param name="Version">How often it was renewed.</param>
/// <param name="Policy">The policy of its last answer.</param>
/// <param name="Terms">Its terms as parameters.</param>
/// <param name="Keys">Its keys.</param>
/// <param name="IsReleased">Whether the client has given it back.</param>
internal sealed record LicenseSession(int Version, Policy Policy, IReadOnlyCollection<KeyValuePair<string, string>> Terms, IReadOnlyList<GrantedKey> Keys, bool IsReleased = false);
