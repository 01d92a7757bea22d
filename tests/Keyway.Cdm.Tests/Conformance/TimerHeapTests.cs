extern alias host;

using host::Keyway.Cdm.Host;
using Keyway.Testing;

namespace Keyway.Cdm.Conformance;

/// <summary>Timers in virtual time.</summary>
public sealed class TimerHeapTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void They_run_out_in_their_order_and_not_before()
    {
        TimerHeap heap = new(_clock);
        heap.Wait.Should().Be(Timeout.InfiniteTimeSpan);
        heap.TrySet(30, 3).Should().BeTrue();
        heap.TrySet(10, 1).Should().BeTrue();
        heap.TrySet(10, 2).Should().BeTrue();
        heap.Wait.Should().Be(TimeSpan.FromMilliseconds(10));
        heap.TryTake(heap.Mark, out _).Should().BeFalse();
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        heap.Wait.Should().Be(TimeSpan.Zero);
        Take(heap).Should().Equal(1, 2);
        heap.Wait.Should().Be(TimeSpan.FromMilliseconds(20));
        _clock.Advance(TimeSpan.FromHours(1));
        Take(heap).Should().Equal(3);
        heap.Count.Should().Be(0);
    }

    [Fact]
    public void One_that_is_set_in_a_round_is_for_the_next_round()
    {
        TimerHeap heap = new(_clock);
        heap.TrySet(0, 1);
        long mark = heap.Mark;
        heap.TryTake(mark, out nint context).Should().BeTrue();
        context.Should().Be(1);
        heap.TrySet(0, 2);
        heap.TryTake(mark, out _).Should().BeFalse();
        Take(heap).Should().Equal(2);
    }

    [Fact]
    public void Times_that_make_no_sense_are_now_or_in_a_year()
    {
        TimerHeap heap = new(_clock);
        heap.TrySet(long.MinValue, 1);
        heap.TrySet(long.MaxValue, 2);
        Take(heap).Should().Equal(1);
        heap.Wait.Should().Be(TimeSpan.FromDays(366));
    }

    [Fact]
    public void There_are_so_many_and_no_more()
    {
        TimerHeap heap = new(_clock);
        for (int i = 0; i < 4096; i++) heap.TrySet(i, i).Should().BeTrue();
        heap.TrySet(0, 0).Should().BeFalse();
        heap.Count.Should().Be(4096);
    }

    private static List<nint> Take(TimerHeap heap)
    {
        List<nint> taken = [];
        for (long mark = heap.Mark; heap.TryTake(mark, out nint context);) taken.Add(context);
        return taken;
    }
}
