namespace Keyway.Manifests.Smooth.Codecs;

/// <summary>No sample entry can be written for a quality. Becomes a reason not to play it at the edge, where its place is known.</summary>
internal sealed class CodecException(string reason) : Exception(reason);
