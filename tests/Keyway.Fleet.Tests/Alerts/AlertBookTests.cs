using Keyway.Fleet.Checks;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Alerts;

public sealed class AlertBookTests
{
    private static readonly DateTimeOffset Begun = Views.Now;

    private readonly AlertBook _book = new(new AlertOptions { For = TimeSpan.FromSeconds(10), ResolveAfter = TimeSpan.FromSeconds(20), GroupFrom = 3, Flaps = 3, FlapWindow = TimeSpan.FromSeconds(300) });

    [Fact]
    public void What_is_wrong_for_long_enough_is_told_once_and_what_is_right_again_is_told_once()
    {
        Note(0, "a", failing: true);
        Advance(9).Should().BeEmpty();
        _book.Alerts(Begun.AddSeconds(9)).Should().ContainSingle().Which.State.Should().Be("pending");
        Advance(10).Should().ContainSingle().Which.Should().Match<AlertReport>(static alert => alert.State == "firing" && alert.Subject == "stream" && alert.Name == "a" && alert.Since == Begun);
        Note(11, "a", failing: true);
        Advance(12).Should().BeEmpty();
        Note(30, "a", failing: false);
        Advance(49).Should().BeEmpty("it may come back");
        Advance(50).Should().ContainSingle().Which.State.Should().Be("resolved");
        Advance(60).Should().BeEmpty();
    }

    [Fact]
    public void What_passes_by_itself_is_told_to_nobody()
    {
        Note(0, "a", failing: true);
        Note(8, "a", failing: false);
        Advance(100).Should().BeEmpty();
        Advance(400);
        _book.IsEmpty.Should().BeTrue("what is right and quiet is forgotten");
    }

    [Fact]
    public void What_comes_again_and_again_is_told_once_and_stays_until_it_has_been_quiet()
    {
        List<AlertReport> told = [];
        for (int i = 0; i < 10; i++)
        {
            Note(i * 10, "a", failing: true);
            told.AddRange(Advance((i * 10) + 4));
            Note((i * 10) + 5, "a", failing: false);
            told.AddRange(Advance((i * 10) + 9));
        }

        told.Should().ContainSingle("each time it was shorter than what is told").Which.Should().Match<AlertReport>(static alert => alert.State == "firing" && alert.IsFlapping);
        Advance(300).Should().BeEmpty();
        Advance(420).Should().ContainSingle().Which.State.Should().Be("resolved");
    }

    [Fact]
    public void Many_streams_of_one_origin_with_one_fault_are_one_alert()
    {
        foreach (string stream in (string[])["a", "b", "c", "d"]) Note(0, stream, failing: true);
        AlertReport alert = Advance(10).Should().ContainSingle().Subject;
        (alert.Subject, alert.Name, alert.Streams).Should().Be(("origin", "https://cdn.example", 4));
        alert.Examples.Should().Equal("a", "b", "c", "d");

        // One less is the same alert, and one more.
        Note(11, "d", failing: false);
        Note(11, "e", failing: true);
        Advance(40).Should().BeEmpty();
        foreach (string stream in (string[])["a", "b", "c", "e"]) Note(41, stream, failing: false);
        Advance(70).Should().ContainSingle().Which.Should().Match<AlertReport>(static over => over.State == "resolved" && over.Subject == "origin");
    }

    [Fact]
    public void Faults_of_licences_are_the_provider_s_and_others_are_not_mixed_with_them()
    {
        foreach (string stream in (string[])["a", "b", "c"]) Note(0, stream, failing: true, check: "licence.refused", origin: $"https://{stream}.example", provider: "acme");
        Note(0, "a", failing: true, check: "manifest.stale", origin: "https://a.example", provider: "acme");
        Advance(10).Select(static alert => (alert.Subject, alert.Name, alert.Check)).Should().BeEquivalentTo([("provider", "acme", "licence.refused"), ("stream", "a", "manifest.stale")]);
    }

    [Fact]
    public void What_nobody_speaks_of_any_more_ends()
    {
        Note(0, "a", failing: true);
        Advance(10).Should().ContainSingle();
        Advance(290).Should().BeEmpty();
        Advance(301).Should().BeEmpty();
        Advance(330).Should().ContainSingle().Which.State.Should().Be("resolved");
    }

    [Fact]
    public void Who_forgets_is_reminded_every_minute_and_not_more_often()
    {
        Note(0, "a", failing: true);
        Advance(10);
        _book.Reminders(Begun.AddSeconds(11)).Should().ContainSingle();
        _book.Reminders(Begun.AddSeconds(30)).Should().BeEmpty();
        _book.Reminders(Begun.AddSeconds(71)).Should().ContainSingle();
    }

    private void Note(double at, string stream, bool failing, string check = "manifest.stale", string origin = "https://cdn.example", string? provider = null) =>
        _book.Note(new AlertSignal { Stream = stream, Check = check, Severity = Severity.Critical, Origin = origin, Provider = provider, IsFailing = failing, Text = "why" }, Begun.AddSeconds(at));

    private IReadOnlyList<AlertReport> Advance(double at) => _book.Advance(Begun.AddSeconds(at));
}
