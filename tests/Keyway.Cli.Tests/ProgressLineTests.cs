using Keyway.Testing;

namespace Keyway.Cli;

/// <summary>Progress of <c>decrypt</c> for people who watch.</summary>
public sealed class ProgressLineTests : IDisposable
{
    private readonly StringWriter _error = new();
    private readonly ManualClock _clock = new();

    public void Dispose() => _error.Dispose();

    [Fact]
    public void Nobody_watches_and_nothing_is_written() => ProgressLine.On(Io(watched: false), _clock, "decrypting", 100).Should().BeNull();

    [Fact]
    public void What_is_done_within_a_second_shows_nothing()
    {
        using (ProgressLine line = ProgressLine.On(Io(watched: true), _clock, "decrypting", 100)!)
        {
            line.Report(10);
            _clock.Advance(TimeSpan.FromMilliseconds(900));
            line.Report(100);
        }

        _error.ToString().Should().BeEmpty();
    }

    [Fact]
    public void Line_is_written_over_at_most_four_times_a_second_and_taken_away_in_the_end()
    {
        using (ProgressLine line = ProgressLine.On(Io(watched: true), _clock, "decrypting", 200)!)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            line.Report(20);
            line.Report(40);
            _clock.Advance(TimeSpan.FromMilliseconds(250));
            line.Report(199);
        }

        _error.ToString().Should().Be("\rdecrypting  10 %\rdecrypting  100 %\r" + new string(' ', 17) + "\r");
    }

    [Fact]
    public void Where_nobody_knows_the_length_it_counts()
    {
        using ProgressLine line = ProgressLine.On(Io(watched: true), _clock, "decrypting", 0)!;
        _clock.Advance(TimeSpan.FromSeconds(2));
        line.Report(7 << 20);
        _error.ToString().Should().Be("\rdecrypting  7 MiB");
    }

    private CommandIo Io(bool watched) => new() { Error = _error, OpenInput = static () => Stream.Null, OpenOutput = static () => Stream.Null, ErrorIsTerminal = watched };
}
