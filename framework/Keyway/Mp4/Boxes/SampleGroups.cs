namespace Keyway.Mp4.Boxes;

/// <summary>Which samples belong to which <c>seig</c> group: the groups of the track, those of a fragment, and the runs that map samples to them.</summary>
internal sealed class SampleGroups
{
    /// <summary>Where a fragment's own groups begin to count (ISO/IEC 14496-12, 8.9.4).</summary>
    private const uint FragmentLocal = 0x10000;

    public Sgpd? Descriptions { get; private set; }

    public List<GroupRun> Runs { get; } = new(1);

    /// <summary>Reads a box if it is <c>sgpd</c>, <c>sbgp</c> or <c>csgp</c> of type <c>seig</c>.</summary>
    /// <param name="box">Any box.</param>
    /// <param name="spread">How many samples patterns may still be spread to.</param>
    /// <param name="taken">Whether it was one.</param>
    /// <param name="error">What is wrong with it.</param>
    public bool TryTake(in Box box, ref int spread, out bool taken, out FormatError error)
    {
        error = default;
        taken = box.Type is FourCc.Sgpd or FourCc.Sbgp or FourCc.Csgp && Sgpd.IsSeig(box);
        if (!taken) return true;
        if (box.Type == FourCc.Sbgp) return Sbgp.TryRead(box, Runs, out error);
        if (box.Type == FourCc.Csgp) return Csgp.TryRead(box, Runs, ref spread, out error);
        if (!Sgpd.TryRead(box, out Sgpd read, out error)) return false;
        if (Descriptions is null) Descriptions = read;
        else Descriptions.Groups.AddRange(read.Groups);
        return true;
    }

    /// <summary>What protects the samples of a group.</summary>
    /// <param name="index">The group; <see langword="null"/> for samples that no run maps.</param>
    /// <param name="track">The groups of the track.</param>
    /// <param name="defaults">What the sample entry says.</param>
    /// <param name="encryption">The answer.</param>
    /// <returns><see langword="false"/> when there is no such group.</returns>
    /// <remarks>An index without the mark of a fragment's own group, which the track does not describe but the fragment does, means the fragment's: older packagers write that.</remarks>
    public bool TryFind(uint? index, SampleGroups? track, TrackEncryption defaults, out TrackEncryption encryption)
    {
        encryption = defaults;
        uint number = index ?? Unmapped(track);
        if (number == 0) return true;
        if (number > FragmentLocal) return TryPick(Descriptions, number - FragmentLocal, ref encryption);
        return TryPick(track?.Descriptions, number, ref encryption) || TryPick(Descriptions, number, ref encryption);
    }

    private uint Unmapped(SampleGroups? track)
    {
        if (Descriptions is { DefaultIndex: not 0 } own && !ReferenceEquals(this, track))
            return own.DefaultIndex > FragmentLocal ? own.DefaultIndex : own.DefaultIndex + FragmentLocal;
        return track?.Descriptions?.DefaultIndex ?? 0;
    }

    private static bool TryPick(Sgpd? descriptions, uint number, ref TrackEncryption encryption)
    {
        if (descriptions is null || number == 0 || number > (uint)descriptions.Groups.Count) return false;
        encryption = descriptions.Groups[(int)number - 1];
        return true;
    }
}
