using Keyway.Decryption;
using Keyway.Sources;

namespace Keyway.Timeline;

public sealed class KeysAheadTests
{
    private static readonly ContentOrigin Origin = ContentOrigin.Of(new Uri("https://a.example/list.m3u8"));

    [Fact]
    public void Key_of_a_segment_is_announced_before_the_one_before_it_is_read()
    {
        Heard heard = new();
        List<string> order = [];
        heard.Said = key => order.Add($"key {key.Uri.AbsolutePath}");
        TimelineSegment[] segments = [Segment(0, null), Segment(1, "a"), Segment(2, "b"), Segment(3, null), Segment(4, "c")];
        foreach (TimelineSegment segment in segments.Announcing(heard, Origin)) order.Add($"read {segment.Time}");
        order.Should().Equal("key /a", "read 0", "key /b", "read 1", "read 2", "key /c", "read 3", "read 4");
    }

    [Fact]
    public void Segments_are_taken_one_ahead_and_no_further_and_without_anybody_to_tell_they_are_the_same()
    {
        int taken = 0;
        IEnumerator<TimelineSegment> walk = Endless().Announcing(new Heard(), Origin).GetEnumerator();
        for (int i = 0; i < 5; i++) walk.MoveNext().Should().BeTrue();
        taken.Should().Be(6);
        Endless().Take(3).Announcing(null, Origin).Select(static segment => segment.Time).Should().Equal(Enumerable.Range(7, 3).Select(static time => (ulong)time));
        Array.Empty<TimelineSegment>().Announcing(new Heard(), Origin).Should().BeEmpty();

        IEnumerable<TimelineSegment> Endless()
        {
            while (true) yield return Segment((ulong)++taken, "a");
        }
    }

    private static TimelineSegment Segment(ulong time, string? key) => new()
    {
        Address = new Uri($"https://a.example/{time}"),
        Time = time,
        Key = key is null ? null : new SegmentKey { Method = SegmentKeyMethod.Aes128, Uri = new Uri($"https://a.example/{key}"), Place = "here" },
    };

    private sealed class Heard : ISegmentKeys
    {
        public Action<SegmentKey> Said { get; set; } = static _ => { };

        public ValueTask<SegmentCipher> LeaseAsync(SegmentKey key, ContentOrigin origin, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IFragmentDecryptor> LeaseSamplesAsync(SegmentKey key, ContentOrigin origin, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Announce(SegmentKey key, ContentOrigin origin)
        {
            origin.Should().BeSameAs(Origin);
            Said(key);
        }
    }
}
