using Keyway.Fleet.Grains;
using Keyway.Fleet.Service;
using Keyway.Fleet.Watching;
using Orleans.TestingHost;

namespace Keyway.Fleet.Cluster;

public sealed class KeyHolderTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_hundred_who_ask_from_three_silos_at_once_are_one_exchange_and_a_silo_that_dies_costs_one_more()
    {
        await using FleetCluster fleet = await FleetCluster.StartAsync(3);
        fleet.Service.Pause = TimeSpan.FromMilliseconds(300);
        StreamSpec[] streams = [.. Enumerable.Range(0, 10).Select(number => fleet.Stream(number))];
        KeySet set = Set(0);

        KeyFacts[] answers = await AskAsync(300);
        answers.Should().OnlyContain(static facts => facts.State == LicenseState.Held);
        answers.Select(static facts => facts.Silo).Distinct().Should().ContainSingle("keys are in one silo");
        fleet.Service.Licenses.Should().Equal(new Dictionary<string, int> { [StreamService.IdOf(0)] = 1 });

        string holder = answers[0].Silo!;
        InProcessSiloHandle dead = fleet.Silos.Silos.Single(silo => silo.Name == holder);
        await fleet.Silos.KillSiloAsync(dead, Stop);
        answers = await AskAsync(100);
        answers.Should().OnlyContain(facts => facts.State == LicenseState.Held && facts.Silo != holder);
        fleet.Service.Licenses.Should().Equal(new Dictionary<string, int> { [StreamService.IdOf(0)] = 2 });

        Task<KeyFacts[]> AskAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            InProcessSiloHandle[] live = [.. fleet.Silos.Silos.Where(static silo => silo.IsActive)];
            IGrainFactory from = (IGrainFactory)live[i % live.Length].ServiceProvider.GetService(typeof(IGrainFactory))!;
            StreamSpec stream = streams[i % streams.Length];
            // Until the death is known, a call may be sent to it.
            for (int attempt = 0; ; attempt++)
            {
                try
                {
                    return await from.GetGrain<IKeyHolderGrain>(set.HolderOf(stream)).AcquireAsync(Order(stream, set));
                }
                catch (Exception) when (attempt < 20)
                {
                    await Task.Delay(500, Stop);
                }
            }
        }));
    }

    [Fact]
    public async Task What_comes_back_from_a_decrypted_segment_are_facts()
    {
        await using FleetCluster fleet = await FleetCluster.StartAsync(1);
        StreamSpec film = new() { Name = "film", Address = new Uri(fleet.Service.Url, "film/manifest.mpd").AbsoluteUri, KeySystem = "clearkey", LicenseUrl = new Uri(fleet.Service.Url, "clearkey").AbsoluteUri };
        KeySet set = new([.. ((string[])["c5d31c60dee014a6f849c8f291262343", "d2aca19319b8ca2fa0315b7842893e3a", "e4c06923e61b099ad7346945b908a3af"]).Select(static id => KeyId.TryParse(id, out KeyId parsed) ? parsed : default)], null, true);
        IKeyHolderGrain holder = fleet.Grains.GetGrain<IKeyHolderGrain>(set.HolderOf(film));

        CheckFacts check = await holder.CheckAsync(Order(film, set));
        (check.Outcome, check.Samples, check.ProtectedSamples, check.KeyCheck).Should().Be((DecryptOutcome.Clear, 100L, 100L, "Fits"), check.Text);
        check.License.State.Should().Be(LicenseState.Held);
        // Renditions take turns, and none asks again.
        string?[] seen = [check.Rendition, (await holder.CheckAsync(Order(film, set) with { Turn = 1 })).Rendition, (await holder.CheckAsync(Order(film, set) with { Turn = 2 })).Rendition];
        seen.Should().OnlyHaveUniqueItems();
        fleet.Service.Licenses.Values.Sum().Should().Be(3, "three keys, once each");

        fleet.Service.Broken = 404;
        (await holder.CheckAsync(Order(film, set))).Outcome.Should().Be(DecryptOutcome.NoSegment);
    }

    [Fact]
    public async Task Keys_that_are_not_those_of_the_media_are_seen_not_to_fit_or_named()
    {
        await using FleetCluster fleet = await FleetCluster.StartAsync(1);
        // The manifest of a live stream names a key of its own; its media is that of the sample, and says which key it needs.
        StreamSpec stream = fleet.Stream(0);
        IKeyHolderGrain holder = fleet.Grains.GetGrain<IKeyHolderGrain>(Set(0).HolderOf(stream));
        CheckFacts check = await holder.CheckAsync(Order(stream, Set(0)));
        check.Outcome.Should().BeOneOf(DecryptOutcome.OtherKey, DecryptOutcome.Failed);
        check.License.State.Should().Be(LicenseState.Held);
        fleet.Service.Licenses.Should().HaveCount(1, "no other key was asked for");
    }

    [Fact]
    public async Task A_service_that_says_no_is_asked_once_by_all_and_again_later()
    {
        await using FleetCluster fleet = await FleetCluster.StartAsync(1);
        fleet.Service.Refusal = 403;
        KeySet set = Set(0);
        IKeyHolderGrain holder = fleet.Grains.GetGrain<IKeyHolderGrain>(set.HolderOf(fleet.Stream(0)));
        for (int i = 0; i < 50; i++)
        {
            KeyFacts facts = await holder.AcquireAsync(Order(fleet.Stream(i), set));
            facts.State.Should().Be(LicenseState.Refused);
            facts.NotBefore.Should().NotBeNull();
        }

        fleet.Service.Licenses[StreamService.IdOf(0)].Should().Be(1);
    }

    [Fact]
    public async Task An_exchange_begins_where_its_holder_is_and_nowhere_else()
    {
        await using FleetCluster fleet = await FleetCluster.StartAsync(1);
        IKeyway keyway = (IKeyway)fleet.Silos.Silos[0].ServiceProvider.GetService(typeof(IKeyway))!;
        StreamSpec stream = fleet.Stream(0);
        await using Presentation presentation = await keyway.OpenAsync(new Uri(stream.Address), new PresentationOptions { KeySystem = "clearkey", LicenseUrl = new Uri(stream.LicenseUrl!), OnlyKeys = Set(0).KeyIds, SharingScope = Set(0).HolderOf(stream), Output = StreamOptions.DiscardingSink }, Stop);
        await FluentActions.Awaiting(() => presentation.AcquireAsync(Stop).AsTask()).Should().ThrowAsync<KeywayException>();
        fleet.Service.Licenses.Should().BeEmpty("the silo that asks holds nothing of this key set");
    }

    private static KeySet Set(int number) => new([KeyId.TryParse(StreamService.IdOf(number), out KeyId id) ? id : default], null, true);

    private static KeyOrder Order(StreamSpec stream, KeySet set) => new() { Stream = stream, KeyIds = [.. set.KeyIds.Select(static id => id.ToString())] };
}
