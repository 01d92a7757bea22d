namespace Keyway.Sandbox.Live;

/// <summary>An answer of the channel.</summary>
/// <param name="Status">The status code.</param>
/// <param name="ContentType">The media type.</param>
/// <param name="Body">The body.</param>
internal sealed record LiveAnswer(int Status, string ContentType, byte[] Body);
