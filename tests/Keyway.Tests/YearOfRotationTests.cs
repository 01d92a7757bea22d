using System.Buffers;
using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway;

/// <summary>A live presentation that goes on for a year, or for as long as shows what a year does, with new keys for video and audio every hour: nothing of its licence side grows.</summary>
public sealed class YearOfRotationTests : IAsyncDisposable
{
    private const int Year = 365 * 24;

    private readonly ManualClock _clock = new();
    private readonly ContentKeyVault _vault;
    private readonly SessionEngine _engine;
    private readonly LicenseService _service;

    public YearOfRotationTests()
    {
        _vault = new ContentKeyVault(_clock);
        _engine = new SessionEngine(new SessionEngineOptions { Vault = _vault, Bus = new InProcessBus(), Clock = _clock });
        _service = LicenseService.Read(
            Settings.Section("Providers:acme", ("Endpoints:year", "https://license.example/"), ("Pipeline:0:Use", "challenge")), provider: null, new LicenseSteps(), Settings.Context(_clock), new Grants());
    }

    /// <param name="rotation">
    /// How keys come: each with a header of its own, in the manifest or in fragments; in lists that go on by one; or all through one session, which asks again.
    /// </param>
    /// <param name="hours">For how long.</param>
    [Theory]
    [InlineData(Rotation.Manifest, Year)]
    [InlineData(Rotation.Fragments, Year)]
    [InlineData(Rotation.OneSession, Year)]
    [InlineData(Rotation.Window, 5000)]
    [InlineData(Rotation.Unread, Year)]
    public async Task Nothing_grows(Rotation rotation, int hours)
    {
        (hours / 2 * (rotation == Rotation.Unread ? 1 : 2)).Should().BeGreaterThan(LicenseLimits.RememberedKeys, "what is remembered is full by half of the time");
        KeyRingSession ring = _engine.Join(new KeyRingOptions { Presentation = PresentationId.Create(), KeySystem = new YearSystem(asksAgain: rotation == Rotation.OneSession), Service = _service });
        await using PresentationLicenses licenses = new(ring, [], new KeyWaitSettings { Clock = _clock, KeyWait = TimeSpan.FromSeconds(30), IsLive = true });
        object video = new(), audio = new();
        await licenses.AskAsync([.. KeysOf(0).Select(Wanted)], rotation == Rotation.Fragments ? ProtectionMap.Empty : Offer(rotation, 0), CancellationToken.None);
        long early = 0, sessions = 0;
        for (int hour = 0; hour < hours; hour++)
        {
            if (rotation == Rotation.Fragments) licenses.Announce([Header(KeysOf(hour + 1))], ProtectionScheme.Cenc);
            else licenses.Follow(Offer(rotation, hour));
            KeyId[] now = KeysOf(hour);
            licenses.Use(video, now[..1]);
            await licenses.WaitAsync([Header(now)], [Wanted(now[0])], OutputCapabilities.None, null, CancellationToken.None);
            Decrypt(ring, now[0]);
            if (rotation != Rotation.Unread)
            {
                licenses.Use(audio, now[1..]);
                await licenses.WaitAsync([], [Wanted(now[1])], OutputCapabilities.None, null, CancellationToken.None);
                Decrypt(ring, now[1]);
            }

            // A reader that ends, and another that goes on from there.
            if (hour % 100 == 99) licenses.Leave([video, audio]);
            sessions = Math.Max(sessions, ring.Sessions.Count);
            _clock.Advance(TimeSpan.FromHours(1));
            if (hour == hours / 2) early = await SettledAsync(ring, licenses);
            else if (hour % 1000 == 0 && hour > hours / 2) await StaysAsync();
        }

        await StaysAsync();
        sessions.Should().BeLessThan(16);
        _vault.SessionCount.Should().BeLessThan(16);
        _engine.Reports().Should().HaveCount(ring.Sessions.Count);
        ring.Reports.Sum(static report => report.Wanted.Count + report.Keys.Count).Should().BeLessThan(64);

        // What is on its way at the moment of the count goes a moment later; what grows stays.
        async Task StaysAsync()
        {
            long late = 0;
            for (int attempt = 0; attempt < 50; attempt++)
            {
                late = await SettledAsync(ring, licenses);
                if (late < early + (early / 50)) return;
                await Task.Delay(20);
            }

            late.Should().BeLessThan(early + (early / 50), "as much time again is nothing more to remember");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _vault.Dispose();
    }

    private async Task<long> SettledAsync(KeyRingSession ring, PresentationLicenses licenses)
    {
        // What was dropped closes beside the reader.
        await Eventually.Is(() => _engine.Reports().Count == ring.Sessions.Count && ring.Reports.All(static report => report.State is SessionState.Usable or SessionState.Expired));
        return Reachable.Count(_engine, licenses, ring, _clock);
    }

    private void Decrypt(KeyRingSession ring, KeyId key)
    {
        using IFragmentDecryptor lease = new SampleDecryptor(_vault, ring.Ring, OutputCapabilities.None).LeaseFragment();
        lease.Decrypt(new byte[16], new SampleProtection { Scheme = ProtectionScheme.Cenc, KeyId = key, InitializationVector = new byte[8] }).Should().Be(DecryptStatus.Decrypted);
    }

    /// <summary>The manifest of an hour: the keys of three hours before, of now, and of the next, each hour with a header of its own, or all in one.</summary>
    private static ProtectionMap Offer(Rotation rotation, int hour)
    {
        KeyId[][] hours = [.. Enumerable.Range(Math.Max(0, hour - 3), Math.Min(hour, 3) + 2).Select(KeysOf)];
        KeyId[] all = [.. hours.SelectMany(static keys => keys)];
        return new ProtectionMap
        {
            Keys = [.. all.Select(static key => new ProtectedKey { Id = key, Tracks = ["track"] })],
            Headers = [.. (rotation == Rotation.Window ? [all] : hours).Select(static keys => new ProtectionEntry { System = FakeKeySystem.System, Data = Header(keys).Data, Sources = [] })],
            Schemes = [ProtectionScheme.Cenc],
        };
    }

    private static KeyId[] KeysOf(int hour) => [Bench.Kid((2 * hour) + 1), Bench.Kid((2 * hour) + 2)];

    private static WantedKey Wanted(KeyId key) => new() { Id = key, Scheme = ProtectionScheme.Cenc };

    private static ProtectionHeader Header(KeyId[] keys) => FakeKeySystem.Header(keys);

    /// <summary>How keys come.</summary>
    public enum Rotation
    {
        /// <summary>Each hour has a header in the manifest.</summary>
        Manifest,

        /// <summary>Fragments announce the next hour, and no manifest names a key.</summary>
        Fragments,

        /// <summary>One header lists all that is on offer, and is another each hour.</summary>
        Window,

        /// <summary>One session takes every header, and asks again.</summary>
        OneSession,

        /// <summary>The manifest's keys are for two tracks, and one is read.</summary>
        Unread,
    }

    /// <summary>A licence service that gives whatever it is asked for, and remembers nothing.</summary>
    private sealed class Grants : ILicenseTransport
    {
        public ValueTask SendAsync(LicenseExchange exchange, CancellationToken cancellationToken)
        {
            exchange.Answer = new LicenseAnswer { Status = 200, ContentType = "text/plain", Headers = new Dictionary<string, string>(), Body = new ReadOnlySequence<byte>(exchange.Body.ToArray()) };
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A key system that remembers nothing beyond its sessions.</summary>
    private sealed class YearSystem(bool asksAgain) : IKeySystem
    {
        public KeySystemDescriptor Descriptor { get; } = new() { Name = "year", Systems = [FakeKeySystem.System], ChallengeIdentifiesDevice = true };

        public bool AsksAgain => asksAgain;

        public ProtectionHeader ParseHeader(InitializationData data)
        {
            List<KeyId> ids = [];
            for (int i = 0; i < data.Payload.Length; i += KeyId.Size)
                if (KeyId.TryRead(data.Payload.Span.Slice(i, KeyId.Size), out KeyId id)) ids.Add(id);
            return FakeKeySystem.Header([.. ids]);
        }

        public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) =>
            new(new YearSession(this, request, host));
    }

    private sealed class YearSession(YearSystem system, SessionRequest request, ISessionHost host) : ILicenseSession
    {
        private readonly HashSet<KeyId> _asked = [.. request.Keys.Select(static key => key.Id), .. request.Headers.SelectMany(static header => header.KeyIds)];

        public ValueTask<HeaderOutcome> OfferHeaderAsync(ProtectionHeader header, CancellationToken cancellationToken)
        {
            if (system.AsksAgain) _asked.UnionWith(header.KeyIds);
            return new ValueTask<HeaderOutcome>(system.AsksAgain ? HeaderOutcome.ExchangeNeeded : HeaderOutcome.NotMine);
        }

        public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
        {
            destination.Write(Encoding.ASCII.GetBytes(string.Join(' ', _asked)));
            _asked.Clear();
            return new ValueTask<ChallengeInfo>(new ChallengeInfo { Kind = ChallengeKind.License, ContentType = "text/plain" });
        }

        public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
        {
            foreach (string id in Encoding.ASCII.GetString(answer.Body).Split(' '))
                if (KeyId.TryParse(id, out KeyId key)) host.Import(key, new byte[16], new KeyPolicy { Output = new OutputRequirement { ClearExport = true } });
            return new ValueTask<LicenseOutcome>(LicenseOutcome.Complete);
        }
    }
}
