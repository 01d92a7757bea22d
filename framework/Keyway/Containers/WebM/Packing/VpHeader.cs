using Keyway.Containers.WebM.Structure;

namespace Keyway.Containers.WebM.Packing;

/// <summary>What MP4 says of VP8 and VP9 before their frames: <c>vpcC</c> (VP Codec ISO Media File Format Binding, 2.2).</summary>
/// <remarks>
/// <code>
/// version:1 = 1 flags:3 profile:1 level:1 bitDepth:4b chroma:3b fullRange:1b primaries:1 transfer:1 matrix:1 initSize:2 = 0
/// CodecPrivate of VP9 in WebM:  ( feature:1 length:1 value ) × n       1 profile, 2 level, 3 bit depth, 4 chroma
/// first frame of VP9:           marker:2b = 2 profile:2b [ 0 ] existing:1b = 0 type:1b = 0 shown:1b resilient:1b 49 83 42 [ depth:1b ] space:3b …
/// </code>
/// </remarks>
internal static class VpHeader
{
    /// <summary>Luma samples of a picture that the levels of VP9 allow.</summary>
    private static readonly (long Pixels, byte Level)[] Levels =
        [(36_864, 10), (73_728, 11), (122_880, 20), (245_760, 21), (552_960, 30), (983_040, 31), (2_228_224, 40), (8_912_896, 50), (long.MaxValue, 60)];

    /// <summary>Makes the content of <c>vpcC</c>.</summary>
    /// <param name="track">What the file says.</param>
    /// <param name="frame">The clear beginning of the first frame, as far as it is known.</param>
    public static byte[] ConfigurationOf(WebMTrack track, ReadOnlySpan<byte> frame)
    {
        byte profile = 0, depth = (byte)(track.BitsPerChannel is 10 or 12 ? track.BitsPerChannel : 8), chroma = 1;
        byte level = Array.Find(Levels, each => each.Pixels >= (long)track.Width * track.Height).Level;
        (byte primaries, byte transfer, byte matrix) = track.Colour;
        if (depth > 8) profile = 2;
        if (track.CodecId == WebMCodec.Vp9)
        {
            Shown(frame, ref profile, ref depth, ref chroma);
            for (ReadOnlySpan<byte> rest = track.CodecPrivate.Span; rest.Length > 2 && rest[1] > 0 && rest[1] <= rest.Length - 2; rest = rest[(2 + rest[1])..])
            {
                if (rest[0] == 1) profile = rest[2];
                else if (rest[0] == 2) level = rest[2];
                else if (rest[0] == 3) depth = rest[2];
                else if (rest[0] == 4) chroma = rest[2];
            }
        }

        return [1, 0, 0, 0, profile, level, (byte)((depth << 4) | ((chroma & 7) << 1) | (track.IsFullRange ? 1 : 0)), primaries, transfer, matrix, 0, 0];
    }

    /// <summary>Whether the file says which profile of VP9 a track has: before its frames, or in the first of them.</summary>
    /// <param name="track">What the file says.</param>
    /// <param name="frame">The clear beginning of the first frame, as far as it is known.</param>
    public static bool IsSaid(WebMTrack track, ReadOnlySpan<byte> frame)
    {
        byte any = 0;
        return track.CodecPrivate.Length > 2 || Shown(frame, ref any, ref any, ref any);
    }

    private static bool Shown(ReadOnlySpan<byte> frame, ref byte profile, ref byte depth, ref byte chroma)
    {
        BitReader bits = new(frame);
        if (bits.Bits(2) != 2) return false;
        uint low = bits.Bits(1), found = (bits.Bits(1) << 1) | low;
        if (found == 3 && bits.Flag()) return false;
        // One that shows another, or depends on others, says nothing of itself.
        if (bits.Flag() || bits.Flag()) return false;
        bits.Skip(2);
        if (bits.Bits(24) != 0x498342) return false;
        int deep = found < 2 ? 8 : bits.Flag() ? 12 : 10;
        int sampling = 1;
        if (bits.Bits(3) == 7) sampling = 3;
        else
        {
            bits.Skip(1);
            if ((found & 1) != 0) sampling = (bits.Flag(), bits.Flag()) switch
            {
                (true, false) => 2,
                (false, false) => 3,
                _ => 1,
            };
        }

        if (!bits.Ok) return false;
        (profile, depth, chroma) = ((byte)found, (byte)deep, (byte)sampling);
        return true;
    }
}
