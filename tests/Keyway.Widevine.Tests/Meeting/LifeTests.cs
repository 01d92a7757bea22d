using System.Collections.Concurrent;
using System.Security.Cryptography;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Messaging;
using Keyway.Sessions;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;

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

    /// <summary>One session and all that it is made of.</summary>
    private sealed class Life : IAsyncDisposable
    {
        private readonly InProcessBus _bus = new();
        private readonly ConcurrentQueue<SessionFailed> _failures = new();
        private readonly ContentKeyVault _vault;
        private readonly SessionEngine _engine;
        private KeyRingSession? _ring;

        private Life(string query)
        {
            Wire = new Wire(Clock, query);
            _vault = new ContentKeyVault(Clock);
            _bus.Subscriber<SessionFailed>().Subscribe(_failures.Enqueue);
            _engine = new SessionEngine(new SessionEngineOptions { Vault = _vault, Bus = _bus, Clock = Clock });
        }

        public ManualClock Clock { get; } = new();

        public Wire Wire { get; }

        public SessionReport Report => _ring!.Reports[0];

        public IReadOnlyList<SessionFailed> Failures => [.. _failures];

        /// <summary>A session that has its licence.</summary>
        public static async Task<Life> BeginAsync(MeetingSandbox sandbox, string query)
        {
            Life life = await JoinAsync(sandbox, query);
            await life.WaitAsync();
            return life;
        }

        public static async Task<Life> JoinAsync(MeetingSandbox sandbox, string query)
        {
            Life life = new(query);
            IConfigurationSection entry = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["p:Endpoints:widevine"] = sandbox.Url.AbsoluteUri,
                ["p:Pipeline:0:Use"] = "challenge",
            }).Build().GetSection("p");
            StepContext context = new() { Clock = life.Clock, Secrets = new Secrets(new Dictionary<string, byte[]>()) };
            life._ring = life._engine.Join(new KeyRingOptions
            {
                Presentation = PresentationId.Create(),
                KeySystem = await sandbox.StartAsync(life.Clock),
                Service = LicenseService.Read(entry, provider: null, new LicenseSteps(), context, new HttpLicenseTransport(new HttpMessageInvoker(life.Wire))),
            });
            await life._ring.NeedAsync([Bench.Header(MeetingSandbox.Payload(Content.Id))], [new WantedKey { Id = Content.Id, Scheme = ProtectionScheme.Cenc }], CancellationToken.None);
            return life;
        }

        public async Task WaitAsync() => await _ring!.WaitAsync([Content.Id], OutputCapabilities.None, null, CancellationToken.None);

        public Task HasEndAsync(DateTimeOffset end) => Eventually.Is(() => Report.State == SessionState.Usable && Report.Keys[0].Policy.NotAfter == end);

        public Task FailedAsync(int times) => Eventually.Is(() => _failures.Count == times && Report.State != SessionState.Renewing);

        public void Decrypts() => Decrypt().Should().Be(DecryptStatus.Decrypted);

        /// <summary>Encrypts a sample with the known key, and has the session's key open it.</summary>
        public DecryptStatus Decrypt() => Samples.Decrypt(_vault, _ring!.Ring, Content.Id, Content.Key);

        public async ValueTask DisposeAsync()
        {
            await _ring!.DisposeAsync();
            await _engine.DisposeAsync();
            _vault.Dispose();
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

/// <summary>Samples of which the content is known.</summary>
internal static class Samples
{
    /// <summary>Encrypts a sample as <c>cenc</c> does (ISO/IEC 23001-7, 10.1) with the platform's AES alone, and decrypts it through the vault.</summary>
    public static DecryptStatus Decrypt(ContentKeyVault vault, KeyRing ring, KeyId id, byte[] key)
    {
        byte[] clear = RandomNumberGenerator.GetBytes(40), vector = [.. RandomNumberGenerator.GetBytes(8), .. new byte[8]];
        byte[] sample = [.. clear];
        using Aes aes = Aes.Create();
        aes.Key = key;
        for (int block = 0; block * 16 < sample.Length; block++)
        {
            byte[] counter = [.. vector];
            counter[15] = (byte)block;
            byte[] stream = aes.EncryptEcb(counter, PaddingMode.None);
            for (int i = 0; i < 16 && (block * 16) + i < sample.Length; i++) sample[(block * 16) + i] ^= stream[i];
        }

        byte[] encrypted = [.. sample];
        SampleProtection protection = new() { Scheme = ProtectionScheme.Cenc, KeyId = id, InitializationVector = vector.AsSpan(0, 8) };
        DecryptStatus status = new SampleDecryptor(vault, ring, OutputCapabilities.None).Decrypt(sample, protection);
        sample.Should().Equal(status == DecryptStatus.Decrypted ? clear : encrypted);
        return status;
    }
}
