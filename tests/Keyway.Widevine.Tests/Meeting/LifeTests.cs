using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway.Widevine.Meeting;

/// <summary>Whole lives: the engine, the real key system and the real sandbox over HTTP, in virtual time.</summary>
[Collection(nameof(MeetingCollection))]
public sealed class LifeTests(MeetingSandbox sandbox)
{
    private const string Renewable = "&license_duration_seconds=600&renewal_delay_seconds=200&renewal_retry_interval_seconds=60";

    private static readonly (string Label, KeyId Id, byte[] Key) Content = MeetingSandbox.ContentKeys[0];

    [Fact]
    public async Task Session_lives_through_two_renewals_a_failed_one_that_is_retried_and_its_expiry()
    {
        await using Life life = await Life.BeginAsync(sandbox, Renewable);
        DateTimeOffset begin = life.Clock.GetUtcNow();
        await life.HasEndAsync(begin.AddSeconds(600));
        life.Decrypts();

        // Each renewal starts anew where it was asked for.
        life.Clock.Advance(TimeSpan.FromSeconds(200));
        await life.HasEndAsync(begin.AddSeconds(800));
        life.Clock.Advance(TimeSpan.FromSeconds(200));
        await life.HasEndAsync(begin.AddSeconds(1000));
        life.Decrypts();

        life.Wire.More = "&fault=status:503";
        life.Clock.Advance(TimeSpan.FromSeconds(200));
        await life.FailedAsync(1);
        life.Failures.Single().Should().Match<SessionFailed>(fact => !fact.Terminal && fact.Kind == LicenseErrorKind.ServerFault);
        life.Decrypts();

        // Not before the interval of the licence is over, and then again: the failure is forgotten.
        life.Wire.More = "";
        int asked = life.Wire.Requests;
        life.Clock.Advance(TimeSpan.FromSeconds(59));
        life.Wire.Requests.Should().Be(asked);
        life.Decrypts();
        life.Clock.Advance(TimeSpan.FromSeconds(1));
        await life.HasEndAsync(begin.AddSeconds(660 + 600));
        life.Wire.Requests.Should().Be(asked + 1);
        life.Decrypts();

        // The last one says that there will be no other.
        life.Wire.More = "&can_renew=0";
        life.Clock.Advance(TimeSpan.FromSeconds(200));
        await life.HasEndAsync(begin.AddSeconds(860 + 600));
        asked = life.Wire.Requests;
        life.Clock.Advance(TimeSpan.FromSeconds(599));
        life.Decrypts();
        life.Clock.Advance(TimeSpan.FromSeconds(1));
        await Eventually.Is(() => life.Report.State == SessionState.Expired);
        life.Decrypt().Should().Be(DecryptStatus.KeyNotUsable);
        life.Wire.Requests.Should().Be(asked);
        life.Failures.Should().ContainSingle();
    }

    [Fact]
    public async Task Keys_live_past_their_end_for_the_recovery_time_while_the_service_fails()
    {
        await using Life life = await Life.BeginAsync(sandbox, Renewable + "&renewal_recovery_duration_seconds=90");
        DateTimeOffset begin = life.Clock.GetUtcNow();
        await life.HasEndAsync(begin.AddSeconds(600));
        life.Decrypts();
        life.Wire.More = "&fault=status:503";
        life.Clock.Advance(TimeSpan.FromSeconds(200));
        await life.FailedAsync(1);
        for (int failed = 2; life.Clock.GetUtcNow() < begin.AddSeconds(620); failed++)
        {
            life.Clock.Advance(TimeSpan.FromSeconds(60));
            await life.FailedAsync(failed);
            life.Decrypts();
        }

        life.Clock.GetUtcNow().Should().BeAfter(begin.AddSeconds(600)).And.BeBefore(begin.AddSeconds(690));
        life.Clock.Advance(begin.AddSeconds(690) - life.Clock.GetUtcNow());
        await Eventually.Is(() => life.Report.State == SessionState.Expired);
        life.Decrypt().Should().Be(DecryptStatus.KeyNotUsable);
    }

