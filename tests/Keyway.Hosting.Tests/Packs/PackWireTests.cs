using System.Text;
using Keyway.Licensing;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Plugins;
using Keyway.Testing;

namespace Keyway.Hosting.Packs;

/// <summary>What is really on the wire: a socket, and the host's own handler.</summary>
public sealed class PackWireTests
{
    [Fact]
    public async Task Licence_request_asks_nobody_whether_it_may_go_on()
    {
        // An automatic "Expect: 100-continue" once cost a player more than a second for each licence.
        await using LoopbackServer server = new(static request => LoopbackServer.Answer.Text(request.Path.StartsWith("/token", StringComparison.Ordinal) ? "t0ken" : "licence"));
        string json = $$"""
            { "name": "acme", "source": "ours", "tested": "here",
              "token": { "http": { "url": "{{server.Address}}token", "body": { "json": { "kid": "{kid}" } } } },
              "keySystems": { "fake": { "url": "{{server.Address}}l", "query": { "t": "{token}" }, "body": { "text": "{challenge}", "contentType": "application/octet-stream" } } } }
            """;
        StepContext context = new() { Secrets = new NoSecrets() };
        using HostHttp http = new(new Keyway.Hosting.Configuration.HttpOptions(), AppContext.BaseDirectory);
        LicenseService service = LicenseService.Read(
            Keyway.Hosting.Configuration.Configured.Section("""{ "x": "y" }""").GetSection("acme"), null, new LicenseSteps(), context, new HttpLicenseTransport(http.Licenses), ProviderPack.Read(Encoding.UTF8.GetBytes(json), "acme.json"));
        LicenseExchange exchange = new()
        {
            Session = SessionId.Create(),
            KeySystem = "fake",
            Provider = "acme",
            KeyIds = [new KeyId(1)],
            Values = new Dictionary<string, string>(),
            Kind = ChallengeKind.License,
            Request = new LicenseRequest { Url = new Uri("https://nowhere.invalid/") },
        };
        ILicenseSession session = await new FakeKeySystem().OpenSessionAsync(new SessionRequest(), new RecordingSessionHost(), CancellationToken.None);
        string answer = "";
        await service.RunAsync(exchange, session, null, done => answer = Encoding.UTF8.GetString(done.Answer!.Body), TestContext.Current.CancellationToken);

        answer.Should().Be("licence");
        server.Requests.Select(static request => $"{request.Method} {request.Path} {request.Headers["Content-Type"]}").Should().Equal("POST /token application/json", "POST /l?t=t0ken application/octet-stream");
        foreach (LoopbackServer.Received request in server.Requests)
        {
            request.Headers.Keys.Should().NotContain(["Expect", "SOAPAction", "Cookie", "Transfer-Encoding"]);
            request.Headers["Content-Length"].Should().Be(request.Body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private sealed class NoSecrets : ISecretReader
    {
        public ValueTask<System.Buffers.IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) => throw new SecretException(name, "there is none");
    }
}
