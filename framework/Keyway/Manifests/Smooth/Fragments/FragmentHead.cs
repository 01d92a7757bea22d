using System.Buffers.Binary;
using Keyway.Mp4;
using Keyway.Mp4.Boxes;

namespace Keyway.Manifests.Smooth.Fragments;

/// <summary>What a fragment says of itself before its media ([MS-SSTR], 2.2.4): one <c>moof</c> with one track.</summary>
/// <remarks>
/// <code>
/// moof ─ mfhd
///      ─ traf ─ tfhd ─ trun ─ [ tfdt ] ─ uuid tfxd  time and duration
///                                      ─ uuid tfrf  those of the fragments that follow, of a live stream
///                                      ─ uuid senc  vectors and maps; another key than the track's, or that nothing is encrypted
/// </code>
/// </remarks>
internal sealed class FragmentHead
{
    private const uint HasSize = 0x200, HasDuration = 0x100, HasFlags = 0x400;

    /// <summary>Where <c>moof</c> lies in the bytes.</summary>
    public required BoxRange Moof { get; init; }

    public Tfhd Header { get; private set; }

    public List<Trun> Runs { get; } = [];

    /// <summary>What <c>tfdt</c> says.</summary>
    public ulong? DecodeTime { get; private set; }

    /// <summary>What <c>tfxd</c> says.</summary>
    public FragmentTime? Absolute { get; private set; }

    /// <summary>The fragments that follow, as far as they are known (<c>tfrf</c>).</summary>
    public IReadOnlyList<FragmentTime> Next { get; private set; } = [];

    /// <summary>How its samples are encrypted, where a box of PIFF says so of this fragment.</summary>
    public TrackEncryption? Own { get; private set; }

    /// <summary>The algorithm of that.</summary>
    public uint Algorithm { get; private set; }

    /// <summary>What <c>senc</c> says.</summary>
    public Senc? Encryption { get; private set; }

    /// <summary>Whether other boxes than <c>senc</c> say how samples are protected.</summary>
    public bool HasOtherProtection { get; private set; }

    /// <summary>Where its media begins in the bytes, where that had to be looked for.</summary>
    public int? MediaStart { get; set; }

    /// <summary>Whether it says itself that samples of it are encrypted.</summary>
    public bool IsEncrypted => Own?.IsProtected != false && (Encryption is { Count: > 0 } || HasOtherProtection);

    /// <summary>Whether nothing says where its samples lie: they begin where the media does.</summary>
    public bool LacksDataOffset => Runs.Count > 0 && Runs[0].DataOffset is null;

    public long SampleCount => Runs.Sum(static run => (long)run.Count);

    public bool LacksSizes => Header.Size is null && Runs.Exists(static run => run.Count > 0 && (run.Flags & HasSize) == 0);

    public bool LacksDurations => Header.Duration is null && Runs.Exists(static run => run.Count > 0 && (run.Flags & HasDuration) == 0);

    /// <summary>Whether nothing says of any sample whether decoding can begin with it.</summary>
    public bool LacksSync => Header.Flags is null && Runs.Count > 0 && Runs[0] is { FirstSampleFlags: null, Flags: var flags } && (flags & HasFlags) == 0;

    /// <summary>Reads a <c>moof</c>.</summary>
    /// <param name="bytes">What it lies in.</param>
    /// <param name="range">Where.</param>
    /// <param name="head">What it says.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, BoxRange range, out FragmentHead head, out FormatError error)
    {
        head = new FragmentHead { Moof = range };
        BoxWalker walker = new(bytes.Slice(range.Start, range.Length), range.Start, 0, BoxPath.Root);
        if (!walker.MoveNext(out Box moof)) return walker.Finish(out error);
        int tracks = 0;
        BoxWalker children = moof.Children();
        while (children.MoveNext(out Box box))
        {
            if (box.IsUuid(PiffBoxes.Tenc) && !head.TryTakeOwn(box, out error)) return false;
            if (box.Type != FourCc.Traf) continue;
            if (tracks++ > 0) return box.Fail("a fragment of more than one track", out error);
            if (!head.TryReadTrack(box, out error)) return false;
        }

        if (!children.Finish(out error)) return false;
        return tracks > 0 || moof.Fail("moof has no traf", out error);
    }

    private bool TryReadTrack(in Box traf, out FormatError error)
    {
        bool hasHeader = false;
        BoxWalker walker = traf.Children();
        while (walker.MoveNext(out Box box))
        {
            switch (box.Type)
            {
                case FourCc.Tfhd:
                    if (!Tfhd.TryRead(box, out Tfhd header, out error)) return false;
                    (Header, hasHeader) = (header, true);
                    break;
                case FourCc.Tfdt:
                    if (!Tfdt.TryRead(box, out ulong time, out error)) return false;
                    DecodeTime = time;
                    break;
                case FourCc.Trun:
                    if (!Trun.TryRead(box, out Trun run, out error)) return false;
                    Runs.Add(run);
                    break;
                case FourCc.Saiz:
                    if (!Saiz.TryRead(box, out Saiz sizes, out error)) return false;
                    HasOtherProtection |= sizes is { IsProtection: true, Count: > 0 };
                    break;
                case FourCc.Sbgp or FourCc.Csgp:
                    HasOtherProtection |= box.Content.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(box.Content[4..]) == FourCc.Seig;
                    break;
                case FourCc.Senc:
                case FourCc.Uuid when box.IsUuid(PiffBoxes.Senc):
                    if (!Senc.TryRead(box, out Senc senc, out error)) return false;
                    if (Encryption is null || box.Type == FourCc.Senc) Encryption = senc;
                    if (senc.Override is { } own) (Own, Algorithm) = (own, senc.Algorithm);
                    break;
                case FourCc.Uuid when box.IsUuid(PiffBoxes.Tenc):
                    if (!TryTakeOwn(box, out error)) return false;
                    break;
                case FourCc.Uuid when box.IsUuid(PiffBoxes.Tfxd):
                    // The manifest says it as well.
                    if (Tfxd.TryRead(box, out FragmentTime absolute, out _)) Absolute = absolute;
                    break;
                case FourCc.Uuid when box.IsUuid(PiffBoxes.Tfrf):
                    if (Tfrf.TryRead(box, out IReadOnlyList<FragmentTime> next, out _)) Next = next;
                    break;
            }
        }

        if (!walker.Finish(out error)) return false;
        if (!hasHeader) return traf.Fail("traf has no tfhd", out error);
        return Header.TrackId > 0 || traf.Fail("tfhd has the track number 0", out error);
    }

    /// <summary>Takes the defaults of a track that stand in its fragment. What <c>senc</c> says of itself comes before.</summary>
    private bool TryTakeOwn(in Box box, out FormatError error)
    {
        if (!Tenc.TryRead(box, out TrackEncryption? own, out uint algorithm, out error)) return false;
        if (Own is null) (Own, Algorithm) = (own, algorithm);
        return true;
    }
}
