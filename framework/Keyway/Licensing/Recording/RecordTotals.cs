namespace Keyway.Licensing.Recording;

/// <summary>What is said of a record as a whole.</summary>
/// <param name="HasBodies">Whether bodies are in it.</param>
/// <param name="Dropped">How many requests more there were than it holds.</param>
/// <param name="BodiesDropped">How many bodies more there were.</param>
internal readonly record struct RecordTotals(bool HasBodies, long Dropped, long BodiesDropped);
