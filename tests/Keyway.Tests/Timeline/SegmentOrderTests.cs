namespace Keyway.Timeline;

/// <summary>Which segments are taken for those that the manifest promises, by their times and by the count of their initialisation vectors.</summary>
public sealed class SegmentOrderTests
{
    private const int Length = 4;

    [Theory]
    [InlineData(0.0084)]
    [InlineData(-0.0084)]
    [InlineData(1.9)]
    public void Segments_that_drift_are_taken(double drift)
    {
        // Half a segment more each time is what ISO/IEC 23009-1 lets a template be wrong by.
        Play(Enumerable.Range(0, 1000).Select(i => Segment(i, (i * Length) + (i * drift)))).Should().OnlyContain(verdict => verdict.Refusal == null && verdict.Clock == null);
    }

    [Theory]
    [InlineData(3600.5)]
    [InlineData(1_700_000_000)]
    [InlineData(-2.5)]
    public void Media_whose_clock_is_another_is_taken_and_that_is_said(double offset)
    {
        List<SegmentOrder.Verdict> verdicts = Play(Enumerable.Range(1, 10).Select(i => Segment(i, (i * Length) + offset)));
        verdicts.Should().HaveCount(10).And.OnlyContain(verdict => verdict.Refusal == null);
        verdicts.Select(verdict => verdict.Clock).Should().Equal([TimeSpan.FromSeconds(offset), .. new TimeSpan?[9]]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(9)]
    public void A_segment_of_another_time_is_refused_wherever_it_stands(int wrong)
    {
        List<SegmentOrder.Verdict> verdicts = Play(Enumerable.Range(0, 10).Select(i => Segment(i, i == wrong ? 400 : i * Length)));
        verdicts.Select(verdict => verdict.Refusal is null).Should().Equal(Enumerable.Range(0, 10).Select(i => i != wrong));
        verdicts[wrong].Refusal!.Value.Reason.Should().Contain("400 s").And.Contain($"{wrong * Length} s");
    }

    [Fact]
    public void The_neighbour_of_a_segment_is_of_another_time() =>
        Play(Enumerable.Range(0, 10).Select(i => Segment(i, (i == 5 ? 6 : i) * Length))).Select(verdict => verdict.Refusal is null).Should().Equal(Enumerable.Range(0, 10).Select(i => i != 5));

    [Fact]
    public void Media_that_jumps_for_good_is_taken_from_there_on_and_that_is_said()
    {
        List<SegmentOrder.Verdict> verdicts = Play(Enumerable.Range(0, 12).Select(i => Segment(i, (i * Length) + (i < 6 ? 0 : 1000))));
        verdicts.Should().HaveCount(12).And.OnlyContain(verdict => verdict.Refusal == null);
        verdicts.Single(verdict => verdict.Clock is not null).Should().Match<SegmentOrder.Verdict>(verdict => verdict.Segment.Segment.Number == 6 && verdict.Clock == TimeSpan.FromSeconds(1000));
    }

    [Fact]
    public void Segments_of_very_different_lengths_that_follow_one_another_are_taken()
    {
        // A template that says 4 s, and 1 to 9 s in truth.
        double time = 0;
        int[] lengths = [4, 9, 1, 9, 1, 9, 1, 9, 9, 1, 1, 1];
        Play(lengths.Select((length, i) =>
        {
            time += length;
            return Segment(i, time - length, length);
        })).Should().OnlyContain(verdict => verdict.Refusal == null);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(9)]
    public void A_segment_whose_vectors_belong_to_another_count_is_refused(int wrong)
    {
        List<SegmentOrder.Verdict> verdicts = Play(Enumerable.Range(0, 10).Select(i => Segment(i, i * Length, Length, (i == wrong ? 0x5000_0000_0000_0000UL : 0x1000_0000_0000_0000UL) + ((ulong)i * 100))));
        verdicts.Select(verdict => verdict.Refusal is null).Should().Equal(Enumerable.Range(0, 10).Select(i => i != wrong));
    }

    [Fact]
    public void Vectors_that_begin_at_random_in_each_segment_say_nothing()
    {
        Random random = new(7);
        Play(Enumerable.Range(0, 50).Select(i => Segment(i, i * Length, Length, (ulong)random.NextInt64()))).Should().HaveCount(50).And.OnlyContain(verdict => verdict.Refusal == null);
    }

    [Fact]
    public void Where_nothing_is_promised_or_said_everything_is_taken()
    {
        Play(Enumerable.Range(0, 5).Select(i => Segment(i, i == 3 ? 99 : i, said: false))).Should().HaveCount(5).And.OnlyContain(verdict => verdict.Refusal == null);
        Play([Segment(0, 5000)]).Should().ContainSingle().Which.Refusal.Should().BeNull("there is nothing to compare it with");
    }

    private static List<SegmentOrder.Verdict> Play(IEnumerable<CheckedSegment> segments)
    {
        SegmentOrder order = new();
        List<SegmentOrder.Verdict> verdicts = [.. segments.SelectMany(order.Add)];
        verdicts.AddRange(order.Finish());
        return [.. verdicts.OrderBy(verdict => verdict.Segment.Segment.Number)];
    }

    private static CheckedSegment Segment(int number, double time, double length = Length, ulong? vector = null, bool said = true) => new()
    {
        Segment = new TimelineSegment
        {
            Address = new Uri("https://a.example/" + number),
            Number = (ulong)number,
            Time = (ulong)TimeSpan.FromSeconds(number * Length).Ticks,
            Duration = said ? (ulong)TimeSpan.FromSeconds(Length).Ticks : 0,
            Timescale = TimeSpan.TicksPerSecond,
        },
        Bytes = Memory<byte>.Empty,
        Time = TimeSpan.FromSeconds(time),
        Length = TimeSpan.FromSeconds(length),
        Vectors = vector is { } first ? (first, first + 99) : null,
    };
}
