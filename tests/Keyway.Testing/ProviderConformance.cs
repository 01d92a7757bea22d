using System.Globalization;
using System.Text;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Origins;
using static Keyway.Testing.ConformanceFinding;

namespace Keyway.Testing;

/// <summary>
/// What every licence provider promises, as checks that need no test framework: call <see cref="CheckAsync"/> once for each of <see cref="Promises"/>.
/// </summary>
/// <param name="create">Says what is tested; called once a check.</param>
public sealed class ProviderConformance(Func<ProviderUnderTest> create)
{
    private const string Stranger = "https://stranger.invalid/elsewhere";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly LicenseErrorKind[] OfTokens = [LicenseErrorKind.TokenMissing, LicenseErrorKind.TokenInvalid, LicenseErrorKind.TokenExpired, LicenseErrorKind.TokenReused, LicenseErrorKind.WrongEnvironment];

    private static readonly Dictionary<string, Func<ProviderUnderTest, Task>> Checks = new(StringComparer.Ordinal)
    {
        ["It has a name and lists its steps, and always the same"] = SaysItsStepsAsync,
        ["Without its settings it is made, or says in a sentence what is missing"] = SaysWhatIsMissingAsync,
        ["An exchange brings the licence as the key system expects it"] = BringsLicensesAsync,
        ["An exchange writes one challenge, and sends nothing when nothing was asked"] = WritesOneChallengeAsync,
        ["Requests go to origins that its configuration names, and to no other"] = StaysWithItsOriginsAsync,
        ["A redirect to another origin is refused, and nobody there is asked"] = RefusesStrangersAsync,
        ["A redirect that would change the request is not followed"] = RefusesOtherRedirectsAsync,
        ["A token is asked for once an exchange, and is sent"] = SendsTokensAsync,
        ["A token that the service refuses is asked for anew, and the challenge is written anew"] = RenewsTokensAsync,
        ["A token that is refused again and again ends the exchange, with a reason of tokens"] = GivesUpOnTokensAsync,
        ["What carries a token or a secret is masked where requests are shown"] = MasksRequestsAsync,
        ["Each refusal that the service documents has its reason and its code"] = KnowsRefusalsAsync,
        ["An answer that nobody knows is refused with LicenseServiceException"] = RefusesTheUnknownAsync,
        ["An answer of status 200 that makes no sense is handed on, or refused with LicenseServiceException"] = SurvivesNonsenseAsync,
        ["A refusal that repeats what it was told is reported without tokens, challenges and secrets"] = KeepsSecretsAsync,
        ["A service that cannot be reached is reported as such"] = ReportsTheNetworkAsync,
        ["A renewal and a release are sent, or refused with LicenseServiceException"] = TakesEveryKindAsync,
        ["An exchange that is cancelled ends, and sends nothing"] = CancelsAsync,
        ["Exchanges beside each other do not mix"] = KeepsExchangesApartAsync,
    };

    /// <summary>The promises, each a sentence.</summary>
    public static IReadOnlyCollection<string> Promises => Checks.Keys;

