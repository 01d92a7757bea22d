using Keyway.Mp4.Boxes;
using Keyway.Protection;

namespace Keyway.Mp4.Structure;

/// <summary>A <c>moov</c>: the tracks of a file or of an initialisation segment.</summary>
internal sealed class Movie
{
    /// <summary>The whole box as it stood in the file.</summary>
    public required byte[] Bytes { get; init; }

    /// <summary>Where it began.</summary>
    public required long Offset { get; init; }

    public Mvhd Header { get; private set; }

    /// <summary>How long the fragments are together, where <c>mehd</c> says it.</summary>
    public ulong FragmentDuration { get; private set; }

    /// <summary>How many samples patterns of groups may still be spread to.</summary>
    public int Spread = Mp4Limits.SpreadInMovie;

    public List<Track> Tracks { get; } = [];

    /// <summary>What is not as it should be, and was read all the same.</summary>
    public List<FormatError> Defects { get; } = new(1);

    /// <summary>Whether fragments may follow (<c>mvex</c>).</summary>
    public bool IsFragmented { get; private set; }

    /// <summary>Whether a track has samples that <c>moov</c> itself lists.</summary>
    public bool IsProgressive => Tracks.Exists(static t => t.Tables.Count > 0);

    public List<PsshBox> Protection { get; } = [];

    /// <summary>Where <c>pssh</c> boxes begin in the bytes.</summary>
    public List<int> ProtectionStarts { get; } = [];

    public Track? Find(uint id) => Tracks.Find(t => t.Id == id);

    /// <summary>Reads a whole box.</summary>
    public static bool TryRead(byte[] bytes, long offset, out Movie value, out FormatError error)
    {
        value = new Movie { Bytes = bytes, Offset = offset };
        // What is wrong where decrypting looks for nothing is a defect, and the rest is read.
        BoxWalker root = new(bytes, 0, offset, BoxPath.Root);
        if (!root.MoveNext(out Box moov)) return root.Finish(out error);

        List<Trex> defaults = new(2);
        bool header = false;
        BoxWalker walker = moov.Children();
        while (walker.MoveNext(out Box box))
        {
            switch (box.Type)
            {
                case FourCc.Mvhd:
                    header = Mvhd.TryRead(box, out Mvhd mvhd, out error);
                    if (header) value.Header = mvhd;
                    else value.Defects.Add(error);
                    break;
                case FourCc.Trak:
                    if (value.Tracks.Count == Mp4Limits.Tracks) return box.Fail($"more than {Mp4Limits.Tracks} tracks", out error);
                    if (!TrakReader.TryRead(box, value, out error)) return false;
                    break;
                case FourCc.Mvex:
                    value.IsFragmented = true;
                    if (!value.TryReadMvex(box, defaults, out error)) return false;
                    break;
                default:
                    if (!ProtectionBoxes.TryTake(box, value.Protection, value.ProtectionStarts, value.Defects, out error)) return false;
                    break;
            }
        }

        if (!walker.Finish(out error))
        {
            if (value.Tracks.Count == 0 || StructureCodes.AreIn(walker.Rest)) return false;
            value.Defects.Add(error);
        }

        if (walker.Stray > 0) value.Defects.Add(walker.StrayError);
        if (!header && value.Header == default) value.Defects.Add(new FormatError("moov has no mvhd that can be read", "moov", offset));
        if (!value.TryAcceptProblems(out error)) return false;
        Dictionary<uint, Track> byId = [];
        foreach (Track track in value.Tracks)
            if (!byId.TryAdd(track.Id, track)) return moov.Fail($"two tracks have the number {track.Id}", out error);
        foreach (Trex trex in defaults)
            if (byId.TryGetValue(trex.TrackId, out Track? track)) track.Defaults = trex;
        return true;
    }

    /// <summary>A track that cannot be read does no harm while nothing of it is needed: beside one that can, without samples, or clear beside a protected one.</summary>
    private bool TryAcceptProblems(out FormatError error)
    {
        error = default;
        foreach (Track track in Tracks)
        {
            if (track.Problem is not { } problem) continue;
            error = problem;
            if (track.IsProtected || Tracks.TrueForAll(static t => t.Problem is not null)) return false;
            if (track.Tables.Count > 0 && !Tracks.Exists(static t => t.IsProtected)) return false;
            Defects.Add(problem);
        }

        error = default;
        return true;
    }

    private bool TryReadMvex(in Box mvex, List<Trex> defaults, out FormatError error)
    {
        BoxWalker walker = mvex.Children();
        while (walker.MoveNext(out Box box))
        {
            if (box.Type == FourCc.Trex)
            {
                if (!Trex.TryRead(box, out Trex trex, out error)) return false;
                defaults.Add(trex);
            }
            else if (box.Type == FourCc.Mehd)
            {
                FieldReader fields = box.Fields();
                byte version = fields.U8();
                fields.Skip(3);
                FragmentDuration = fields.U32Or64(version == 1);
            }
        }

        return walker.Finish(out error);
    }
}
