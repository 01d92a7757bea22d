using static Keyway.Containers.WebM.WebMMaker;
using static Keyway.Containers.WebM.WebMRuns;

namespace Keyway.Containers.WebM;

/// <summary>Bad files: each is refused by name, where it is wrong, and costs nothing.</summary>
public sealed class WebMRefusalTests
{
    private static readonly byte[] Frame = Bytes(60);

    private static readonly Dictionary<string, (byte[] File, string Reason)> Cases = new()
    {
        ["lacing"] = (Of(Simple(1, 0, Encrypted(Frame, 1), 0x82)), "Xiph lacing"),
        ["fixed lacing"] = (Of(Simple(1, 0, Encrypted(Frame, 1), 0x84)), "Fixed lacing"),
        ["EBML lacing of a clear frame"] = (Of(Simple(1, 0, Bare(Frame), 0x86)), "Ebml lacing"),
        ["additions"] = (Of(Group(1, 0, Encrypted(Frame, 1), Element(0x75A1, Element(0xA6, Number(0xEE, 1), Element(0xA5, [1]))))), "BlockAdditions"),
        ["EncryptedBlock"] = (Of(Element(0xAF, BlockOf(1, 0, 0, Frame))), "EncryptedBlock"),
        ["extension bit"] = (Of(Simple(1, 0, [0x81, .. Frame])), "extension bit"),
        ["reserved bits"] = (Of(Simple(1, 0, [0x05, .. Frame])), "reserved bits"),
        ["frame without its vector"] = (Of(Simple(1, 0, [1, 2, 3])), "no room for its initialisation vector"),
        ["partitions without a count"] = (Of(Simple(1, 0, [3, 1, 2, 3, 4, 5, 6, 7, 8])), "number of its partitions"),
        ["partitions without offsets"] = (Of(Simple(1, 0, [3, 1, 2, 3, 4, 5, 6, 7, 8, 2, 0, 0, 0, 1])), "no room for 2 offsets"),
        ["offsets that fall"] = (Of(Simple(1, 0, Patched(Partitioned(Frame, 1, 10, 20), 10, 21))), "before the one before it"),
        ["offsets behind the frame"] = (Of(Simple(1, 0, Patched(Partitioned(Frame, 1, 10, 20), 14, 1))), "behind its 60 bytes"),
        ["block of no track"] = (Of(Simple(9, 0, Frame)), "track 9"),
        ["block without a head"] = (Of(Element(0xA3, [0x81, 0])), "cut short before its frame"),
        ["block outside of a cluster"] = (Whole(Tracks(Video(1, Encryption())), Simple(1, 0, Frame)), "outside of a Cluster"),
        ["cluster in a cluster"] = (Of(Cluster(0, Simple(1, 0, Frame))), "Cluster in a Cluster"),
        ["tracks in a cluster"] = (Of(Tracks(Video())), "Tracks in a Cluster"),
        ["segment in a segment"] = (Whole(Tracks(Video(1, Encryption())), Element(0x18538067, Cluster(0, Simple(1, 0, Frame)))), "Segment in a Segment"),
        ["group in a group"] = (Of(Group(1, 0, Frame, Group(1, 0, Frame))), "BlockGroup in a BlockGroup"),
        ["two blocks in a group"] = (Of(Group(1, 0, Frame, Element(0xA1, BlockOf(1, 0, 0, Frame)))), "second Block"),
        ["group without a block"] = (Of(Element(0xA0, Number(0x9B, 3))), "without a Block"),
        ["cluster before tracks"] = (Join(Header(), Element(0x18538067, Cluster(0, Simple(1, 0, Frame)))), "initialisation segment is missing"),
        ["no tracks"] = (Join(Header(), Element(0x18538067, Info())), "no Tracks"),
        ["size that leads out of the cluster"] = (Of([0xA3, 0x10, 0x40, 0, 0, 1]), "leads out of what encloses it"),
        ["size of 2^56"] = (Of([0xEC, 0x01, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]), "leads out of what encloses it"),
        ["block of 64 MiB that is not there"] = (Join(Header(), Element(0x18538067, Tracks(Video(1, Encryption())), -1), Element(0x1F43B675, [], -1), [0xA3, 0x11, 0x00, 0x00, 0x00, 0x81, 0, 0, 0]), "cut short within an element"),
        ["block of 1 GiB"] = (Join(Header(), Element(0x18538067, Tracks(Video(1, Encryption())), -1), Element(0x1F43B675, [], -1), [0xA3, 0x08, 0x40, 0, 0, 0, 0x81, 0, 0, 0]), "are accepted"),
        ["block of unknown size"] = (Of([0xA3, 0xFF, 0x81, 0, 0, 0x80, 1, 2, 3]), "unknown size"),
        ["tracks of unknown size"] = (Join(Header(), Element(0x18538067, Element(0x1654AE6B, Video(), -1))), "unknown size"),
        ["child that leads out of its track"] = (Whole(Element(0x1654AE6B, [0xAE, 0x83, 0xD7, 0x85, 1])), "leads out of its parent"),
        ["two tracks of one number"] = (Whole(Tracks(Video(1, Encryption()), Audio(1))), "two tracks have the number 1"),
        ["track 0"] = (Whole(Tracks(Video(0, Encryption()))), "without a number"),
        ["no element"] = (Of([0x00, 0x01, 0x02]), "no EBML element"),
        ["identifiers of five bytes"] = (Join(Header("webm", Number(0x42F2, 5)), Element(0x18538067, Tracks(Video()))), "EBMLMaxIDLength 5"),
        ["sizes of nine bytes"] = (Join(Header("webm", Number(0x42F3, 9)), Element(0x18538067, Tracks(Video()))), "EBMLMaxSizeLength 9"),
        ["another DocType"] = (Join(Header("other"), Element(0x18538067, Tracks(Video()))), "DocType is 'other'"),
        ["version 5"] = (Join(Header("webm", Number(0x4285, 5)), Element(0x18538067, Tracks(Video()))), "DocTypeReadVersion 5"),
        ["TimestampScale 0"] = (Join(Header(), Element(0x18538067, Info(0))), "TimestampScale of 0"),
        ["second tracks"] = (Whole(Tracks(Video(1, Encryption())), Tracks(Video(1))), "second Tracks"),
        ["compression beside encryption"] = (Encoded(Element(0x6240, Number(0x5033, 0), Element(0x5034, Number(0x4254, 3))), Inner(Encryption())), "second ContentEncoding"),
        ["two encryptions"] = (Encoded(Inner(Encryption()), Inner(Encryption())), "encrypted twice"),
        ["no encryption in it"] = (Encoded(Element(0x6240, Number(0x5033, 1))), "without ContentEncryption"),
        ["no key identifier"] = (Encoded(Element(0x6240, Number(0x5033, 1), Element(0x5035, Number(0x47E1, 5)))), "without ContentEncKeyID"),
        ["signed only"] = (Encoded(Element(0x6240, Number(0x5033, 1), Element(0x5035, Element(0x47E2, Kid)))), "only signs"),
        ["CBC"] = (Encoded(Element(0x6240, Number(0x5033, 1), Element(0x5035, Number(0x47E1, 5), Element(0x47E2, Kid), Element(0x47E7, Number(0x47E8, 2))))), "CBC"),
        ["CodecPrivate encrypted"] = (Encoded(Element(0x6240, Number(0x5032, 3), Number(0x5033, 1), Element(0x5035, Number(0x47E1, 5), Element(0x47E2, Kid)))), "scope 3"),
        ["two key identifiers"] = (Encoded(Element(0x6240, Number(0x5033, 1), Element(0x5035, Number(0x47E1, 5), Element(0x47E2, Kid), Element(0x47E2, Key)))), "two different"),
        ["encryption that calls itself compression"] = (Encoded(Element(0x6240, Number(0x5033, 0), Element(0x5035, Number(0x47E1, 5), Element(0x47E2, Kid)))), "type 0"),
        ["an unknown encoding"] = (Encoded(Element(0x6240, Number(0x5033, 1), Element(0x5035, Number(0x47E1, 5), Element(0x47E2, Kid))), Element(0x6240, Number(0x5033, 7))), "type 7"),
        ["a key identifier of 10 000 bytes"] = (Encoded(Element(0x6240, Number(0x5033, 1), Element(0x5035, Number(0x47E1, 5), Element(0x47E2, new byte[10_000])))), "10000 bytes"),
    };

