using System.Buffers;

namespace Keyway.Mp4.Boxes;

/// <summary>Codes by which the structure of a file shows itself, in bytes that are no box as well.</summary>
internal static class StructureCodes
{
    private static readonly SearchValues<string> Inner = SearchValues.Create(
        ["moov", "trak", "mdia", "minf", "stbl", "stsd", "mvex", "trex", "moof", "mfhd", "traf", "tfhd", "trun", "senc", "saiz", "sbgp", "mdat"], StringComparison.Ordinal);

    /// <summary>Whether a type is one that stands at the top of files.</summary>
    public static bool IsTopLevel(uint type) => type is FourCc.Ftyp or FourCc.Styp or FourCc.Moov or FourCc.Moof or FourCc.Mdat or FourCc.Free or FourCc.Meta or FourCc.Pssh or FourCc.Uuid or FourCc.Udta
        or 0x73696478 // sidx
        or 0x73736978 // ssix
        or 0x7064696E // pdin
        or 0x70726674 // prft
        or 0x656D7367 // emsg
        or 0x6D667261 // mfra
        or 0x736B6970 // skip
        or 0x77696465 // wide
        or 0x706E6F74; // pnot

    /// <summary>Whether bytes hold a code of the structure: then they are no padding, but a file that is broken.</summary>
    public static bool AreIn(ReadOnlySpan<byte> bytes) => bytes.Length >= 4 && System.Text.Encoding.Latin1.GetString(bytes).AsSpan().ContainsAny(Inner);
}
