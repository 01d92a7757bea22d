using Keyway.Testing;
using static Keyway.Licensing.LicensePipelineTests;

namespace Keyway.Licensing.Steps;

/// <summary>What is tried again, when, and how long an exchange may take.</summary>
public sealed class RetryStepTests
{
    [Theory]
    [InlineData(408, LicenseErrorKind.Network, true)]
    [InlineData(429, LicenseErrorKind.Throttled, true)]
    [InlineData(500, LicenseErrorKind.ServerFault, true)]
    [InlineData(503, LicenseErrorKind.ServerFault, true)]
    [InlineData(401, LicenseErrorKind.TokenInvalid, false)]
    [InlineData(403, LicenseErrorKind.Unknown, false)]
    [InlineData(404, LicenseErrorKind.Unknown, false)]
    [InlineData(302, LicenseErrorKind.Unknown, false)]
    public async Task Only_some_unrecognised_answers_are_tried_again_each_with_a_fresh_challenge(int status, LicenseErrorKind kind, bool again)
    {
        ManualClock clock = new();
        FakeLicenseServer server = new();
        for (int i = 0; i < 3; i++) server.Next(FakeLicenseServer.Text("", status));
        LicensePipeline pipeline = Build(server, clock, ("0:Use", "retry"), ("1:Use", "challenge"));
        FakeKeySystem system = new();
        Task<LicenseServiceException> failing = FailsAsync(pipeline, system: system);
        while (!failing.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        LicenseServiceException failure = await failing;
        failure.Kind.Should().Be(kind);
        failure.Status.Should().Be(status);
        server.Received.Should().HaveCount(again ? 3 : 1);
        server.Received.Select(request => request.Attempt).Should().BeInAscendingOrder();
        system.Sessions[0].Challenges.Should().HaveCount(again ? 3 : 1);
    }

    [Fact]
    public async Task Retry_waits_as_long_as_the_service_asks()
    {
        ManualClock clock = new();
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text("", 429, new Dictionary<string, string> { ["Retry-After"] = "7" }));
        server.Next(FakeLicenseServer.Text("", 503, new Dictionary<string, string> { ["retry-after"] = "20" }));
        LicensePipeline pipeline = Build(server, clock, ("0:Use", "retry"), ("0:MaxDelay", "00:00:20"), ("1:Use", "challenge"));
        DateTimeOffset start = clock.GetUtcNow();
        Task running = RunAsync(pipeline);
        await Eventually.Is(() => clock.NextDue == start.AddSeconds(7));
        clock.Advance(TimeSpan.FromSeconds(7));
        await Eventually.Is(() => clock.NextDue == start.AddSeconds(27));
        clock.Advance(TimeSpan.FromSeconds(20));
        await running;
        server.Received.Should().HaveCount(3);
    }

    [Theory]
    [InlineData("3600", 3600)]
    [InlineData("21", 21)]
    [InlineData("Sun, 06 Nov 1994 09:49:37 GMT", 3600)]
    public async Task Service_that_asks_for_a_longer_wait_than_there_is_time_for_is_not_asked_again_and_that_is_told_at_once(string after, int seconds)
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text("", 429, new Dictionary<string, string> { ["Retry-After"] = after, ["Date"] = "Sun, 06 Nov 1994 08:49:37 GMT" }));
        LicensePipeline pipeline = Build(server, new ManualClock(), ("0:Use", "retry"), ("0:MaxDelay", "00:00:20"), ("1:Use", "challenge"));
        LicenseServiceException failure = await FailsAsync(pipeline);
        failure.Kind.Should().Be(LicenseErrorKind.Throttled);
        failure.RetryAfter.Should().Be(TimeSpan.FromSeconds(seconds));
        failure.Message.Should().Contain("429").And.Contain($"for {seconds} s");
        server.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Exchange_that_takes_too_long_ends_as_a_network_error()
    {
        ManualClock clock = new();
        FakeLicenseServer server = new();
        server.Hold();
        LicensePipeline pipeline = Build(server, clock, ("0:Use", "challenge"), ("1:Use", "timeout"), ("1:After", "00:00:03"));
        Task<LicenseServiceException> failing = FailsAsync(pipeline);
        await Eventually.Is(() => clock.NextDue is not null);
        clock.Advance(TimeSpan.FromSeconds(3));
        (await failing).Should().BeEquivalentTo(new { Kind = LicenseErrorKind.Network, Retryable = true });
    }
}
