using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway;

/// <summary>Where a licence cannot be had, another way is tried that could mend that, each once, and whatever failed is told.</summary>
public sealed class LicenseFallbackTests
{
    private static readonly Uri Sample = PresentationBench.Sample("cenc/manifest.mpd");
    private static readonly LicenseFallback Second = new() { KeySystem = "second" };
    private static readonly LicenseFallback Other = new() { Provider = "other" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LicenseErrorKind.DeviceRevoked)]
    [InlineData(LicenseErrorKind.SecurityLevelTooLow)]
    [InlineData(LicenseErrorKind.Network)]
    [InlineData(LicenseErrorKind.LicenseMalformed)]
    public async Task The_next_way_plays_what_the_first_could_not_and_what_failed_is_told(LicenseErrorKind kind)
    {
        await using Bench bench = new();
        bench.Refuse(kind, "E-42");
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [Second] }, Cancel);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        presentation.Attempts.Should().Equal(
            new LicenseAttempt { KeySystem = "fake", Provider = "acme", Failure = kind, ProviderCode = "E-42", Message = "refused for the test" },
            new LicenseAttempt { KeySystem = "second", Provider = "acme" });
        presentation.Facts.KeySystem.Chosen!.Name.Should().Be("second");
        presentation.Facts.KeySystem.Reason.Should().EndWith("it is tried after fake of acme");
        presentation.Facts.KeySystem.Others.Should().ContainSingle(static other => other.Name == "fake").Which.Reason.Should().Be("refused for the test");
        presentation.Sessions.Should().ContainSingle().Which.KeySystem.Should().Be("second");
        FallbackTaken told = new() { Presentation = presentation.Id, FromKeySystem = "fake", FromProvider = "acme", Kind = kind, ToKeySystem = "second", ToProvider = "acme" };
        await Eventually.Is(() => bench.Fallbacks.Count > 0);
        bench.Fallbacks.Should().Equal(told);
        bench.Server.Received.Should().HaveCount(2, "each way is tried once, and readers find the key there");
    }

    [Fact]
    public async Task Where_only_some_keys_are_wanted_those_decide_which_way_is_taken()
    {
        await using Bench bench = new();
        bench.Refuse(LicenseErrorKind.Network);
        IReadOnlyList<PresentationTrack> tracks;
        await using (Presentation whole = await bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [Second] }, Cancel)) tracks = whole.Tracks;
        KeyId wanted = tracks[^1].KeyIds.Single();
        tracks[0].KeyIds.Should().NotContain(wanted, "the first track's key is none of those that are wanted");

        bench.Refuse(LicenseErrorKind.Network);
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [Second], OnlyKeys = [wanted] }, Cancel);
        presentation.Attempts.Select(static attempt => (attempt.KeySystem, attempt.Failure)).Should().Equal(("fake", LicenseErrorKind.Network), ("second", null));
        presentation.Sessions.SelectMany(static session => session.Keys).Should().ContainSingle(key => key.Id == wanted);
    }

    [Fact]
    public async Task Without_something_to_fall_back_on_nothing_changes()
    {
        await using Bench bench = new();
        bench.Refuse(LicenseErrorKind.Network);
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, cancellationToken: Cancel);
        presentation.Attempts.Should().BeEmpty();
        Func<Task> act = () => presentation.AcquireAsync(Cancel).AsTask();
        await act.Should().ThrowAsync<KeyUnavailableException>();
    }

    [Theory]
    [InlineData(LicenseErrorKind.TokenExpired)]
    [InlineData(LicenseErrorKind.TokenInvalid)]
    [InlineData(LicenseErrorKind.LocationDenied)]
    [InlineData(LicenseErrorKind.OutputProtection)]
    [InlineData(LicenseErrorKind.LicenseExpired)]
    public async Task What_no_other_could_mend_is_the_answer(LicenseErrorKind kind)
    {
        await using Bench bench = new();
        bench.Refuse(kind);
        Func<Task> act = () => bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [Second, Other] }, Cancel).AsTask();
        (await act.Should().ThrowAsync<KeyUnavailableException>()).Which.Kind.Should().Be(kind);
        bench.Server.Received.Should().ContainSingle();
        bench.Engine.Sessions.Should().BeEmpty();
    }

    /// <summary>It may mean the device, and it may mean the viewer.</summary>
    [Theory]
    [InlineData(402)]
    [InlineData(403)]
    [InlineData(451)]
    public async Task A_service_that_says_no_and_not_why_is_asked_with_another_device_and_no_other_service_is_asked_instead(int status)
    {
        await using Bench bench = new();
        bench.Server.Next(FakeLicenseServer.Text("no", status));
        Func<Task> act = () => bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [Other, new LicenseFallback { KeySystem = "second", Provider = "other" }] }, Cancel).AsTask();
        await act.Should().ThrowAsync<KeyUnavailableException>();
        bench.Server.Received.Should().ContainSingle();

        bench.Server.Next(FakeLicenseServer.Text("no", status));
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [Other, Second] }, Cancel);
        presentation.Attempts.Select(static attempt => (attempt.KeySystem, attempt.Provider, attempt.Failure)).Should().Equal(("fake", "acme", LicenseErrorKind.Unknown), ("second", "acme", null));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_service_that_is_broken_or_not_there_is_followed_by_another(int status)
    {
        await using Bench bench = new();
        bench.Server.Next(FakeLicenseServer.Text("no", status));
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [Other] }, Cancel);
        presentation.Provider.Should().Be("other");
    }

    [Fact]
    public async Task A_device_that_is_revoked_is_not_sent_to_another_provider()
    {
        await using Bench bench = new();
        bench.Refuse(LicenseErrorKind.DeviceRevoked);
        Func<Task> act = () => bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [new LicenseFallback { KeySystem = "fake", Provider = "other" }, Other] }, Cancel).AsTask();
        (await act.Should().ThrowAsync<KeyUnavailableException>()).Which.Kind.Should().Be(LicenseErrorKind.DeviceRevoked);
        bench.Server.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task What_one_failure_rules_out_stays_out_after_the_next()
    {
        await using Bench bench = new();
        bench.Refuse(LicenseErrorKind.DeviceRevoked);
        bench.Refuse(LicenseErrorKind.Network);
        // The third would be another service for the second's failure, and the first's device again.
        Func<Task> act = () => bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [Second, new LicenseFallback { KeySystem = "fake", Provider = "other" }] }, Cancel).AsTask();
        await act.Should().ThrowAsync<LicenseServiceException>();
        bench.Server.Received.Should().HaveCount(2);
    }

    [Fact]
    public async Task No_way_is_tried_twice()
    {
        await using Bench bench = new();
        for (int i = 0; i < 5; i++) bench.Refuse(LicenseErrorKind.ServerFault);
        LicenseFallback[] fallbacks =
        [
            new LicenseFallback { KeySystem = "fake" }, new LicenseFallback { Provider = "acme" }, Second, Second, new LicenseFallback { KeySystem = "SECOND", Provider = "acme" },
            new LicenseFallback { LicenseUrl = new Uri("https://acme.example/license") }, new LicenseFallback { KeySystem = "second", LicenseUrl = new Uri("https://acme.example/license") }, Other,
        ];
        Func<Task> act = () => bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = fallbacks }, Cancel).AsTask();
        LicenseServiceException failure = (await act.Should().ThrowAsync<LicenseServiceException>()).Which;
        bench.Server.Received.Should().HaveCount(3, "fake and second of acme, fake of other");
        failure.Kind.Should().Be(LicenseErrorKind.ServerFault);
        failure.Message.Should().ContainAll("fake of acme: refused", "second of acme: refused", "fake of other: refused");
        await Eventually.Is(() => bench.Fallbacks.Count > 1);
        bench.Fallbacks.Select(static fact => (fact.ToKeySystem, fact.ToProvider)).Should().Equal(("second", "acme"), ("fake", "other"));
        bench.Engine.Sessions.Should().BeEmpty("nothing is left of what failed");
    }

    [Fact]
    public async Task What_the_caller_gave_for_one_provider_goes_to_no_other()
    {
        await using Bench bench = new();
        bench.Refuse(LicenseErrorKind.Network);
        PresentationOptions options = new()
        {
            LicenseUrl = new Uri("https://caller.example/license?ticket=s3cret"),
            LicenseHeaders = new Dictionary<string, string> { ["X-Ticket"] = "s3cret" },
            CustomData = "s3cret",
            Values = new Dictionary<string, string> { ["asset"] = "s3cret" },
            Fallback = [Other],
        };
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, options, Cancel);
        presentation.Provider.Should().Be("other");
        bench.Server.Received.Should().HaveCount(2);
        bench.Server.Received[0].Request.Url.Should().Be(options.LicenseUrl);
        bench.Server.Received[0].Request.Headers.Should().ContainKey("X-Ticket");
        ReceivedRequest second = bench.Server.Received[1];
        second.Request.Url.Should().Be(new Uri("https://other.example/license"));
        second.Request.Headers.Should().NotContainKey("X-Ticket");
        second.Body.Should().NotContain("s3cret");
    }

    [Fact]
    public async Task Another_key_system_of_the_same_provider_gets_what_the_caller_gave_for_it()
    {
        await using Bench bench = new();
        bench.Refuse(LicenseErrorKind.DeviceUnverified);
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, new PresentationOptions { LicenseHeaders = new Dictionary<string, string> { ["X-Ticket"] = "mine" }, Fallback = [Second] }, Cancel);
        bench.Server.Received[1].Request.Headers.Should().Contain("X-Ticket", "mine");
    }

    [Fact]
    public async Task A_licence_that_does_not_allow_the_sink_is_no_failure()
    {
        await using Bench bench = new();
        bench.First.Policy = new KeyPolicy();
        await using Presentation presentation = await bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [Second] }, Cancel);
        presentation.Attempts.Should().Equal(new LicenseAttempt { KeySystem = "fake", Provider = "acme" });
        Func<Task> act = () => PresentationBench.ReadAsync(presentation, 0);
        (await act.Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.RefusedByPolicy);
        bench.Server.Received.Should().ContainSingle("no other is asked until one says yes");
    }

    [Fact]
    public async Task A_licence_without_the_key_and_a_service_that_is_silent_are_mended_too()
    {
        await using Bench bench = new();
        bench.Server.Next(FakeLicenseServer.Text(""));
        bench.Server.Hold();
        Task<Presentation> opening = bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [Second, Other] }, Cancel).AsTask();
        await bench.AdvanceUntilAsync(opening);
        await using Presentation presentation = await opening;
        presentation.Attempts.Select(static attempt => attempt.Failure).Should().Equal(LicenseErrorKind.KeyNotFound, LicenseErrorKind.Network, null);
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
    }

    [Fact]
    public async Task What_is_configured_does_not_replace_what_the_caller_names()
    {
        await using Bench bench = new([Second, Other]);
        foreach (PresentationOptions options in (PresentationOptions[])[new() { KeySystem = "fake", Provider = "acme" }, new() { Fallback = [] }])
        {
            bench.Refuse(LicenseErrorKind.Network);
            await using Presentation presentation = await bench.Engine.OpenAsync(Sample, options, Cancel);
            Func<Task> act = () => presentation.AcquireAsync(Cancel).AsTask();
            await act.Should().ThrowAsync<KeyUnavailableException>();
        }

        bench.Refuse(LicenseErrorKind.Network);
        await using Presentation pinned = await bench.Engine.OpenAsync(Sample, new PresentationOptions { KeySystem = "fake" }, Cancel);
        pinned.Attempts.Select(static attempt => (attempt.KeySystem, attempt.Provider)).Should().Equal(("fake", "acme"), ("fake", "other"));
        bench.Refuse(LicenseErrorKind.Network);
        await using Presentation free = await bench.Engine.OpenAsync(Sample, cancellationToken: Cancel);
        free.Attempts.Select(static attempt => (attempt.KeySystem, attempt.Provider)).Should().Equal(("fake", "acme"), ("second", "acme"));
    }

    [Fact]
    public async Task Names_that_there_are_not_are_told_before_anything_is_asked()
    {
        await using Bench bench = new();
        foreach (LicenseFallback unknown in (LicenseFallback[])[new() { KeySystem = "nosuch" }, new() { Provider = "nosuch" }])
        {
            Func<Task> act = () => bench.Engine.OpenAsync(Sample, new PresentationOptions { Fallback = [unknown] }, Cancel).AsTask();
            (await act.Should().ThrowAsync<ArgumentException>()).Which.Message.Should().Contain("nosuch");
        }

        bench.Server.Received.Should().BeEmpty();
    }

    /// <summary>Every kind has its answer: of a new one somebody has to think.</summary>
    [Fact]
    public void Each_kind_of_failure_is_mended_by_another_key_system_another_service_either_or_nobody()
    {
        Dictionary<string, LicenseErrorKind[]> table = new()
        {
            ["system"] = [LicenseErrorKind.DeviceRevoked, LicenseErrorKind.DeviceUnverified, LicenseErrorKind.SecurityLevelTooLow, LicenseErrorKind.CredentialInvalid, LicenseErrorKind.LicenseNotForThisDevice],
            ["service"] = [LicenseErrorKind.AccountDisabled, LicenseErrorKind.CreditsExhausted, LicenseErrorKind.WrongEnvironment],
            ["either"] =
            [
                LicenseErrorKind.Network, LicenseErrorKind.ServerFault, LicenseErrorKind.Throttled, LicenseErrorKind.InternalFault, LicenseErrorKind.Unknown, LicenseErrorKind.BadChallenge,
                LicenseErrorKind.HeaderUnsupported, LicenseErrorKind.LicenseMalformed, LicenseErrorKind.LicenseNotAuthentic, LicenseErrorKind.CertificateNotTrusted, LicenseErrorKind.PolicyInvalid,
                LicenseErrorKind.KeyNotFound, LicenseErrorKind.ContentMismatch, LicenseErrorKind.LicenseUrlMissing, LicenseErrorKind.NotConfigured,
            ],
            ["nobody"] =
            [
                LicenseErrorKind.TokenMissing, LicenseErrorKind.TokenInvalid, LicenseErrorKind.TokenExpired, LicenseErrorKind.TokenReused, LicenseErrorKind.LocationDenied,
                LicenseErrorKind.OutputProtection, LicenseErrorKind.LicenseExpired, LicenseErrorKind.UntrustedUrl,
            ],
        };
        table.Values.SelectMany(static kinds => kinds).Should().BeEquivalentTo(Enum.GetValues<LicenseErrorKind>());
        foreach ((string who, LicenseErrorKind[] kinds) in table)
            foreach (LicenseErrorKind kind in kinds)
            {
                LicenseWays.MayMend(kind, otherSystem: true, otherService: false).Should().Be(who is "system" or "either", $"{kind}");
                LicenseWays.MayMend(kind, otherSystem: false, otherService: true).Should().Be(who is "service" or "either", $"{kind}");
                LicenseWays.MayMend(kind, otherSystem: false, otherService: false).Should().BeFalse($"{kind}");
            }
    }

    private sealed class Bench : IAsyncDisposable
    {
        private readonly PresentationBench _bench;
        private readonly List<FallbackTaken> _fallbacks = [];

        public Bench(IReadOnlyList<LicenseFallback>? configured = null)
        {
            First = PresentationBench.Fake();
            _bench = new PresentationBench(options => options with
            {
                KeySystems = [KeySystemCandidate.Of("fake", 10, First), KeySystemCandidate.Of("second", 20, PresentationBench.Fake("second"))],
                Providers = [Provider("acme", options.Clock), Provider("other", options.Clock)],
                Fallback = configured ?? [],
            });
            _bench.Engine.Events.Subscriber<FallbackTaken>().Subscribe(fact =>
            {
                lock (_fallbacks) _fallbacks.Add(fact);
            });
        }

        public KeywayEngine Engine => _bench.Engine;

        public FakeLicenseServer Server => _bench.Server;

        public FakeKeySystem First { get; }

        /// <summary>What was said of it to applications. They hear it a moment later.</summary>
        public IReadOnlyList<FallbackTaken> Fallbacks
        {
            get
            {
                lock (_fallbacks) return [.. _fallbacks];
            }
        }

        public void Refuse(LicenseErrorKind kind, string? code = null) => Server.Next((_, _) => throw new LicenseServiceException(kind, "refused for the test") { ProviderCode = code });

        public Task AdvanceUntilAsync(Task task) => _bench.AdvanceUntilAsync(task, TimeSpan.FromSeconds(1));

        public ValueTask DisposeAsync() => _bench.DisposeAsync();

        private ConfiguredProvider Provider(string name, TimeProvider clock) => new(
            LicenseService.Read(
                Settings.Section($"Providers:{name}", ("Endpoints:fake", $"https://{name}.example/license"), ("Endpoints:second", $"https://{name}.example/license"), ("Pipeline:0:Use", "challenge")),
                provider: null, new LicenseSteps(), Settings.Context(clock), new Forward(() => Server)), []);
    }

    // The bench's server is there a moment later than its options.
    private sealed class Forward(Func<ILicenseTransport> to) : ILicenseTransport
    {
        public ValueTask SendAsync(LicenseExchange exchange, CancellationToken cancellationToken) => to().SendAsync(exchange, cancellationToken);
    }
}
