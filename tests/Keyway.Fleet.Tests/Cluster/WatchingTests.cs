using Keyway.Fleet.Api;
using Keyway.Fleet.Checks;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Keyway.Fleet.Service;

namespace Keyway.Fleet.Cluster;

public sealed class WatchingTests
{
    private static readonly FleetOptions Quick = new()
    {
        Period = TimeSpan.FromSeconds(0.5),
        SegmentEvery = TimeSpan.FromSeconds(0.5),
        InspectEvery = TimeSpan.Zero,
        Alerts = new AlertOptions { For = TimeSpan.FromSeconds(0.5), ResolveAfter = TimeSpan.FromSeconds(0.5), GroupFrom = 5 },
    };

    [Fact]
    public async Task Every_stream_is_watched_each_key_is_asked_for_once_and_a_silo_that_dies_loses_none()
    {
        await using FleetCluster fleet = await FleetCluster.StartAsync(3, Quick, isWatching: true);
        StreamSpec[] streams = [.. Enumerable.Range(0, 60).Select(number => fleet.Stream(number, sets: 6))];
        foreach (IGrouping<int, StreamSpec> shard in streams.GroupBy(static stream => Shards.OfStream(stream.Name))) await fleet.Grains.GetGrain<IRosterGrain>(shard.Key).PutAsync([.. shard]);
        foreach (StreamSpec stream in streams) await fleet.Grains.GetGrain<IStreamGrain>(stream.Name).TouchAsync(stream);

        await FleetCluster.UntilAsync(async () => (await FleetApi.AllRowsAsync(fleet.Grains, new RowFilter())).Count(static row => row.Licenses == 1) == 60, "every stream has its licence");
        fleet.Service.Licenses.Should().HaveCount(6).And.OnlyContain(static each => each.Value == 1);

        Dictionary<string, long> before = new(fleet.Service.LastAsked);
        await fleet.Silos.KillSiloAsync(fleet.Silos.Silos[^1], TestContext.Current.CancellationToken);
        long killed = Environment.TickCount64;
        await FleetCluster.UntilAsync(() => Task.FromResult(fleet.Service.LastAsked.Count == 60 && fleet.Service.LastAsked.Values.All(asked => asked > killed + 500)), "every stream is watched again", seconds: 60);
        fleet.Service.Licenses.Should().OnlyContain(static each => each.Value <= 2);
    }

    [Fact]
    public async Task What_is_wrong_is_seen_told_and_over_again()
    {
        await using FleetCluster fleet = await FleetCluster.StartAsync(1, Quick);
        StreamSpec stream = fleet.Stream(0);
        await fleet.Grains.GetGrain<IRosterGrain>(Shards.OfStream(stream.Name)).PutAsync([stream]);
        IStreamGrain watched = fleet.Grains.GetGrain<IStreamGrain>(stream.Name);
        await watched.TouchAsync(stream);
        await FleetCluster.UntilAsync(async () => await StateAsync("licence.refused") == CheckState.Ok && await StateAsync("segment.reachable") == CheckState.Ok, "it is watched");

        fleet.Service.Broken = 404;
        await FleetCluster.UntilAsync(async () => await StateAsync("segment.reachable") == CheckState.Failing, "segments are missing");
        await FleetCluster.UntilAsync(async () => (await FleetApi.AllAlertsAsync(fleet.Grains)).Exists(static alert => alert is { State: "firing", Check: "segment.reachable", Name: "stream-0" }), "it is told");
        fleet.Service.Broken = null;
        await FleetCluster.UntilAsync(async () => await StateAsync("segment.reachable") == CheckState.Ok, "segments are there again");
        await FleetCluster.UntilAsync(async () => !(await FleetApi.AllAlertsAsync(fleet.Grains)).Exists(static alert => alert.Check == "segment.reachable"), "that is told, too");

        fleet.Service.IsStale = true;
        await FleetCluster.UntilAsync(async () => await StateAsync("manifest.regressed") == CheckState.Failing, "it went back");
        await FleetCluster.UntilAsync(async () => await StateAsync("manifest.stale") == CheckState.Failing, "it stands still");
        StreamReport report = (await watched.ReportAsync())!;
        report.Story.Select(static entry => entry.About).Should().Contain(["manifest", "key", "licence", "segment", "check"]);
        await watched.StopAsync();
        (await FleetApi.AllAlertsAsync(fleet.Grains)).Where(static alert => alert.State == "pending").Should().BeEmpty();

        async Task<CheckState?> StateAsync(string check) => (await watched.ReportAsync())?.Checks.Single(each => each.Name == check).State;
    }

