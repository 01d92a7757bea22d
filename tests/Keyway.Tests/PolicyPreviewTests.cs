using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Timeline;

namespace Keyway;

/// <summary>What a licence lets each sink do is said before a sample is read, and is what happens when one is.</summary>
public sealed class PolicyPreviewTests
{
    private const long Small = 320 * 180;

    private static readonly Uri Sample = PresentationBench.Sample("cenc/manifest.mpd");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_track_and_sink_has_its_answer_with_time_and_resolution()
    {
        await using PresentationBench bench = new();
        DateTimeOffset now = bench.Clock.GetUtcNow();
        bench.System.Policy = new KeyPolicy
        {
            NotAfter = now.AddDays(30),
            FirstUseBefore = now.AddDays(7),
            AfterFirstUse = TimeSpan.FromHours(48),
            Output = new OutputRequirement { Resolutions = [new ResolutionRule { MaxPixels = Small }, new ResolutionRule { MinPixels = Small + 1, MaxPixels = long.MaxValue, Hdcp = HdcpLevel.V2_2 }] },
        };
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, new PresentationOptions { Output = new OutputCapabilities { Kind = SinkKind.Render } }, Cancel);
        try
        {
            await presentation.AcquireAsync(Cancel);
        }
        catch (Sessions.KeyUnavailableException)
        {
            // The larger video is not for that screen.
        }

        IReadOnlyList<PolicyPreview> rows = presentation.Preview();
        rows.Select(static row => row.Sink).Distinct().Should().Equal("export", "render", "render-hdcp-1", "render-hdcp-2.2", "render-internal", "module");
        rows.Should().HaveCount(3 * 6).And.OnlyContain(row => row.Until == now.AddHours(48) && row.FirstUseBefore == now.AddDays(7) && row.AfterFirstUse == TimeSpan.FromHours(48) && row.From == null);
        Of(rows, 360, "export").Should().Be((KeyStatus.OutputRestricted, "the licence does not allow clear samples to be handed on", 0));
        Of(rows, 360, "render").Should().Be((KeyStatus.OutputDownscaled, "it asks for HDCP 2.2 at this size", Small));
        Of(rows, 360, "render-hdcp-1").Should().Be((KeyStatus.OutputDownscaled, "it asks for HDCP 2.2 at this size", Small));
        Of(rows, 360, "render-hdcp-2.2").Should().Be((KeyStatus.Usable, null, null));
        Of(rows, 360, "render-internal").Should().Be((KeyStatus.Usable, null, null));
        Of(rows, 360, "module").Should().Be((KeyStatus.Usable, null, null));
        Of(rows, 180, "render").Should().Be((KeyStatus.Usable, null, Small));
        Of(rows, 0, "render").Should().Be((KeyStatus.Usable, null, null));
        Of(rows, 0, "export").Status.Should().Be(KeyStatus.OutputRestricted);

        // It is what happens.
        presentation.Sessions.SelectMany(static session => session.Keys).Should().OnlyContain(static key => key.FirstUse == null, "asking uses nothing");
        Func<Task> video = () => PresentationBench.ReadAsync(presentation, 0);
        (await video.Should().ThrowAsync<Sessions.KeyUnavailableException>()).Which.Status.Should().Be(KeyStatus.OutputDownscaled);
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        bench.Clock.Advance(TimeSpan.FromHours(1));
        PolicyPreview used = presentation.Preview().Single(static row => row is { Sink: "render", Track.Kind: MediaKind.Audio });
        (used.Until, used.FirstUseBefore).Should().Be((now.AddHours(48), null), "its time has begun with the first sample");
    }

    [Fact]
    public async Task Time_that_is_over_or_to_come_is_said()
    {
        await using PresentationBench bench = new();
        DateTimeOffset now = bench.Clock.GetUtcNow();
        bench.System.Policy = new KeyPolicy { NotBefore = now.AddHours(2), NotAfter = now.AddHours(5), Output = new OutputRequirement { ClearExport = true } };
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, cancellationToken: Cancel);
        await Testing.Eventually.Is(() => presentation.Sessions is [{ Keys.Count: 3 }]);
        foreach ((int hours, KeyStatus status, string? reason) in ((int, KeyStatus, string?)[])[(0, KeyStatus.UsableInFuture, "its time has not come"), (3, KeyStatus.Usable, null), (6, KeyStatus.Expired, "its time is over")])
        {
            bench.Clock.Advance(now.AddHours(hours) - bench.Clock.GetUtcNow());
            PolicyPreview row = presentation.Preview()[0];
            (row.Status, row.Reason, row.Until, row.IsAllowed).Should().Be((status, reason, now.AddHours(5), status == KeyStatus.Usable));
            row.From.Should().Be(hours == 0 ? now.AddHours(2) : null);
        }
    }

    [Fact]
    public async Task A_key_that_no_licence_holds_is_said_and_sinks_may_be_the_callers_own()
    {
        await using PresentationBench bench = new();
        bench.Server.Keys.TryRemove(PresentationBench.SampleKeys[1].Id, out _);
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, cancellationToken: Cancel);
        await presentation.AcquireAsync(Cancel);
        IReadOnlyList<PolicyPreview> rows = presentation.Preview([new PreviewSink("mine", OutputCapabilities.None)]);
        rows.Should().HaveCount(3).And.OnlyContain(static row => row.Sink == "mine");
        PolicyPreview missing = rows.Single(static row => row.Track.Height == 180);
        (missing.IsAllowed, missing.Status, missing.Reason).Should().Be((false, null, "no licence that is here holds its key"));
        rows.Where(static row => row.Track.Height != 180).Should().OnlyContain(static row => row.IsAllowed && row.Until == null && row.MostPixels == null);
    }

    private static (KeyStatus? Status, string? Reason, long? MostPixels) Of(IReadOnlyList<PolicyPreview> rows, int height, string sink)
    {
        PolicyPreview row = rows.Single(row => row.Track.Height == height && row.Sink == sink);
        return (row.Status, row.Reason, row.MostPixels);
    }
}
