using Keyway.Containers.TransportStream.Packets;
using Keyway.Containers.TransportStream.Samples;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;

namespace Keyway.Containers.TransportStream;

/// <summary>Everything that a reader has made of one stream.</summary>
internal sealed class TakenTrack
{
    public required ElementaryTrack Track { get; init; }

    public List<TrackConfiguration> Configurations { get; } = [];

    public List<(long Dts, long Pts, uint Duration, bool IsSync, byte[] Data)> Units { get; } = [];

    /// <summary>Where runs begin, and whether they say that they do not go on from the one before.</summary>
    public List<(int Unit, bool IsDiscontinuous)> Runs { get; } = [];

    public static async Task<List<TakenTrack>> ReadAsync(ISampleReader reader, params (Stream Segment, Decrypting.SampleAesKey? Key, bool IsDiscontinuous)[] segments)
    {
        List<TakenTrack> tracks = [];
        for (int i = 0; i < segments.Length; i++)
        {
            await reader.ReadAsync(segments[i].Segment, $"segment {i + 1}", segments[i].Key, segments[i].IsDiscontinuous, TestContext.Current.CancellationToken);
            TakeAll();
        }

        reader.Finish();
        TakeAll();
        reader.Dispose();
        return tracks;

        void TakeAll()
        {
            foreach (ElementaryTrack track in reader.Tracks)
            {
                if (tracks.Find(taken => taken.Track == track) is not { } taken) tracks.Add(taken = new TakenTrack { Track = track });
                while (track.Take() is { } units)
                {
                    using (units) taken.Add(units);
                }
            }
        }
    }

    public void Add(AccessUnits units)
    {
        Configurations.Add(units.Configuration);
        Runs.Add((Units.Count, units.IsDiscontinuous));
        long dts = units.DecodeTime;
        int at = 0;
        foreach (AccessUnit unit in units.Units)
        {
            Units.Add((dts, dts + unit.CompositionOffset, unit.Duration, unit.IsSync, units.Data.Slice(at, unit.Size).ToArray()));
            dts += unit.Duration;
            at += unit.Size;
        }

        at.Should().Be(units.Data.Length);
    }

    /// <summary>An MP4 file of it.</summary>
    public byte[] ToMp4()
    {
        TrackConfiguration first = Configurations[0];
        byte[] entry = first.Codec switch
        {
            StreamCodec.Avc => SampleEntries.Visual(FourCc.Avc1, first.Width, first.Height, FourCc.AvcC, first.Setup),
            StreamCodec.Hevc => SampleEntries.Visual(FourCc.Hvc1, first.Width, first.Height, FourCc.HvcC, first.Setup),
            StreamCodec.Aac => SampleEntries.Aac(first.Channels, (int)first.Timescale, first.Setup),
            StreamCodec.Ac3 => SampleEntries.Audio(FourCc.Ac3, first.Channels, (int)first.Timescale, 0x64616333, first.Setup),
            _ => SampleEntries.Audio(FourCc.Ec3, first.Channels, (int)first.Timescale, 0x64656333, first.Setup),
        };
        SegmentPacker packer = new();
        bool isVideo = first.Width > 0;
        PackedTrack track = new() { Id = 1, Handler = isVideo ? FourCc.Vide : FourCc.Soun, Timescale = first.Timescale, SampleEntry = entry, Width = first.Width, Height = first.Height };
        packer.WriteMovie([track]);
        packer.WriteFragment(track, 1, (ulong)Units[0].Dts, [.. Units.Select(static unit => new PackedSample(unit.Data.Length, unit.Duration, (int)(unit.Pts - unit.Dts), unit.IsSync))], [.. Units.SelectMany(static unit => unit.Data)]);
        return packer.Written.ToArray();
    }
}
