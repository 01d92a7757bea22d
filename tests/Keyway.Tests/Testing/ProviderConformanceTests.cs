using System.Text;
using System.Text.Json;
using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Keyway.Testing;

/// <summary>The suite of providers: a provider that keeps every promise, and the same one with one flaw after the other.</summary>
public sealed class ProviderConformanceTests
{
    private static readonly ProviderAnswer TooOld = new("too old"u8.ToArray(), 401, "text/plain");

    public static TheoryData<string> Promises => [.. ProviderConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Sound_provider_keeps(string promise) => new ProviderConformance(static () => Subject("")).CheckAsync(promise);

    [Theory]
    [InlineData("steps-change", "It has a name and lists its steps*")]
    [InlineData("no-challenge", "It has a name and lists its steps*", false)]
    [InlineData("bare-crashes", "Without its settings*")]
    [InlineData("keeps-wrapping", "An exchange brings the licence*")]
    [InlineData("writes-twice", "An exchange writes one challenge*")]
    [InlineData("follows-nobody", "A redirect to another origin*", false)]
    [InlineData("drops-token", "A token is asked for once*")]
    [InlineData("keeps-token", "A token that the service refuses is asked for anew*")]
    [InlineData("old-kind", "A token that is refused again and again*")]
    [InlineData("shows-token", "What carries a token or a secret*")]
    [InlineData("wrong-kind", "Each refusal that the service documents*")]
    [InlineData("swallows", "An answer that nobody knows*")]
    [InlineData("parses", "An answer of status 200 that makes no sense*")]
    [InlineData("repeats", "A refusal that repeats what it was told*")]
    [InlineData("network-unknown", "A service that cannot be reached*")]
    [InlineData("no-renewals", "A renewal and a release*")]
    [InlineData("shares", "Exchanges beside each other*")]
    public async Task Flaw_breaks_its_promise(string flaw, string promise, bool breaks = true)
    {
        string named = ProviderConformance.Promises.Single(each => each.StartsWith(promise.TrimEnd('*'), StringComparison.Ordinal));
        Func<Task> check = () => new ProviderConformance(() => Subject(flaw)).CheckAsync(named);
        if (breaks) (await check.Should().ThrowAsync<ConformanceException>()).Which.Promise.Should().Be(named);
        else await check.Should().NotThrowAsync("it is the framework that keeps this one");
    }

    private static ProviderUnderTest Subject(string flaw) => new()
    {
        Create = entry => new Provider(flaw, entry),
        Settings = new Dictionary<string, string> { ["Endpoints:fake"] = "https://license.example/get", ["Settings:Tenant"] = "secret:tenant" },
        Secrets = new Dictionary<string, string> { ["tenant"] = "tenant-Zq8wLx3VtNp5" },
        TakesTokens = true,
        TokenRefused = TooOld,
        Refusals = [new ProviderRefusal(new ProviderAnswer("pay"u8.ToArray(), 402, "text/plain"), LicenseErrorKind.CreditsExhausted, "402")],
        Answer = static request => new ProviderAnswer("wrapped:a licence"u8.ToArray()),
    };

    private sealed class Provider(string flaw, IConfigurationSection entry) : ILicenseProvider
    {
        private static int _made;
        private readonly string _tenant = flaw == "bare-crashes" ? entry["Settings:Tenant"]!.ToUpperInvariant() : entry["Settings:Tenant"] ?? "";

        public string Name => "sound";

        public void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings)
        {
            pipeline.Use("retry");
            if (flaw is "repeats" or "network-unknown" or "old-kind" or "no-renewals" or "swallows") pipeline.Use("flaw", new Outer(flaw));
            if (flaw is "keeps-token" or "shows-token" or "shares") pipeline.Use("own-token", new OwnToken(flaw));
            else if (flaw != "drops-token") pipeline.Use("token");
            if (flaw == "writes-twice") pipeline.Use("twice", new Twice());
            if (flaw != "no-challenge") pipeline.Use("challenge");
            pipeline.Use("timeout").Use(flaw == "steps-change" ? $"refusal-{Interlocked.Increment(ref _made)}" : "refusal", new Refusal(flaw, _tenant));
        }
    }

    /// <summary>Unwraps the licence, and knows one refusal.</summary>
    private sealed class Refusal(string flaw, string tenant) : LicenseResponseTransform
    {
        public override ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken)
        {
            _ = tenant;
            if (exchange.Answer is not { } answer) return default;
            if (answer.Status == 402) throw new LicenseServiceException(flaw == "wrong-kind" ? LicenseErrorKind.Unknown : LicenseErrorKind.CreditsExhausted, "not paid") { ProviderCode = "402" };
            string text = Encoding.UTF8.GetString(answer.Body);
            if (answer.Status != 200) return default;
            if (flaw == "parses" && text.StartsWith('{')) using (JsonDocument.Parse(text)) { }
            if (flaw != "keeps-wrapping" && text.StartsWith("wrapped:", StringComparison.Ordinal)) exchange.Answer = answer with { Body = answer.Body.Slice("wrapped:".Length) };
            return default;
        }
    }

    private sealed class Outer(string flaw) : ILicenseMiddleware
    {
        public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
        {
            if (flaw == "no-renewals" && exchange.Kind == ChallengeKind.Renewal) throw new NotSupportedException("no renewals");
            try
            {
                await next(exchange, cancellationToken);
            }
            catch (LicenseServiceException exception) when (flaw == "repeats" && exchange.Answer is { } answer)
            {
                throw new LicenseServiceException(exception.Kind, $"the service said: {Encoding.UTF8.GetString(answer.Body)}");
            }
            catch (LicenseServiceException) when (flaw is "network-unknown" or "old-kind")
            {
                throw new LicenseServiceException(LicenseErrorKind.Unknown, "something");
            }
            catch (LicenseServiceException) when (flaw == "swallows")
            {
                exchange.Answer = new LicenseAnswer { Status = 200 };
            }
        }
    }

    private sealed class Twice : ILicenseMiddleware
    {
        public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
        {
            LicenseRequest request = exchange.Request;
            await next(exchange, cancellationToken);
            exchange.Request = request;
            await next(exchange, cancellationToken);
        }
    }

    /// <summary>A token step as a beginner writes it.</summary>
    private sealed class OwnToken(string flaw) : ILicenseMiddleware
    {
        private string? _token;

        public IReadOnlyCollection<string> SecretMembers => flaw == "shows-token" ? [] : ["X-Own"];

        public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
        {
            using System.Buffers.IMemoryOwner<byte> token = await exchange.Tokens!(new TokenRequest { KeyIds = exchange.KeyIds, KeySystem = exchange.KeySystem, Reason = TokenReason.First }, cancellationToken);
            string text = Encoding.UTF8.GetString(token.Memory.Span);

            // What belongs to an exchange stands in the step: it is the last one's, and everybody's.
            _token = flaw == "shares" && _token is not null ? $"{_token} {text}" : text;
            exchange.Request = exchange.Request with { Headers = new Dictionary<string, string>(exchange.Request.Headers) { ["X-Own"] = _token } };
            await next(exchange, cancellationToken);
        }
    }
}
