namespace Keyway.Relay.Faults;

/// <summary>A fault that the page offers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Title">What it is, in two words.</param>
/// <param name="Text">What a player would see.</param>
/// <param name="Parts">What the sandbox does to every request for a licence, in its own words (<c>?fault=</c>); empty: nothing.</param>
/// <param name="Query">What is added to the query of every such request; empty: nothing.</param>
internal sealed record FaultChoice(string Name, string Title, string Text, string Parts, string Query = "");
