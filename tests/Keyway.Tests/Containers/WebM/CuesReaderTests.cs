using Keyway.Containers.WebM.Structure;
using static Keyway.Containers.WebM.WebMMaker;

namespace Keyway.Containers.WebM;

public sealed class CuesReaderTests
{
    [Fact]
    public void Clusters_come_in_their_order_each_with_the_earliest_time_that_leads_to_it()
    {
        byte[] cues = Element(0x1C53BB6B, Cue(500, 900), Element(0xEC, [0, 0]), Cue(0, 100), Cue(40, 100, 900), Cue(1000, 100, 1700));
        CuesReader.TryRead(cues, 0, out IReadOnlyList<(ulong, ulong)> found, out _).Should().BeTrue();
        found.Should().Equal((0, 100), (40, 900), (1000, 1700));
    }

    [Fact]
    public void Very_many_places_in_one_point_are_refused_and_cost_little()
    {
        byte[] places = Join([.. Enumerable.Repeat(Element(0xF1, [1]), 1 << 19)]);
        byte[] cues = Element(0x1C53BB6B, Element(0xBB, Number(0xB3, 1), Element(0xB7, places)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        CuesReader.TryRead(cues, 7, out _, out FormatError error).Should().BeFalse();
        error.Reason.Should().Contain("more than");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(16 << 20);
    }

    [Theory]
    [InlineData("1C53BB6B84BB82B3820000", "leads out of its parent")]
    [InlineData("1C53BB6BFF", "unknown size")]
    [InlineData("1654AE6B80", "no Cues")]
    [InlineData("1C53BB6B8DBB8BB389000000000000000001", "a number of 9 bytes")]
    public void Bad_ones_are_refused(string bytes, string reason)
    {
        CuesReader.TryRead(Convert.FromHexString(bytes), 0, out _, out FormatError error).Should().BeFalse();
        error.Reason.Should().Contain(reason);
    }

    private static byte[] Cue(ulong time, params ulong[] positions) =>
        Element(0xBB, [Number(0xB3, time), .. positions.Select(static position => Element(0xB7, Number(0xF7, 1), Number(0xF1, position)))]);
}
