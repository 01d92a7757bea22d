using System.Buffers.Binary;
using Keyway.Cli.Run;

namespace Keyway.Cli.Mp4Decrypt;

/// <summary>The sample's picture and sound in one protected file, each under its own key, as packagers make them that write one file.</summary>
internal static class TwoTracks
{
    private const int TrackIdInTkhd = 12, TrackIdInTrex = 4, TrackIdInTfhd = 4;   // behind version and flags, from the type's end on

    /// <summary>Makes it: track 1 is <c>video-360</c>, track 2 is <c>audio</c>.</summary>
    public static byte[] Make()
    {
        string[] video = Sample.Segments("video-360"), audio = Sample.Segments("audio");
        byte[] first = File.ReadAllBytes(video[0]), second = File.ReadAllBytes(audio[0]);
        (int ftyp, int moov) = (Length(first, 0), Find(first, "moov") - 4);
        byte[] trak = Renumber(Box(second, "trak"), "tkhd", TrackIdInTkhd), trex = Renumber(Box(second, "trex"), "trex", TrackIdInTrex);
        byte[] mvex = Box(first, "mvex");
        byte[] both = [.. mvex, .. trex];
        BinaryPrimitives.WriteInt32BigEndian(both, both.Length);
        int at = Find(first, "mvex") - 4;
        byte[] movie = [.. first.AsSpan(moov, at - moov), .. both, .. first.AsSpan(at + mvex.Length, moov + Length(first, moov) - at - mvex.Length), .. trak];
        BinaryPrimitives.WriteInt32BigEndian(movie, movie.Length);
        List<byte> file = [.. first.AsSpan(0, ftyp), .. movie];
        for (int i = 1; i < video.Length; i++)
        {
            file.AddRange(Fragments(File.ReadAllBytes(video[i])));
            file.AddRange(Renumber(Fragments(File.ReadAllBytes(audio[i])), "tfhd", TrackIdInTfhd));
        }

        return [.. file];
    }

    // What stands before a fragment is about its segment alone.
    private static byte[] Fragments(byte[] segment) => segment[(Find(segment, "moof") - 4)..];

    private static byte[] Box(byte[] file, string type)
    {
        int at = Find(file, type) - 4;
        return file[at..(at + Length(file, at))];
    }

    private static byte[] Renumber(byte[] box, string type, int offset)
    {
        for (int at = 0; at >= 0;)
        {
            int next = box.AsSpan(at).IndexOf(System.Text.Encoding.ASCII.GetBytes(type));
            if (next < 0) break;
            at += next + 4;
            BinaryPrimitives.WriteUInt32BigEndian(box.AsSpan(at + offset), 2);
        }

        return box;
    }

    private static int Find(byte[] file, string type) => file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(type));

    private static int Length(byte[] file, int at) => BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
}
