using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway.Licensing.Packs;

/// <summary>A provider made of a pack, over the real transport, and a service that a test speaks for.</summary>
internal sealed class PackBench
{
    /// <summary>A challenge with a byte of every kind: what wraps it must not care.</summary>
    public static readonly byte[] Challenge = [0x08, 0x04, 0x00, 0xff, 0x7f, 0x2b, 0x3e, 0xfb];

    public static readonly byte[] License = [0x08, 0x02, 0xfa, 0x00, 0xce, 0x0a];

    private readonly LicenseService _service;

    public PackBench(string packOrJson, Func<Sent, int, Answer> answer, params (string Path, string Value)[] settings)
        : this(packOrJson, answer, null, settings)
    {
    }

    public PackBench(string packOrJson, Func<Sent, int, Answer> answer, TimeProvider? clock, params (string Path, string Value)[] settings)
    {
        Wire = new Wire(answer);
        ProviderPack? pack = packOrJson.Length == 0 ? null : packOrJson.StartsWith('{') ? Read(packOrJson) : BuiltInPacks.Find(packOrJson)!;
        StepContext context = Settings.Context(clock, ("viewer-token", Token), ("second-token", "s3cond.t0ken-of-the-other_key"), ("code", "c0de-of-the-account"));
        _service = LicenseService.Read(Settings.Section("Providers:acme", settings), null, new LicenseSteps(), context, new HttpLicenseTransport(new HttpMessageInvoker(Wire)), pack);
    }

    /// <summary>A provider made of steps that configuration names.</summary>
    public static PackBench OfSteps(Func<Sent, int, Answer> answer, params (string Path, string Value)[] settings) => new("", answer, settings);

    /// <summary>The token that the secret <c>viewer-token</c> holds.</summary>
    public static string Token => "t0k.en-of_the=viewer";

    public Wire Wire { get; }

    public LicensePipeline Pipeline => _service.Pipeline;

    public LicenseService Service => _service;

    public static ProviderPack Read(string json) => ProviderPack.Read(Encoding.UTF8.GetBytes(json), "acme.json");

    /// <summary>The mistakes of a pack.</summary>
    public static string[] Mistakes(string json)
    {
        try
        {
            Read(json);
            return [];
        }
        catch (SettingsException exception)
        {
            return [.. exception.Errors.Select(static error => error.ToString())];
        }
    }

    /// <summary>The mistakes of a host's settings for a pack.</summary>
    public static string[] SettingMistakes(string packOrJson, params (string Path, string Value)[] settings)
    {
        try
        {
            _ = new PackBench(packOrJson, static (_, _) => Answer.Bytes(License), settings);
            return [];
        }
        catch (SettingsException exception)
        {
            return [.. exception.Errors.Select(static error => error.ToString())];
        }
    }

    /// <summary>Runs an exchange and returns the licence as the key system would get it.</summary>
    public async Task<byte[]> RunAsync(
        string keySystem, ChallengeKind kind = ChallengeKind.License, Uri? caller = null, Dictionary<string, string>? values = null, TokenSource? tokens = null,
        LicenseUrlHint[]? content = null, Func<LicenseAnswer, LicenseServiceException?>? refused = null, int kid = 1, Uri? message = null, List<Uri>? chosen = null)
    {
        KeySystemDescriptor descriptor = new() { Name = keySystem, Systems = [FakeKeySystem.System] };
        LicenseTarget target = LicenseTarget.Resolve(caller, _service, descriptor, content ?? []);
        LicenseExchange exchange = new()
        {
            Session = SessionId.Create(),
            KeySystem = keySystem,
            Provider = "acme",
            KeyIds = [Bench.Kid(kid)],
            Values = values ?? [],
            Tokens = tokens,
            Kind = kind,
            Request = new LicenseRequest { Url = target.Url },
        };
        Source source = new(keySystem, refused) { Message = message };
        Sources.Add(source);
        using ExchangeRun run = ExchangeRun.Begin(exchange, source, target.Rule, null, new LicenseUrlCandidates(caller, content ?? []), uri => chosen?.Add(uri));
        await _service.Pipeline.RunAsync(exchange, CancellationToken.None);
        return exchange.Answer!.Body.ToArray();
    }

    public async Task<LicenseServiceException> FailsAsync(
        string keySystem, ChallengeKind kind = ChallengeKind.License, Uri? caller = null, Dictionary<string, string>? values = null, TokenSource? tokens = null,
        LicenseUrlHint[]? content = null, Func<LicenseAnswer, LicenseServiceException?>? refused = null, Uri? message = null)
    {
        Func<Task> run = () => RunAsync(keySystem, kind, caller, values, tokens, content, refused, message: message);
        LicenseServiceException failure = (await run.Should().ThrowAsync<LicenseServiceException>()).Which;
        failure.ToString().Should().NotContain(Token, "no text holds a token");
        return failure;
    }

    /// <summary>The challenges that were written, in order.</summary>
    public List<Source> Sources { get; } = [];

    internal sealed class Source(string keySystem, Func<LicenseAnswer, LicenseServiceException?>? refused) : IChallengeSource
    {
        public List<ChallengeRequest> Written { get; } = [];

        public Uri? Message { get; init; }

        public ValueTask<ChallengeInfo> WriteAsync(ChallengeRequest request, SecretBuffer destination, CancellationToken cancellationToken)
        {
            Written.Add(request);
            destination.Write(Challenge);
            return new(keySystem == "playready"
                ? new ChallengeInfo { Kind = request.Kind, ContentType = "text/xml; charset=utf-8", Headers = new Dictionary<string, string> { ["SOAPAction"] = "\"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense\"" }, Url = Message }
                : new ChallengeInfo { Kind = request.Kind, Url = Message });
        }

        public ValueTask<LicenseServiceException?> ReadRefusalAsync(LicenseAnswer answer, CancellationToken cancellationToken) => new(refused?.Invoke(answer));
    }
}

/// <summary>What a service received.</summary>
internal sealed record Sent(string Method, string Url, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>What a service answers.</summary>
internal sealed record Answer(int Status, string? Type, byte[] Body, params (string Name, string Value)[] Headers)
{
    public static Answer Bytes(byte[] body) => new(200, "application/octet-stream", body);

    public static Answer Json(string json, int status = 200) => new(status, "application/json", Encoding.UTF8.GetBytes(json));

    public static Answer Text(string text, int status = 200, string type = "text/plain") => new(status, type, Encoding.UTF8.GetBytes(text));
}

/// <summary>The place of the network: it keeps what was sent and answers as the test says.</summary>
internal sealed class Wire(Func<Sent, int, Answer> answer) : HttpMessageHandler
{
    private readonly List<Sent> _sent = [];

    public IReadOnlyList<Sent> Sent
    {
        get
        {
            lock (_sent) return [.. _sent];
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        byte[] body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated) headers[name] = values.ToString();
        if (request.Content is not null)
            foreach ((string name, HeaderStringValues values) in request.Content.Headers.NonValidated) headers[name] = values.ToString();
        Sent sent = new(request.Method.Method, request.RequestUri!.AbsoluteUri, headers, body);
        int count;
        lock (_sent)
        {
            _sent.Add(sent);
            count = _sent.Count;
        }

        Answer said = answer(sent, count);
        HttpResponseMessage response = new((HttpStatusCode)said.Status) { Content = new ByteArrayContent(said.Body) };
        if (said.Type is not null) response.Content.Headers.TryAddWithoutValidation("Content-Type", said.Type);
        foreach ((string name, string value) in said.Headers) response.Headers.TryAddWithoutValidation(name, value);
        return response;
    }
}
