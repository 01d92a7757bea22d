using Keyway.Decryption;
using Keyway.Licensing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.PlayReady.Issuer;

/// <summary>The framework's half, which remembers what it is told.</summary>
internal sealed class RecordingHost : ISessionHost
{
    public Dictionary<KeyId, (byte[] Key, KeyPolicy Policy)> Keys { get; } = [];
    public Dictionary<KeyId, KeyStatus> Statuses { get; } = [];

    public void Import(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy)
    {
        key.Length.Should().Be(16);
        Keys[id] = (key.ToArray(), policy);
    }

    public void UpdatePolicy(KeyId id, KeyPolicy policy) => throw new NotSupportedException();

    public void SetStatus(KeyId id, KeyStatus status) => Statuses[id] = status;

    public void RequestExchange(ChallengeKind kind) => throw new NotSupportedException();

    public void Close(LicenseErrorKind reason) => throw new NotSupportedException();
}

/// <summary>A clock that stands.</summary>
internal sealed class StandingClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>A session against a <see cref="TestWorld"/>.</summary>
internal sealed class TestClient(TestWorld world, SessionRequest request, PlayReadyOptions? options = null, PlayReadyCredential? credential = null)
{
    public static DateTimeOffset Today { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public RecordingHost Host { get; } = new();
    public StandingClock Clock { get; } = new(Today);

    public PlayReadySession Session => field ??= Open();

    public static SessionRequest Wanting(params IEnumerable<(KeyId Id, ProtectionScheme Scheme)> keys) =>
        new() { Keys = [.. keys.Select(key => new WantedKey { Id = key.Id, Scheme = key.Scheme })] };

    public async Task<TestChallenge> AskAsync(string? customData = null)
    {
        System.Buffers.ArrayBufferWriter<byte> written = new();
        await Session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License, CustomData = customData }, written, TestContext.Current.CancellationToken);
        TestChallenge challenge = TestChallenge.Read(written.WrittenSpan);
        challenge.Verify();
        return challenge;
    }

    public async Task<LicenseOutcome> AcceptAsync(byte[] body) => await Session.AcceptAsync(TestWorld.Http(body), TestContext.Current.CancellationToken);

    public async Task<LicenseOutcome> ExchangeAsync(params TestLicense[] licenses) => await AcceptAsync(world.Answer(await AskAsync(), licenses));

    /// <summary>An exchange that must be refused: nothing may have been imported.</summary>
    public async Task<LicenseServiceException> RefusedAsync(params TestLicense[] licenses)
    {
        LicenseServiceException refusal = (await Awaiting(() => ExchangeAsync(licenses)).Should().ThrowAsync<LicenseServiceException>()).Which;
        Host.Keys.Should().BeEmpty();
        return refusal;
    }

    public static Func<Task> Awaiting(Func<Task> action) => action;

    private PlayReadySession Open()
    {
        PlayReadyOptions used = options ?? world.Options();
        PlayReadySession session = new(WantedContent.Of(request), request.Kind, credential ?? world.Credential(used), used, Host, Clock, NullLogger.Instance);
        session.Restore(request.Stored.Span);
        return session;
    }
}
