namespace Keyway.Sandbox.PlayReady;

/// <summary>An explicit output restriction.</summary>
/// <param name="Kind">What it restricts.</param>
/// <param name="Data">How.</param>
internal sealed record Restriction(Guid Kind, byte[] Data);
