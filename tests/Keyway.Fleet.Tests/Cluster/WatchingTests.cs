using Keyway.Fleet.Api;
using Keyway.Fleet.Checks;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;

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
