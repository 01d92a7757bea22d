namespace Keyway.Protection;

/// <summary>A key system that was not chosen.</summary>
/// <param name="Name">Its name in the configuration, or of the protection system that nobody is configured for.</param>
/// <param name="Reason">Why not.</param>
public sealed record KeySystemRejection(string Name, string Reason);