    [Fact]
    public async Task Renewal_at_a_server_that_only_the_licence_names_is_refused_and_that_server_hears_nothing()
    {
        using System.Net.Sockets.TcpListener second = new(System.Net.IPAddress.Loopback, 0);
        second.Start();
        await using Life life = await Life.BeginAsync(sandbox, $"{Renewable}&renewal_server_url={Uri.EscapeDataString($"http://{second.LocalEndpoint}/renew")}");
        await life.HasEndAsync(life.Clock.GetUtcNow().AddSeconds(600));
        life.Clock.Advance(TimeSpan.FromSeconds(200));
        await life.FailedAsync(1);
        life.Failures.Single().Should().Match<SessionFailed>(fact => !fact.Terminal && fact.Kind == LicenseErrorKind.UntrustedUrl);
        life.Wire.Requests.Should().Be(1);
        second.Pending().Should().BeFalse();
        life.Decrypts();
    }

    [Fact]
    public async Task Without_recovery_time_the_end_is_the_end()
    {
        await using Life life = await Life.BeginAsync(sandbox, Renewable);
        life.Wire.More = "&fault=status:503";
        for (int failed = 1; failed <= 7; failed++)
        {
            life.Clock.Advance(TimeSpan.FromSeconds(failed == 1 ? 200 : 60));
            await life.FailedAsync(failed);
            life.Decrypts();
        }

        life.Clock.Advance(TimeSpan.FromSeconds(40));
        await Eventually.Is(() => life.Report.State == SessionState.Expired);
        life.Decrypt().Should().Be(DecryptStatus.KeyNotUsable);
    }

    [Theory]
    [InlineData("&flaw=expired", LicenseErrorKind.LicenseExpired)]
    // HTTP 404 alone is no word that every service means alike: a provider's error probes translate it.
    [InlineData("&flaw=unknown_key", LicenseErrorKind.Unknown)]
    public async Task Flaw_that_the_engine_judges_fails_the_session(string flaw, LicenseErrorKind kind)
    {
        await using Life life = await Life.JoinAsync(sandbox, flaw);
        Func<Task> wait = life.WaitAsync;
        (await wait.Should().ThrowAsync<KeyUnavailableException>()).Which.InnerException.Should().BeOfType<LicenseServiceException>().Which.Kind.Should().Be(kind);
        life.Decrypt().Should().NotBe(DecryptStatus.Decrypted);
    }

    /// <summary>One session, and what it was asked for.</summary>
    private sealed class Life : IAsyncDisposable
    {
        private readonly KeySystemBench _bench;

        private Life(IKeySystem keySystem, ManualClock clock, Uri service, string query)
        {
            (Clock, Wire) = (clock, new Wire(clock, query));
            _bench = new KeySystemBench(keySystem, service, Wire, clock);
        }

        public ManualClock Clock { get; }

        public Wire Wire { get; }

        public SessionReport Report => _bench.Sessions[0];

        public IReadOnlyList<SessionFailed> Failures => _bench.Failures;

        /// <summary>A session that has its licence.</summary>
        public static async Task<Life> BeginAsync(MeetingSandbox sandbox, string query)
        {
            Life life = await JoinAsync(sandbox, query);
            await life.WaitAsync();
            return life;
        }

        public static async Task<Life> JoinAsync(MeetingSandbox sandbox, string query)
        {
            ManualClock clock = new();
            Life life = new(await sandbox.StartAsync(clock), clock, sandbox.Url, query);
            await life._bench.NeedAsync([Bench.Header(MeetingSandbox.Payload(Content.Id))], new WantedKey { Id = Content.Id, Scheme = ProtectionScheme.Cenc });
            return life;
        }

        public async Task WaitAsync() => await _bench.WaitAsync(Content.Id);

        public Task HasEndAsync(DateTimeOffset end) => Eventually.Is(() => Report.State == SessionState.Usable && Report.Keys[0].Policy.NotAfter == end);

        public Task FailedAsync(int times) => Eventually.Is(() => Failures.Count == times && Report.State != SessionState.Renewing);

        public void Decrypts() => Decrypt().Should().Be(DecryptStatus.Decrypted);

        /// <summary>Encrypts a sample with the known key, and has the session's key open it.</summary>
        public DecryptStatus Decrypt() => _bench.Decrypt(Content.Id, Content.Key);

        public async ValueTask DisposeAsync()
        {
            await _bench.DisposeAsync();
            Wire.Dispose();
        }
    }

    /// <summary>Tells the sandbox the time of the test, and what else is to be asked of it.</summary>
    private sealed class Wire(TimeProvider clock, string query) : DelegatingHandler(new SocketsHttpHandler())
    {
        private int _requests;

        public string More { get; set; } = "";

        public int Requests => Volatile.Read(ref _requests);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            int asked = Interlocked.Increment(ref _requests);
            request.RequestUri = new Uri($"{request.RequestUri}?now={clock.GetUtcNow().ToUnixTimeSeconds()}{(asked == 1 ? query : "")}{More}");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
