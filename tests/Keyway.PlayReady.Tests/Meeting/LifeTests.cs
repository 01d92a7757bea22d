using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway.PlayReady.Meeting;

/// <summary>Whole lives: the engine, the real key system and the real sandbox over HTTP, in virtual time. What the engine refuses has PlayReady's code.</summary>
[Collection(nameof(MeetingCollection))]
public sealed class LifeTests(MeetingSandbox sandbox)
{
    private static readonly KeyId A = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c"), B = SharedVectors.Id("334b5d3d-44f5-4f56-a410-e07caaa7160e");
    private static readonly byte[] KeyA = Convert.FromHexString("88da852ae4fa2e1e36aeb2d5c94997b1");   // of the public test seed

    private readonly ManualClock _clock = new();
    private readonly MemoryLicenseStore _store = new();

    [Fact]
    public async Task Key_ends_with_its_licence_and_a_service_that_is_away_changes_nothing_about_why()
    {
        await using Life life = await JoinAsync("&cfg=(endin:600)");
        await life.WaitAsync();

        // Who looks after the end must have been told of it before time passes.
        DateTimeOffset end = _clock.GetUtcNow().AddSeconds(600);
        await Eventually.Is(() => life.Report.State == SessionState.Usable && _clock.NextDue == end);
        _clock.Advance(TimeSpan.FromSeconds(599));
        life.Decrypt().Should().Be(DecryptStatus.Decrypted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await Eventually.Is(() => life.Report.State == SessionState.Expired);
        life.Decrypt().Should().Be(DecryptStatus.KeyNotUsable);

        life.Wire.More = "&fault=status:503";
        (await life.RefusedAsync()).Should().Match<KeyUnavailableException>(one =>
            one.Kind == LicenseErrorKind.LicenseExpired && one.ProviderCode == "0x8004C009" && one.Message.Contains("0x8004C009"));

        // A service that gives the same licence once more gives nothing; one that gives another gives its time.
        life.Wire.More = "&cfg=(enddate:20290101)";
        await life.NeedAsync();
        (await life.RefusedAsync()).Should().Match<KeyUnavailableException>(one => one.Reason == KeyUnavailableReason.LicenseFailed && one.Kind == LicenseErrorKind.LicenseExpired && one.ProviderCode == "0x8004C009");
        life.Wire.More = "&cfg=(endin:60)";
        await life.NeedAsync();
        await life.WaitAsync();
        life.Decrypt().Should().Be(DecryptStatus.Decrypted);
    }

    [Fact]
    public async Task First_play_window_ends_and_does_not_begin_anew_after_a_restart()
    {
        await using (Life first = await JoinAsync("&cfg=(persist:true,firstexp:3600)", SessionKind.PersistentLicense))
        {
            await first.WaitAsync();
            _clock.Advance(TimeSpan.FromDays(30));
            await first.UseAsync();
            first.Decrypt().Should().Be(DecryptStatus.Decrypted);
        }

        StoredLicenseId stored = _store.Licenses.Should().ContainSingle().Subject.Id;
        _clock.Advance(TimeSpan.FromSeconds(3599));
        await using (Life again = await JoinAsync("&fault=status:503", SessionKind.PersistentLicense))
        {
            await again.WaitAsync();
            await again.UseAsync();
            again.Decrypt().Should().Be(DecryptStatus.Decrypted);
            again.Wire.Requests.Should().Be(0, "the licence is stored");
            _clock.Advance(TimeSpan.FromSeconds(1));
            again.Decrypt().Should().Be(DecryptStatus.KeyNotUsable);
            (await again.RefusedAsync()).ProviderCode.Should().Be("0x8004C009");
        }

        await using Life late = await JoinAsync("&fault=status:503", SessionKind.PersistentLicense);
        (await late.RefusedAsync()).Should().Match<KeyUnavailableException>(one =>
            one.Kind == LicenseErrorKind.LicenseExpired && one.ProviderCode == "0x8004C009" && one.Message.Contains("0x8004C009") && one.Message.Contains(stored.ToString()));
        late.Decrypt().Should().NotBe(DecryptStatus.Decrypted);
    }

    [Theory]
    [InlineData(true, null, 100, "ucvopl:300", "0x8004C06E")]          // nobody says what is behind a file
    [InlineData(true, null, 100, "avopl:200", "0x8004C06E")]
    [InlineData(true, null, null, "caopl:200", "0x8004C06E")]
    [InlineData(true, null, null, "ucaopl:250", "0x8004C06E")]
    [InlineData(true, null, 100, "maxres:640x360", "0x8004C06E")]
    [InlineData(false, 0, 100, "ucvopl:101", "0x80004007")]            // and what this screen guarantees is less
    [InlineData(false, 250, 100, "ucvopl:270", "0x80004007")]
    [InlineData(false, 270, 100, "dvop:(guid:11111111-2222-3333-4444-555555555555,data:00)", "0x80004007")]
    public async Task Output_that_is_not_protected_as_asked_is_refused(bool exports, int? level, int? pixels, string terms, string code)
    {
        OutputCapabilities sink = new() { Kind = exports ? SinkKind.Export : SinkKind.Render, Levels = new() { UncompressedVideo = level ?? 0 } };
        await using Life life = await JoinAsync($"&cfg=({terms})");
        (await life.RefusedAsync(sink, pixels)).Should().Match<KeyUnavailableException>(one =>
            one.Reason == KeyUnavailableReason.RefusedByPolicy && one.Kind == LicenseErrorKind.OutputProtection && one.ProviderCode == code && one.Message.Contains(code));
        life.Decrypt(sink, pixels).Should().Be(DecryptStatus.KeyNotUsable);
    }

    [Theory]
    [InlineData(true, 0, 100, "cvopl:500,ucvopl:250,avopl:150")]
    [InlineData(true, 0, null, "cvopl:500,ucvopl:300,caopl:100,ucaopl:200")]
    [InlineData(false, 300, 100, "ucvopl:300")]
    public async Task Output_that_is_protected_as_asked_is_served(bool exports, int level, int? pixels, string terms)
    {
        OutputCapabilities sink = new() { Kind = exports ? SinkKind.Export : SinkKind.Render, Levels = new() { UncompressedVideo = level } };
        await using Life life = await JoinAsync($"&cfg=({terms})");
        await life.WaitAsync(sink, pixels);
        life.Decrypt(sink, pixels).Should().Be(DecryptStatus.Decrypted);
    }

    [Theory]
    [InlineData("begindate:20310101", LicenseErrorKind.LicenseExpired, "0x8004C00A")]
    [InlineData("enddate:20290101", LicenseErrorKind.LicenseExpired, "0x8004C009")]
    [InlineData("sl:2000", LicenseErrorKind.SecurityLevelTooLow, "0x8004A004")]
    [InlineData("revinfo:1", LicenseErrorKind.PolicyInvalid, "0x8004C0C4")]
    [InlineData("contentkey:00000000000000000000000000000000", LicenseErrorKind.ContentMismatch, "0x80041109")]
    public async Task Key_that_is_refused_beside_another_says_why(string terms, LicenseErrorKind kind, string code)
    {
        await using Life life = await JoinAsync($"&lenient=level&cfg=(kid:{Meetings.GuidOf(A)}),(kid:{Meetings.GuidOf(B)},{terms})", wanted: [A, B]);
        await life.WaitAsync();
        life.Decrypt().Should().Be(DecryptStatus.Decrypted);
        (await life.RefusedAsync(key: B)).Should().Match<KeyUnavailableException>(one => one.Kind == kind && one.ProviderCode == code && one.Message.Contains(code));
    }

    private async Task<Life> JoinAsync(string query, SessionKind kind = SessionKind.Temporary, params KeyId[] wanted)
    {
        Wire wire = new(_clock) { More = query };
        Life life = new(new KeySystemBench(await sandbox.StartAsync(_clock), sandbox.Url, wire, _clock, sandbox.Device, kind, _store), wire, wanted is [] ? [A] : wanted);
        await life.NeedAsync();
        return life;
    }

    /// <summary>One session, and what it is asked for.</summary>
    private sealed class Life(KeySystemBench bench, Wire wire, KeyId[] wanted) : IAsyncDisposable
    {
        public Wire Wire => wire;

        public SessionReport Report => bench.Sessions[0];

        /// <summary>Says what content needs, as a reader does whenever it comes to a fragment.</summary>
        public async Task NeedAsync()
        {
            string kids = string.Concat(wanted.Select(id => $"<KID ALGID=\"AESCTR\"{Checksum(id)} VALUE=\"{Convert.ToBase64String(Meetings.GuidOf(id).ToByteArray(bigEndian: false))}\"></KID>"));
            string markup = $"<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.2.0.0\"><DATA><PROTECTINFO><KIDS>{kids}</KIDS></PROTECTINFO></DATA></WRMHEADER>";
            await bench.NeedAsync([Meetings.Header(markup)], [.. wanted.Select(id => new WantedKey { Id = id, Scheme = ProtectionScheme.Cenc })]);

            static string Checksum(KeyId id) => id == A ? " CHECKSUM=\"KLj3QzQP/NA=\"" : $" CHECKSUM=\"{Convert.ToBase64String(KeyChecksum.Make(Convert.FromHexString("ae8b0d6d853c83a74a744fb80dfc8191"), id))}\"";
        }

        public async Task WaitAsync(OutputCapabilities? sink = null, long? pixels = null) => await bench.WaitAsync(A, sink, pixels);

        public async Task UseAsync() => await bench.BeginUseAsync(A);

        public async Task<KeyUnavailableException> RefusedAsync(OutputCapabilities? sink = null, long? pixels = null, KeyId? key = null)
        {
            Func<Task> wait = async () => await bench.WaitAsync(key ?? A, sink, pixels);
            return (await wait.Should().ThrowAsync<KeyUnavailableException>()).Which;
        }

        public DecryptStatus Decrypt(OutputCapabilities? sink = null, long? pixels = null) => bench.Decrypt(A, KeyA, sink: sink, pixels: pixels);

        public async ValueTask DisposeAsync()
        {
            await bench.DisposeAsync();
            wire.Dispose();
        }
    }

    /// <summary>Tells the sandbox the time of the test, and what else is to be asked of it.</summary>
    private sealed class Wire(TimeProvider clock) : DelegatingHandler(new SocketsHttpHandler())
    {
        private int _requests;

        public string More { get; set; } = "";

        public int Requests => Volatile.Read(ref _requests);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _requests);
            request.RequestUri = new Uri($"{request.RequestUri}?now={clock.GetUtcNow().ToUnixTimeSeconds()}{More}");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