    [Fact]
    public async Task That_the_next_key_has_no_licence_is_told_before_it_is_needed_and_is_over_when_there_is_one()
    {
        await using FleetCluster fleet = await FleetCluster.StartAsync(1, Quick);
        StreamSpec stream = fleet.Stream(0);
        IStreamGrain watched = fleet.Grains.GetGrain<IStreamGrain>(stream.Name);
        await watched.TouchAsync(stream);
        await FleetCluster.UntilAsync(async () => await CheckAsync("licence.refused") is { State: CheckState.Ok }, "it has its licence");
        (await CheckAsync("rotation.lead"))!.State.Should().Be(CheckState.Unknown, "nothing is announced");

        fleet.Service.Refusal = 503;
        fleet.Service.NextAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(50);
        await FleetCluster.UntilAsync(async () => await CheckAsync("rotation.lead") is { State: CheckState.Failing }, "the next key has no licence");
        (await CheckAsync("rotation.lead"))!.Text.Should().Contain(StreamService.IdOf(StreamService.NextSet)).And.Contain("needed in");
        (await CheckAsync("licence.refused"))!.State.Should().Be(CheckState.Ok, "that of now is there");

        fleet.Service.Refusal = null;
        await FleetCluster.UntilAsync(async () => await CheckAsync("rotation.lead") is { State: CheckState.Ok }, "it has one", seconds: 60);
        fleet.Service.NextAt = TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(5);
        await FleetCluster.UntilAsync(async () => (await watched.ReportAsync())!.Story.Any(static entry => entry.Text.EndsWith("is needed now, and its licence is there", StringComparison.Ordinal)), "it is needed");
        fleet.Service.Licenses[StreamService.IdOf(0)].Should().Be(1);

        async Task<CheckReport?> CheckAsync(string check) => (await watched.ReportAsync())?.Checks.Single(each => each.Name == check);
    }

    [Fact]
    public async Task Of_hostile_streams_each_is_told_and_the_others_are_watched_as_before()
    {
        IReadOnlyList<byte[]> hostile = HostileManifests.Read();
        await using FleetCluster fleet = await FleetCluster.StartAsync(1, Quick with { Thresholds = new Thresholds() }, hostile: hostile);
        StreamSpec[] good = [.. Enumerable.Range(0, 20).Select(number => fleet.Stream(number, sets: 2))];
        StreamSpec[] bad = [.. Enumerable.Range(0, Math.Min(hostile.Count, 60) + 4).Select(number => new StreamSpec { Name = $"hostile-{number}", Address = new Uri(fleet.Service.Url, $"hostile/{number}").AbsoluteUri, KeySystem = "clearkey", LicenseUrl = new Uri(fleet.Service.Url, "clearkey").AbsoluteUri })];
        foreach (StreamSpec stream in (StreamSpec[])[.. bad, .. good]) await fleet.Grains.GetGrain<IStreamGrain>(stream.Name).TouchAsync(stream);

        // Broken ones, one that never ends, one that leads to itself, one that never comes, one that says 500: what is not a manifest is said not to be one, and how.
        foreach (StreamSpec stream in bad)
        {
            await FleetCluster.UntilAsync(async () => (await fleet.Grains.GetGrain<IStreamGrain>(stream.Name).ReportAsync())!.Checks[0].State != CheckState.Unknown, $"{stream.Name} is judged", seconds: 90);
            StreamReport report = (await fleet.Grains.GetGrain<IStreamGrain>(stream.Name).ReportAsync())!;
            report.Story.Should().NotContain(static entry => entry.Text.Contains("defect", StringComparison.Ordinal), stream.Name);
            if (report.Checks[0].State == CheckState.Failing) report.Checks[0].Text.Should().NotBeEmpty();
        }

        foreach (string certain in (string[])["hostile-0", "hostile-1", "hostile-2", "hostile-3", "hostile-4", "hostile-5"])
            await FleetCluster.UntilAsync(async () => (await fleet.Grains.GetGrain<IStreamGrain>(certain).ReportAsync())!.Checks[0].State == CheckState.Failing, $"{certain} fails", seconds: 60);
        foreach (StreamSpec stream in good)
        {
            IStreamGrain watched = fleet.Grains.GetGrain<IStreamGrain>(stream.Name);
            await FleetCluster.UntilAsync(
                async () => (await watched.ReportAsync())! is { Keys: [{ License.State: LicenseState.Held }] } report && report.Checks.Where(static check => check.Name is "manifest.reachable" or "licence.refused").All(static check => check.State == CheckState.Ok),
                $"{stream.Name} is as it should be", seconds: 60);
        }

        Dictionary<string, long> before = new(fleet.Service.LastAsked);
        await FleetCluster.UntilAsync(() => Task.FromResult(before.All(each => fleet.Service.LastAsked[each.Key] > each.Value)), "the others go on");
    }

    [Fact]
    public async Task What_is_stored_is_what_was_put_and_configuration_takes_away_only_what_it_brought()
    {
        await using FleetCluster fleet = await FleetCluster.StartAsync(1);
        IRosterGrain roster = fleet.Grains.GetGrain<IRosterGrain>(7);
        StreamSpec stream = fleet.Stream(0);
        await roster.PutAsync([stream with { Name = "http" }]);
        await roster.ConfigureAsync([stream with { Name = "a", IsConfigured = true }, stream with { Name = "b", IsConfigured = true }]);
        await roster.ConfigureAsync([stream with { Name = "b", IsConfigured = true, PeriodSeconds = 9 }]);
        List<StreamSpec> listed = [];
        await foreach (StreamSpec each in roster.ListAsync()) listed.Add(each);
        listed.Select(static each => (each.Name, each.PeriodSeconds)).Should().BeEquivalentTo([("http", (int?)null), ("b", (int?)9)]);
        (await roster.RemoveAsync("http")).Should().BeTrue();
        (await roster.RemoveAsync("http")).Should().BeFalse();
    }
}