    /// <summary>Checks one promise on a fresh provider.</summary>
    /// <param name="promise">One of <see cref="Promises"/>.</param>
    /// <returns>A task that ends when the promise has been checked.</returns>
    /// <exception cref="ConformanceException">The provider does not keep it; the text says what was seen.</exception>
    public Task CheckAsync(string promise) => OfAsync(promise, async () =>
    {
        try
        {
            await Checks[promise](create()).WaitAsync(Patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new ConformanceFinding($"it has not come back after {Patience.TotalSeconds:0} s");
        }
        catch (Exception exception) when (exception is LicenseServiceException or SettingsException)
        {
            throw new ConformanceFinding($"it was refused: {exception.Message}");
        }
    });

    private static Task SaysItsStepsAsync(ProviderUnderTest subject)
    {
        using ProviderTrial one = new(subject);
        using ProviderTrial two = new(subject);
        Unless(!string.IsNullOrWhiteSpace(one.Provider.Name) && one.Provider.Name == two.Provider.Name, "it has no name, or another one each time");
        Unless(one.Service.Pipeline.Steps.SequenceEqual(two.Service.Pipeline.Steps), $"its steps are not the same each time: {one.Service.Pipeline.Describe()}, {two.Service.Pipeline.Describe()}");
        Unless(one.Service.Pipeline.Steps.Contains("challenge"), $"none of its steps writes the challenge: {one.Service.Pipeline.Describe()}");
        return Task.CompletedTask;
    }

    private static Task SaysWhatIsMissingAsync(ProviderUnderTest subject)
    {
        try
        {
            using ProviderTrial bare = new(subject, bare: true);
        }
        catch (Exception exception) when (exception is KeywayException or SettingsException)
        {
            Unless(exception.Message.Length > 0, "it refuses to be made, without a sentence");
        }
        catch (Exception exception) when (exception is not (ConformanceFinding or OutOfMemoryException))
        {
            throw new ConformanceFinding($"without settings it threw {PluginText.Of(exception)}");
        }

        return Task.CompletedTask;
    }

    private static async Task BringsLicensesAsync(ProviderUnderTest subject)
    {
        using ProviderTrial trial = new(subject);
        byte[] license = await trial.RunAsync().ConfigureAwait(false);
        Unless(trial.Sent.Count > 0, "nothing was sent");
        Unless(license.AsSpan().SequenceEqual(subject.License.Span), string.Create(CultureInfo.InvariantCulture, $"{license.Length} bytes came out of its steps, and they are not the licence ({subject.License.Length} bytes)"));
    }

    private static async Task WritesOneChallengeAsync(ProviderUnderTest subject)
    {
        using ProviderTrial trial = new(subject);
        Unless(trial.Sent.Count == 0, "it sends requests when it is made");
        await trial.RunAsync().ConfigureAwait(false);
        Unless(trial.Challenges.Count == 1, string.Create(CultureInfo.InvariantCulture, $"{trial.Challenges.Count} challenges were written for one exchange"));
        Unless(trial.Sent.All(static request => request.Method is "POST" or "GET" or "PUT"), "a request has a method that is none of POST, GET and PUT");
    }

    private static async Task StaysWithItsOriginsAsync(ProviderUnderTest subject)
    {
        using ProviderTrial trial = new(subject);
        await trial.RunAsync().ConfigureAwait(false);
        HashSet<Origin> named = [.. subject.Settings.Values.Where(static value => Uri.TryCreate(value, UriKind.Absolute, out Uri? url) && (url.Scheme is "https" or "http")).Select(static value => Origin.Of(new Uri(value)))];
        foreach (ProviderRequest request in trial.Sent) Unless(trial.Service.Origins.Contains(request.Url) || named.Contains(Origin.Of(request.Url)), $"a request went to {Origin.Of(request.Url)}, which its configuration does not name");
    }

    private static async Task RefusesStrangersAsync(ProviderUnderTest subject)
    {
        foreach (int status in (int[])[307, 308])
        {
            int moved = status;
            using ProviderTrial trial = new(subject, (_, _) => new ProviderAnswer(default, moved) { Headers = new Dictionary<string, string> { ["Location"] = Stranger } });
            LicenseServiceException? refusal = await RefusalAsync(() => trial.RunAsync(), $"a redirect ({status}) to another origin").ConfigureAwait(false);
            Unless(refusal is not null, "a redirect to another origin is followed");
            Unless(trial.Sent.All(static request => request.Url.Host != "stranger.invalid"), "a redirect to another origin is followed, with all that the request carries");
        }
    }

    private static async Task RefusesOtherRedirectsAsync(ProviderUnderTest subject)
    {
        foreach (int status in (int[])[301, 302, 303])
        {
            int moved = status;
            using ProviderTrial trial = new(subject, (request, _) => new ProviderAnswer(default, moved) { Headers = new Dictionary<string, string> { ["Location"] = new Uri(request.Url, "/moved").AbsoluteUri } });
            LicenseServiceException? refusal = await RefusalAsync(() => trial.RunAsync(), $"status {status}").ConfigureAwait(false);
            Unless(refusal is not null, $"status {status} is taken for a licence");
            Unless(trial.Sent.All(static request => request.Url.AbsolutePath != "/moved"), $"status {status} is followed");
        }
    }

    private static async Task SendsTokensAsync(ProviderUnderTest subject)
    {
        if (!subject.TakesTokens) return;
        using ProviderTrial trial = new(subject);
        await trial.RunAsync().ConfigureAwait(false);
        Unless(trial.Tokens.Count == 1, string.Create(CultureInfo.InvariantCulture, $"{trial.Tokens.Count} tokens were asked for in one exchange"));
        Unless(trial.Tokens.Single().Reason == TokenReason.First, $"the first token is asked for because of {trial.Tokens.Single().Reason}");
        Unless(trial.Sent.Any(request => ProviderTrial.Carries(request, trial.Tokens.Single().Token)), "no request carries the token");
    }

    private static async Task RenewsTokensAsync(ProviderUnderTest subject)
    {
        if (subject.TokenRefused is not { } refused || !subject.TakesTokens) return;
        ProviderTrial? trial = null;
        using (trial = new ProviderTrial(subject, (request, _) => trial!.Tokens.Count < 2 && trial.Tokens.Any(token => ProviderTrial.Carries(request, token.Token)) ? refused : trial!.Grant(request)))
        {
            byte[] license = await trial.RunAsync().ConfigureAwait(false);
            Unless(license.AsSpan().SequenceEqual(subject.License.Span), "after a token was refused once, what comes is not the licence");
            (string Token, TokenReason Reason)[] tokens = [.. trial.Tokens];
            Unless(tokens is [(_, TokenReason.First), (_, TokenReason.Rejected)], $"tokens were asked for because of {string.Join(", ", tokens.Select(static token => token.Reason))}");
            Unless(trial.Challenges.Count == 2, string.Create(CultureInfo.InvariantCulture, $"{trial.Challenges.Count} challenges were written, and not one for each token"));
            Unless(ProviderTrial.Carries(trial.Sent[^1], tokens[1].Token) || trial.Sent.Any(request => ProviderTrial.Carries(request, tokens[1].Token)), "no request carries the new token");
            Unless(!ProviderTrial.Carries(trial.Sent[^1], tokens[0].Token), "the last request carries the refused token still");
        }
    }

    private static async Task GivesUpOnTokensAsync(ProviderUnderTest subject)
    {
        if (subject.TokenRefused is not { } refused || !subject.TakesTokens) return;
        using ProviderTrial trial = new(subject, (_, _) => refused);
        LicenseServiceException? refusal = await RefusalAsync(() => trial.RunAsync(), "a token that is refused each time").ConfigureAwait(false);
        Unless(refusal is not null && OfTokens.Contains(refusal.Kind), $"a token that is refused each time is reported as {refusal?.Kind.ToString() ?? "a licence"}");
        Unless(trial.Sent.Count <= 4, string.Create(CultureInfo.InvariantCulture, $"{trial.Sent.Count} requests were sent with tokens that are refused each time"));
    }

    private static async Task MasksRequestsAsync(ProviderUnderTest subject)
    {
        using ProviderTrial trial = new(subject);
        await trial.RunAsync().ConfigureAwait(false);
        LeakScan scan = Planted(trial);
        foreach (ProviderRequest request in trial.Sent) scan.Add("a request as it is shown", trial.Service.Pipeline.Redactor.Describe(new LicenseRequest { Url = request.Url, Method = request.Method, Headers = request.Headers }));
        Report(scan);
    }

    private static async Task KnowsRefusalsAsync(ProviderUnderTest subject)
    {
        foreach (ProviderRefusal expected in subject.Refusals)
        {
            using ProviderTrial trial = new(subject, (_, _) => expected.Answer);
            string what = string.Create(CultureInfo.InvariantCulture, $"the refusal of status {expected.Answer.Status}, which means {expected.Kind}{(expected.Code is { } code ? $" ({code})" : "")}");
            LicenseServiceException? refusal = await RefusalAsync(() => trial.RunAsync(), what).ConfigureAwait(false);
            Unless(refusal is not null, $"{what}, is taken for a licence");
            Unless(refusal!.Kind == expected.Kind, $"{what}, is reported as {refusal.Kind}");
            Unless(expected.Code is null || refusal.ProviderCode == expected.Code, $"{what}, is reported with the code '{refusal.ProviderCode}'");
        }
    }

    private static async Task RefusesTheUnknownAsync(ProviderUnderTest subject)
    {
        foreach (int status in (int[])[400, 401, 403, 404, 418, 429, 500, 502, 503])
        {
            foreach (byte[] body in Nonsense())
            {
                using ProviderTrial trial = new(subject, (_, _) => new ProviderAnswer(body, status, "text/html"));
                LicenseServiceException? refusal = await RefusalAsync(() => trial.RunAsync(), string.Create(CultureInfo.InvariantCulture, $"{body.Length} bytes of nonsense under status {status}")).ConfigureAwait(false);
                Unless(refusal is not null, $"status {status} is taken for a licence");
                Unless(Enum.IsDefined(refusal!.Kind), $"status {status} is reported as {refusal.Kind}, which is no reason");
            }
        }
    }

    private static async Task SurvivesNonsenseAsync(ProviderUnderTest subject)
    {
        foreach (byte[] body in Nonsense())
        {
            using ProviderTrial trial = new(subject, (_, _) => new ProviderAnswer(body));
            await RefusalAsync(() => trial.RunAsync(), string.Create(CultureInfo.InvariantCulture, $"{body.Length} bytes of nonsense under status 200")).ConfigureAwait(false);
        }
    }

    private static async Task KeepsSecretsAsync(ProviderUnderTest subject)
    {
        foreach (int status in (int[])[400, 403, 500])
        {
            using ProviderTrial trial = new(subject, (request, _) => new ProviderAnswer(Repeat(request), status, "text/plain"));
            LicenseServiceException? refusal = await RefusalAsync(() => trial.RunAsync(), "a refusal that repeats its request").ConfigureAwait(false);
            Unless(refusal is not null, $"status {status} is taken for a licence");
            LeakScan scan = Planted(trial);
            foreach (string challenge in trial.Challenges) scan.Plant("a challenge", challenge["conformance ".Length..]);
            scan.Add("the refusal", refusal!);
            scan.Add("its advice", refusal!.Advice);
            scan.Add("its code", refusal.ProviderCode);
            Report(scan);
        }

        static byte[] Repeat(ProviderRequest request) =>
            Encoding.UTF8.GetBytes($"cannot serve {request.Url.AbsoluteUri} with {string.Join(", ", request.Headers.Select(static header => $"{header.Key}: {header.Value}"))} and {Encoding.UTF8.GetString(request.Body.Span)}");
    }

    private static async Task ReportsTheNetworkAsync(ProviderUnderTest subject)
    {
        using ProviderTrial trial = new(subject, static (_, _) => throw new HttpRequestException("no route to host"));
        LicenseServiceException? refusal = await RefusalAsync(() => trial.RunAsync(), "a service that cannot be reached").ConfigureAwait(false);
        Unless(refusal?.Kind == LicenseErrorKind.Network, $"a service that cannot be reached is reported as {refusal?.Kind.ToString() ?? "a licence"}");
    }

    private static async Task TakesEveryKindAsync(ProviderUnderTest subject)
    {
        foreach (ChallengeKind kind in (ChallengeKind[])[ChallengeKind.Renewal, ChallengeKind.Release, ChallengeKind.ServerCertificate, ChallengeKind.Individualization])
        {
            using ProviderTrial trial = new(subject);
            await RefusalAsync(() => trial.RunAsync(kind), $"an exchange for {kind}").ConfigureAwait(false);
        }
    }

    private static async Task CancelsAsync(ProviderUnderTest subject)
    {
        using ProviderTrial trial = new(subject);
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync().ConfigureAwait(false);
        try
        {
            await trial.RunAsync(cancellationToken: cancelled.Token).ConfigureAwait(false);
            throw new ConformanceFinding("an exchange that was cancelled brings a licence");
        }
        catch (Exception exception) when (exception is OperationCanceledException or LicenseServiceException)
        {
            // It noticed.
        }

        Unless(trial.Sent.All(static request => request.Body.IsEmpty), "an exchange that was cancelled sends its challenge");
    }

    private static async Task KeepsExchangesApartAsync(ProviderUnderTest subject)
    {
        using ProviderTrial trial = new(subject);
        byte[][] licenses = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() => trial.RunAsync()))).ConfigureAwait(false);
        Unless(licenses.All(license => license.AsSpan().SequenceEqual(subject.License.Span)), "of eight exchanges at once one brings something else than the licence");
        foreach (ProviderRequest request in trial.Sent)
        {
            Unless(trial.Challenges.Count(challenge => ProviderTrial.Carries(request, challenge)) <= 1, "a request carries the challenges of two exchanges");
            Unless(trial.Tokens.Count(token => ProviderTrial.Carries(request, token.Token)) <= 1, "a request carries the tokens of two exchanges");
        }
    }

    private static async Task<LicenseServiceException?> RefusalAsync(Func<Task> call, string what) => await KeySystemTrial.RefusalAsync(call, what).ConfigureAwait(false);

    private static LeakScan Planted(ProviderTrial trial)
    {
        LeakScan scan = new();
        foreach ((string token, _) in trial.Tokens) scan.Plant("a token", token);
        foreach ((string name, string secret) in trial.Subject.Secrets) scan.Plant($"the secret '{name}'", secret);
        return scan;
    }

    private static void Report(LeakScan scan)
    {
        IReadOnlyList<Leak> leaks = scan.Find();
        Unless(leaks.Count == 0, leaks.Count == 0 ? "" : $"{leaks[0].Secret} is in {leaks[0].Place}, {leaks[0].Form}");
    }

    private static IEnumerable<byte[]> Nonsense() =>
    [
        [], [0], "{"u8.ToArray(), "{}"u8.ToArray(), "[[[["u8.ToArray(), "null"u8.ToArray(), """{"error":{"code":{}},"errorCode":[],"message":1}"""u8.ToArray(), "<html><body>Bad gateway</body></html>"u8.ToArray(), "<a><b/>"u8.ToArray(),
        [0xff, 0xfe, 0xfd], [.. Enumerable.Repeat((byte)'a', 100_000)],
    ];
}