    public static TheoryData<string> Names() => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_is_refused_by_name(string name)
    {
        (byte[] file, string reason) = Cases[name];
        MediaFormatException refusal = (await FluentActions.Awaiting(() => DecryptAsync(file)).Should().ThrowAsync<MediaFormatException>()).Which;
        refusal.Error.Reason.Should().Contain(reason);
        refusal.MediaSource.Should().Be("made.webm");
    }

    [Fact]
    public async Task A_file_that_is_cut_anywhere_is_refused()
    {
        byte[] file = Whole(Tracks(Video(1, Encryption())), Cluster(0, Simple(1, 0, Encrypted(Frame, 1)), Group(1, 5, Partitioned(Frame, 2, 5), Number(0x9B, 3))), Element(0x1C53BB6B, Element(0xBB, Number(0xB3, 0))));
        await DecryptAsync(file);
        for (int length = 0; length < file.Length; length++)
        {
            int cut = length;
            await FluentActions.Awaiting(() => DecryptAsync(file[..cut])).Should().ThrowAsync<MediaFormatException>("{0} of {1} bytes are there", length, file.Length);
        }
    }

    [Fact]
    public async Task What_a_size_claims_is_not_allocated()
    {
        byte[] file = Join(Header(), Element(0x18538067, Tracks(Video(1, Encryption())), -1), Element(0x1F43B675, [], -1), [0xA3, 0x13, 0xFF, 0xFF, 0xF0, 0x81, 0, 0, 0]);
        long before = GC.GetTotalAllocatedBytes();
        await FluentActions.Awaiting(() => DecryptAsync(file)).Should().ThrowAsync<MediaFormatException>();
        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(32 << 20);
    }

    private static byte[] Of(params byte[][] inCluster) => Whole(Tracks(Video(1, Encryption())), Cluster(0, inCluster));

    private static byte[] Encoded(params byte[][] encodings) => Whole(Tracks(Video(1, Element(0x6D80, encodings))), Cluster(0, Simple(1, 0, Frame)));

    /// <summary>The one encoding in a list of them.</summary>
    private static byte[] Inner(byte[] encodings) => encodings[3..];

    private static byte[] Patched(byte[] bytes, int at, byte value)
    {
        bytes[at + 3] = at == 10 ? value : bytes[at + 3];
        if (at == 14) bytes[at] = value;
        return bytes;
    }
}
