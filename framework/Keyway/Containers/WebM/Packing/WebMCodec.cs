namespace Keyway.Containers.WebM.Packing;

/// <summary>The codecs of WebM, as <c>CodecID</c> names them.</summary>
internal static class WebMCodec
{
    public const string Vp8 = "V_VP8", Vp9 = "V_VP9", Av1 = "V_AV1", Opus = "A_OPUS", Vorbis = "A_VORBIS";
}
