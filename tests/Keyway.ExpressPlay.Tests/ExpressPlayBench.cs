using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Plugins;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;

namespace Keyway.ExpressPlay;

/// <summary>The provider over the real transport, and a service that a test speaks for.</summary>
internal sealed class ExpressPlayBench
{
    /// <summary>A token as they look: base64url, no padding.</summary>
    public const string Token = "BAAAAAAp-_8AJDQ1Njc4OWFiLWNkZWYtMDEyMy00NTY3LTg5YWJjZGVmMDEyMwAAAFA";

    public static readonly KeyId Kid = new(7);

    public ExpressPlayBench(Func<Sent, int, Answer> answer, params (string Path, string Value)[] settings)
    {
        Network = new Wire(answer);
        IConfigurationSection entry = Section(settings);
        StepContext context = new() { Secrets = new Secrets() };
        Service = LicenseService.Read(entry, new ExpressPlayProvider(entry), new LicenseSteps(), context, new HttpLicenseTransport(new HttpMessageInvoker(Network)));
    }

    public LicenseService Service { get; }

    private Wire Network { get; }

    public IReadOnlyList<Sent> Sent => Network.Sent;

    public FakeKeySystem KeySystem { get; } = new();

    public static IConfigurationSection Section(params (string Path, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create($"Keyway:Providers:expressplay:{setting.Path}", (string?)setting.Value)).Append(new("Keyway:Providers:expressplay", null)))
        .Build().GetSection("Keyway:Providers:expressplay");

    /// <summary>What is wrong with settings, a line each.</summary>
    public static string[] Mistakes(params (string Path, string Value)[] settings)
    {
        try
        {
            ExpressPlayOptions.Read(Section(settings));
            return [];
        }
        catch (LicenseServiceException exception)
        {
            exception.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
            return exception.Message.Split(Environment.NewLine);
        }
    }

    public async Task<string> RunAsync(
        string keySystem, Uri? url = null, TokenSource? tokens = null, string? scheme = null, ChallengeKind kind = ChallengeKind.License, Dictionary<string, string>? headers = null)
    {
        Dictionary<string, string> values = [];
        if (scheme is not null) values["scheme"] = scheme;
        LicenseExchange exchange = new()
        {
            Session = SessionId.Create(),
            KeySystem = keySystem,
            Provider = "expressplay",
            KeyIds = [Kid],
            Values = values,
            Tokens = tokens,
            Kind = kind,
            Request = new LicenseRequest { Url = new Uri("https://nowhere.invalid/"), Headers = headers ?? [] },
        };
        string license = "";
        ILicenseSession session = keySystem == "playready" ? new PlayReadySession() : await KeySystem.OpenSessionAsync(new SessionRequest(), new RecordingSessionHost(), CancellationToken.None);
        await Service.RunAsync(exchange, session, url, done => license = Encoding.UTF8.GetString(done.Answer!.Body), CancellationToken.None);
        return license;
    }

    public async Task<LicenseServiceException> FailsAsync(
        string keySystem, Uri? url = null, TokenSource? tokens = null, string? scheme = null, ChallengeKind kind = ChallengeKind.License, Dictionary<string, string>? headers = null)
    {
        Func<Task> run = () => RunAsync(keySystem, url, tokens, scheme, kind, headers);
        LicenseServiceException failure = (await run.Should().ThrowAsync<LicenseServiceException>()).Which;
        (failure + failure.Advice + failure.ProviderCode).Should().NotContain(Token, "no text holds a token");
        return failure;
    }

    public static TokenSource From(params string[] tokens)
    {
        int next = 0;
        return (_, _) => new(new Owner(Encoding.UTF8.GetBytes(tokens[Math.Min(next++, tokens.Length - 1)])));
    }

    /// <summary>A session that writes what PlayReady writes around its challenge.</summary>
    private sealed class PlayReadySession : ILicenseSession
    {
        public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
        {
            destination.Write(Encoding.UTF8.GetBytes($"<soap:Envelope>{(request.CustomData is { } custom ? $"<CustomData>{custom}</CustomData>" : "")}</soap:Envelope>"));
            Dictionary<string, string> headers = new() { ["SOAPAction"] = "\"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense\"" };
            return new(new ChallengeInfo { Kind = request.Kind, ContentType = "text/xml; charset=utf-8", Headers = headers });
        }

        public LicenseServiceException? ReadRefusal(LicenseAnswer answer) =>
            answer.Status == 500 && Encoding.UTF8.GetString(answer.Body).Contains("soap:Fault", StringComparison.Ordinal) ? new LicenseServiceException(LicenseErrorKind.DeviceRevoked, "a fault") : null;

        public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken) => new(LicenseOutcome.Complete);
    }

    private sealed class Secrets : ISecretReader
    {
        public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) => new(new Owner(Encoding.UTF8.GetBytes(name switch
        {
            "token" => Token + "\n",
            "other" => "AgAA-other_token",
            "url" => $"https://wv.service.expressplay.com/hms/wv/rights/?ExpressPlayToken={Token}\r\n",
            _ => throw new SecretException(name, "there is none"),
        })));
    }

    private sealed class Owner(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose() => Array.Clear(bytes);
    }

    private sealed class Wire(Func<Sent, int, Answer> answer) : HttpMessageHandler
    {
        private readonly List<Sent> _sent = [];

        public IReadOnlyList<Sent> Sent => _sent;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
            foreach (HttpHeaders? each in (HttpHeaders?[])[request.Headers, request.Content?.Headers])
            {
                if (each is null) continue;
                foreach ((string name, HeaderStringValues value) in each.NonValidated) headers[name] = value.ToString();
            }

            request.Headers.ExpectContinue.Should().NotBe(true);
            _sent.Add(new Sent(request.Method.Method, request.RequestUri!.AbsoluteUri, headers, request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken)));
            Answer said = answer(_sent[^1], _sent.Count);
            HttpResponseMessage response = new((HttpStatusCode)said.Status) { Content = new StringContent(said.Body) };
            response.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(said.Type);
            return response;
        }
    }
}

/// <summary>What the service received.</summary>
internal sealed record Sent(string Method, string Url, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public bool IsForToken => Url.StartsWith("https://shop.example/", StringComparison.Ordinal);
}

/// <summary>What the service answers.</summary>
internal sealed record Answer(string Body, int Status = 200, string Type = "application/octet-stream");
