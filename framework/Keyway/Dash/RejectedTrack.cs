namespace Keyway.Dash;

/// <summary>A representation that was not chosen.</summary>
/// <param name="Representation">The representation.</param>
/// <param name="Reason">Why not.</param>
public sealed record RejectedTrack(Representation Representation, string Reason);
