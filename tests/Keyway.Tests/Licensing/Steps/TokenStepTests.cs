using System.Buffers;
using Keyway.Testing;
using static Keyway.Licensing.LicensePipelineTests;

namespace Keyway.Licensing.Steps;

/// <summary>A token is fetched, put where it belongs, and fetched anew once when the service does not like it.</summary>
public sealed class TokenStepTests
{
    private static readonly KeyId Kid = new(1);

    [Fact]
    public async Task Expired_token_is_fetched_anew_and_a_fresh_challenge_goes_out_with_it()
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text("", 401));
        LicensePipeline pipeline = Build(server, ("0:Use", "token"), ("0:Placement", "CustomData"), ("1:Use", "header"), ("1:Name", "X-A"), ("1:Value", "1"), ("2:Use", "challenge"));
        List<TokenReason> reasons = [];
        LicenseExchange exchange = Exchange(tokens: (request, _) =>
        {
            reasons.Add(request.Reason);
            return new ValueTask<IMemoryOwner<byte>>(LicenseToken.FromText($"token{reasons.Count}\n"));
        });
        FakeKeySystem.FakeSession session = await RunAsync(pipeline, exchange);

        reasons.Should().Equal(TokenReason.First, TokenReason.Rejected);
        session.Challenges.Select(challenge => challenge.CustomData).Should().Equal("token1", "token2");
        server.Received.Select(request => request.Body).Should().Equal($"License {Kid} [token1]", $"License {Kid} [token2]");
        server.Received[1].Request.Headers.Should().ContainSingle("nothing is added twice").Which.Key.Should().Be("X-A");
    }

    [Fact]
    public async Task Token_that_is_bad_twice_is_not_fetched_a_third_time()
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text("", 401));
        server.Next(FakeLicenseServer.Text("", 401));
        LicensePipeline pipeline = Build(server, ("0:Use", "token"), ("0:Source", "secret:token"), ("1:Use", "challenge"));
        (await FailsAsync(pipeline)).Kind.Should().Be(LicenseErrorKind.TokenInvalid);
        server.Received.Should().HaveCount(2);
    }

    [Theory]
    [InlineData("Header", null, null, "Authorization", "Bearer t0ken")]
    [InlineData("Header", "X-Token", null, "X-Token", "t0ken")]
    [InlineData("Header", "X-Token", "JWT ", "X-Token", "JWT t0ken")]
    public async Task Token_goes_where_it_is_told(string placement, string? name, string? prefix, string header, string value)
    {
        List<(string, string)> settings = [("0:Use", "token"), ("0:Source", "secret:token"), ("0:Placement", placement)];
        if (name is not null) settings.Add(("0:Name", name));
        if (prefix is not null) settings.Add(("0:Prefix", prefix));
        FakeLicenseServer server = new();
        LicensePipeline pipeline = Build(server, [.. settings]);
        await RunAsync(pipeline);
        server.Received[0].Request.Headers.Should().Contain(header, value);
        pipeline.Redactor.Describe(server.Received[0].Request).Should().Contain($"{header}: ***").And.NotContain("t0ken");
    }

    [Fact]
    public async Task Missing_token_stops_before_anything_is_sent()
    {
        FakeLicenseServer server = new();
        (await FailsAsync(Build(server, ("0:Use", "token")))).Kind.Should().Be(LicenseErrorKind.TokenMissing);
        server.Received.Should().BeEmpty();
    }
}
