using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Plugins;

namespace Keyway.Testing;

/// <summary>A provider under test over the real transport, its service in the place of the network, and a session that writes what can be found again.</summary>
internal sealed class ProviderTrial : IDisposable
{
    private readonly Wire _wire;
    private readonly HttpMessageInvoker _http;
    private int _tokens;
    private int _challenges;

    public ProviderTrial(ProviderUnderTest subject, Func<ProviderRequest, int, ProviderAnswer>? answer = null, bool bare = false)
    {
        Subject = subject;
        _wire = new Wire(answer ?? ((request, _) => Grant(request)));
        _http = new HttpMessageInvoker(_wire);
        // What an entry is when nothing is set is its name alone.
        TestSettings entry = new("Keyway:Providers:tested", subject.Settings.Where(_ => !bare).ToDictionary(static setting => $"Keyway:Providers:tested:{setting.Key}", static setting => setting.Value, StringComparer.OrdinalIgnoreCase));
        StepContext context = new() { Secrets = new TrialSecrets(subject.Secrets), Clock = new HurriedClock() };
        Provider = subject.Create(entry);
        Service = LicenseService.Read(entry, Provider, new LicenseSteps(), context, new HttpLicenseTransport(_http));
    }

    public ProviderUnderTest Subject { get; }

    public ILicenseProvider Provider { get; }

    public LicenseService Service { get; }

    /// <summary>What was sent, in order.</summary>
    public IReadOnlyList<ProviderRequest> Sent => [.. _wire.Sent];

    /// <summary>The tokens that the application was asked for, with why.</summary>
    public ConcurrentQueue<(string Token, TokenReason Reason)> Tokens { get; } = [];

    /// <summary>The challenges that were written.</summary>
    public ConcurrentQueue<string> Challenges { get; } = [];

    public ProviderAnswer Grant(ProviderRequest request) => Subject.Answer?.Invoke(request) ?? new ProviderAnswer(Subject.License);

    /// <summary>Runs one exchange.</summary>
    /// <returns>What comes out of the provider's steps.</returns>
    public async Task<byte[]> RunAsync(ChallengeKind kind = ChallengeKind.License, CancellationToken cancellationToken = default)
    {
        KeyId id = new((UInt128)Interlocked.Increment(ref _challenges));
        LicenseExchange exchange = new()
        {
            Session = SessionId.Create(),
            KeySystem = Subject.KeySystem,
            Provider = "tested",
            KeyIds = [id],
            Values = Subject.Values,
            Tokens = Subject.TakesTokens ? Token : null,
            Kind = kind,
            Request = new LicenseRequest { Url = new Uri("https://nowhere.invalid/") },
        };
        byte[] license = [];
        await Service.RunAsync(exchange, new Session(this, id), null, done => license = done.Answer!.Body.ToArray(), cancellationToken).ConfigureAwait(false);
        return license;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Whether a request carries a text anywhere, also escaped or in base64.</summary>
    public static bool Carries(ProviderRequest request, string text)
    {
        string all = string.Join('\n', [request.Url.AbsoluteUri, Uri.UnescapeDataString(request.Url.AbsoluteUri), .. request.Headers.Values, Encoding.UTF8.GetString(request.Body.Span)]);
        string encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=');
        // The last digits of base64 depend on what follows.
        return all.Contains(text, StringComparison.Ordinal) || all.Contains(encoded[..^1], StringComparison.Ordinal);
    }

    private ValueTask<IMemoryOwner<byte>> Token(TokenRequest request, CancellationToken cancellationToken)
    {
        string token = string.Create(CultureInfo.InvariantCulture, $"conformance-token-{Interlocked.Increment(ref _tokens)}-Zq8wLx3VtN");
        Tokens.Enqueue((token, request.Reason));
        return new(new Owner(Encoding.UTF8.GetBytes(token)));
    }

    /// <summary>Writes a challenge that nobody else writes.</summary>
    private sealed class Session(ProviderTrial trial, KeyId id) : ILicenseSession
    {
        private int _written;

        public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
        {
            string challenge = string.Create(CultureInfo.InvariantCulture, $"conformance challenge {id} {++_written} for {request.Kind}{(request.CustomData is { } custom ? $" [{custom}]" : "")}");
            trial.Challenges.Enqueue(challenge);
            destination.Write(Encoding.UTF8.GetBytes(challenge));
            return new(new ChallengeInfo { Kind = request.Kind });
        }

        public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken) => new(LicenseOutcome.Complete);
    }

    private sealed class TrialSecrets(IReadOnlyDictionary<string, string> secrets) : ISecretReader
    {
        public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) => secrets.TryGetValue(name, out string? secret)
            ? new(new Owner(Encoding.UTF8.GetBytes(secret)))
            : throw new SecretException(name, "the suite was not told of it");
    }

    private sealed class Owner(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose() => Array.Clear(bytes);
    }

    private sealed class Wire(Func<ProviderRequest, int, ProviderAnswer> answer) : HttpMessageHandler
    {
        private int _count;

        public ConcurrentQueue<ProviderRequest> Sent { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
            foreach (HttpHeaders? each in (HttpHeaders?[])[request.Headers, request.Content?.Headers])
            {
                if (each is null) continue;
                foreach ((string name, HeaderStringValues value) in each.NonValidated) headers[name] = value.ToString();
            }

            ProviderRequest received = new()
            {
                Method = request.Method.Method,
                Url = request.RequestUri!,
                Headers = headers,
                Body = request.Content is null ? default : await request.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false),
            };
            Sent.Enqueue(received);
            ProviderAnswer said = answer(received, Interlocked.Increment(ref _count));
            HttpResponseMessage response = new((HttpStatusCode)said.Status) { Content = new ByteArrayContent(said.Body.ToArray()) };
            response.Content.Headers.TryAddWithoutValidation("Content-Type", said.ContentType);
            foreach ((string name, string value) in said.Headers) response.Headers.TryAddWithoutValidation(name, value);
            return response;
        }
    }

    /// <summary>The machine's clock, by which short waits are over at once: those between attempts. Time-outs are longer.</summary>
    private sealed class HurriedClock : TimeProvider
    {
        private static readonly TimeSpan Short = TimeSpan.FromSeconds(4);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero && dueTime < Short ? TimeSpan.Zero : dueTime, period);
    }
}
