using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.Structure;

/// <summary>The sample tables of a track of a progressive file, <c>stbl</c>: views of their boxes (ISO/IEC 14496-12, 8.5 to 8.7).</summary>
internal sealed class SampleTables
{
    public Stsz Sizes { get; set; }

    public Stsc Chunks { get; set; }

    public Stco Offsets { get; set; }

    public Stts Durations { get; set; }

    public Stts? Compositions { get; set; }

    public Stss? Syncs { get; set; }

    public Senc? Encryption { get; set; }

    public Saiz? AuxiliarySizes { get; set; }

    public Saio? AuxiliaryOffsets { get; set; }

    public uint Count => Sizes.Count;
}
