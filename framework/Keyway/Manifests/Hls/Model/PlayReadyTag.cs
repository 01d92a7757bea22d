using Keyway.Manifests.Hls.Text;

namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-PLAYREADYHEADER</c>: a PlayReady object where older services put it.</summary>
/// <param name="Line">Where it stands.</param>
/// <param name="Data">The object.</param>
internal sealed record PlayReadyTag(PlaylistLine Line, ReadOnlyMemory<byte> Data);
