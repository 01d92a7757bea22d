using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway;

/// <summary>Which sessions a live presentation keeps while its keys rotate.</summary>
public sealed class PresentationLicensesTests
{
    private readonly object _reader = new();

    [Fact]
    public async Task What_was_on_offer_when_it_was_opened_is_left_when_the_first_update_offers_it_no_more()
    {
        await using Bench bench = new();
        await using PresentationLicenses licenses = Live(bench, headers: [1, 2]);
        await OpenAsync(bench, licenses, 1, 2);
        await Eventually.Is(() => Held(licenses) == "1 2" && licenses.Ring.Sessions.Count == 2);

        bench.Server.Add(Bench.Kid(3));
        licenses.Follow(Offer(2, 3));
        await Eventually.Is(() => Held(licenses) == "2 3" && licenses.Ring.Sessions.Count == 2 && bench.Engine.Reports().Count == 2);
    }

    [Fact]
    public async Task What_only_the_initialisation_segment_names_is_kept_until_it_is_used()
    {
        await using Bench bench = new();
        await using PresentationLicenses licenses = Live(bench);
        bench.Server.Add(Bench.Kid(1));
        await licenses.AskAsync([Bench.Want(1)], ProtectionMap.Empty, CancellationToken.None);
        await Eventually.Is(() => Held(licenses) == "1");

        licenses.Follow(ProtectionMap.Empty);
        Held(licenses).Should().Be("1");
        bench.Server.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task A_session_whose_keys_come_too_late_is_left_as_soon_as_it_has_them()
    {
        await using Bench bench = new();
        await using PresentationLicenses licenses = Live(bench);
        await OpenAsync(bench, licenses, 1);
        await Eventually.Is(() => Held(licenses) == "1");
        TaskCompletionSource<LicenseAnswer?> held = bench.Server.Hold();
        bench.Server.Add(Bench.Kid(2));
        licenses.Follow(Offer(1, 2));
        await Eventually.Is(() => bench.Server.Received.Count == 2);

        licenses.Follow(Offer(1));
        licenses.Ring.Sessions.Should().HaveCount(2, "a session cannot be left while it is fetching");
        held.SetResult(null);
        await Eventually.Is(() => licenses.Ring.Sessions.Count == 1 && bench.Engine.Reports().Count == 1);
        Held(licenses).Should().Be("1");
        bench.Vault.SessionCount.Should().Be(1);
    }

    [Fact]
    public async Task What_is_withdrawn_before_it_was_asked_for_is_not_asked_for()
    {
        await using Bench bench = new();
        // A neighbour, so that requests are spread: by eight seconds here.
        await using KeyRingSession neighbour = bench.Join();
        await using PresentationLicenses licenses = Live(bench, TimeSpan.FromSeconds(8));
        await OpenAsync(bench, licenses, 1);
        await Eventually.Is(() => Held(licenses) == "1");
        foreach (int key in (int[])[2, 3]) bench.Server.Add(Bench.Kid(key));
        licenses.Follow(Offer(1, 2));
        await Eventually.Is(() => bench.Clock.Armed == 1);
        licenses.Follow(Offer(1, 3));
        await Eventually.Is(() => bench.Clock.Armed == 2);

        bench.Clock.Advance(TimeSpan.FromSeconds(8));
        await Eventually.Is(() => Held(licenses) == "1 3");
        bench.Server.Received.Should().HaveCount(2).And.NotContain(request => request.Body.Contains(Bench.Kid(2).ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_somebody_waits_for_is_not_let_go_of_whatever_the_manifest_says()
    {
        await using Bench bench = new();
        await using PresentationLicenses licenses = Live(bench);
        await OpenAsync(bench, licenses, 1);
        await Eventually.Is(() => Held(licenses) == "1");
        TaskCompletionSource<LicenseAnswer?> held = bench.Server.Hold();
        bench.Server.Add(Bench.Kid(2));
        Task waiting = licenses.WaitAsync([FakeKeySystem.Header(Bench.Kid(2))], [Bench.Want(2)], OutputCapabilities.None, null, CancellationToken.None).AsTask();
        await Eventually.Is(() => bench.Server.Received.Count == 2);

        licenses.Follow(Offer(1, 2));
        licenses.Follow(Offer(1));
        held.SetResult(null);
        await waiting;

        // Readers say that they use a key before they wait for it; one that had only waited may find that it has gone meanwhile, and waits again.
        licenses.Use(_reader, [Bench.Kid(2)]);
        await licenses.WaitAsync([FakeKeySystem.Header(Bench.Kid(2))], [Bench.Want(2)], OutputCapabilities.None, null, CancellationToken.None);
        Held(licenses).Should().Be("1 2");
        licenses.Follow(Offer(1));
        Held(licenses).Should().Be("1 2", "a reader uses it");
    }

    [Fact]
    public async Task Keys_of_the_window_are_kept_for_whoever_seeks_back_and_no_longer()
    {
        await using Bench bench = new();
        await using PresentationLicenses licenses = Live(bench, retention: TimeSpan.FromMinutes(1));
        for (int key = 1; key <= 8; key++) bench.Server.Add(Bench.Kid(key));
        await OpenAsync(bench, licenses, 1);
        await Eventually.Is(() => Held(licenses) == "1");
        for (int key = 1; key <= 5; key++)
        {
            licenses.Follow(Offer(key, key + 1));
            await Eventually.Is(() => Held(licenses).EndsWith($"{key + 1}", StringComparison.Ordinal));
            await PlayAsync(bench, licenses, _reader, key);
            bench.Clock.Advance(TimeSpan.FromSeconds(10));
        }

        // Back to the oldest, which neither the manifest names nor a reader uses: it is there.
        int asked = bench.Server.Received.Count;
        licenses.Use(_reader, [Bench.Kid(1)]);
        bench.Use(licenses.Ring, 1).Should().Be(DecryptStatus.Decrypted);
        bench.Server.Received.Should().HaveCount(asked);
        Held(licenses).Should().StartWith("1 2 3 4 5");

        bench.Clock.Advance(TimeSpan.FromMinutes(2));
        await PlayAsync(bench, licenses, _reader, 7);
        await PlayAsync(bench, licenses, _reader, 8);
        licenses.Follow(Offer(8));
        await Eventually.Is(() => !Held(licenses).Split(' ').Intersect(["2", "3", "4", "5"]).Any());
    }

    [Fact]
    public async Task What_is_kept_for_a_window_is_bounded_however_often_keys_rotate()
    {
        await using Bench bench = new();
        await using PresentationLicenses licenses = Live(bench, retention: TimeSpan.FromHours(6));
        for (int i = 0; i < LicenseLimits.RememberedKeys + 500; i++) licenses.Use(_reader, [Bench.Kid(i)]);
        licenses.Remembered.Should().BeLessThan(3 * LicenseLimits.RememberedKeys);
    }

    [Fact]
    public async Task What_the_last_reader_kept_is_let_go_of_when_the_next_has_gone_on()
    {
        await using Bench bench = new();
        await using PresentationLicenses licenses = Live(bench);
        foreach (object reader in (object[])[new(), new(), new()])
        {
            int first = 1 + bench.Server.Received.Count;
            for (int key = first; key < first + 4; key++) await PlayAsync(bench, licenses, reader, key);
            licenses.Leave([reader]);
        }

        // No manifest names them: all that is known of them is that readers came and went.
        await Eventually.Is(() => Held(licenses) == "11 12");
    }

    [Fact]
    public async Task What_fragments_announce_for_a_track_that_nobody_reads_is_bounded()
    {
        await using Bench bench = new();
        await using PresentationLicenses licenses = Live(bench);
        for (int key = 1; key <= LicenseLimits.AnnouncedKeys + 20; key++)
        {
            bench.Server.Add(Bench.Kid(key));
            licenses.Announce([FakeKeySystem.Header(Bench.Kid(key))], ProtectionScheme.Cenc);
        }

        await Eventually.Is(() => bench.Server.Received.Count >= LicenseLimits.AnnouncedKeys && licenses.Ring.Sessions.Count == LicenseLimits.AnnouncedKeys);
    }

    private static PresentationLicenses Live(Bench bench, TimeSpan spread = default, int[]? headers = null, TimeSpan retention = default) => new(bench.Join(), [.. (headers ?? []).Select(static key => FakeKeySystem.Header(Bench.Kid(key)))], new KeyWaitSettings
    {
        Clock = bench.Clock,
        KeyWait = TimeSpan.FromSeconds(30),
        Spread = spread,
        Random = static () => 1,
        IsLive = true,
        Retention = retention,
    });

    private static async Task OpenAsync(Bench bench, PresentationLicenses licenses, params int[] keys)
    {
        foreach (int key in keys) bench.Server.Add(Bench.Kid(key));
        await licenses.AskAsync([.. keys.Select(Bench.Want)], Offer(keys), CancellationToken.None);
    }

    private static async Task PlayAsync(Bench bench, PresentationLicenses licenses, object reader, int key)
    {
        bench.Server.Add(Bench.Kid(key));
        licenses.Use(reader, [Bench.Kid(key)]);
        await licenses.WaitAsync([FakeKeySystem.Header(Bench.Kid(key))], [Bench.Want(key)], OutputCapabilities.None, null, CancellationToken.None);
        bench.Use(licenses.Ring, key).Should().Be(DecryptStatus.Decrypted);
    }

    /// <summary>A manifest in which each key has a header of its own.</summary>
    private static ProtectionMap Offer(params int[] keys) => new()
    {
        Keys = [.. keys.Select(static key => new ProtectedKey { Id = Bench.Kid(key), Tracks = ["video"] })],
        Headers = [.. keys.Select(static key => new ProtectionEntry { System = FakeKeySystem.System, Data = FakeKeySystem.Header(Bench.Kid(key)).Data, Sources = [] })],
        Schemes = [ProtectionScheme.Cenc],
    };

    private static string Held(PresentationLicenses licenses) =>
        string.Join(' ', licenses.Ring.Reports.SelectMany(static report => report.Keys).Select(static key => (int)(uint)key.Id.Value).Order());
}
