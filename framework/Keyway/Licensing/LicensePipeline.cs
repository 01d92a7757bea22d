using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Tokens;

namespace Keyway.Licensing;

/// <summary>
/// The way of a provider's exchanges: one list of steps in one order, outermost first, built and frozen when configuration is read.
/// </summary>
/// <remarks>Threads: any, several exchanges at once.</remarks>
public sealed class LicensePipeline
{
    private readonly LicenseHandler _chain;

    private readonly TokenSources? _tokens;

    internal LicensePipeline(string provider, IReadOnlyList<string> steps, IReadOnlyCollection<string> secretMembers, LicenseHandler chain, TokenSources? tokens = null)
    {
        _tokens = tokens;
        Provider = provider;
        Steps = steps;
        Redactor = new Redactor(secretMembers);
        _chain = chain;
    }

    /// <summary>The provider's name.</summary>
    public string Provider { get; }

    /// <summary>The names of the steps, outermost first; the last is <c>transport</c>.</summary>
    public IReadOnlyList<string> Steps { get; }

    /// <summary>Masks what the steps treat as secret.</summary>
    public Redactor Redactor { get; }

    /// <summary>How many tokens it has used; <see langword="null"/> where it has no step <c>token</c>.</summary>
    public TokenUse? Tokens => _tokens?.Use;

    /// <summary>The pipeline in one line: <c>acme: retry → header → token → challenge → timeout → transport</c>.</summary>
    /// <returns>The line.</returns>
    public string Describe() => $"{Provider}: {string.Join(" → ", Steps)}";

    /// <summary>Runs one exchange with a session: for tests of providers and steps.</summary>
    /// <param name="exchange">The exchange. Its answer's body is not kept: use <paramref name="read"/>.</param>
    /// <param name="session">The session that writes the challenge.</param>
    /// <param name="trusted">The origins that the exchange may go to, besides that of its request.</param>
    /// <param name="read">Called with the exchange while the answer's body is valid.</param>
    /// <param name="cancellationToken">Cancels the exchange.</param>
    /// <returns>A task that ends when the answer has been read; every buffer is cleared then.</returns>
    /// <exception cref="LicenseServiceException">The exchange has failed.</exception>
    public async ValueTask RunAsync(
        LicenseExchange exchange, ILicenseSession session, TrustedOrigins trusted, Action<LicenseExchange> read, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(read);
        OriginRule rule = OriginRule.Listed(exchange.Provider, trusted, exchange.Request.Url);
        using ExchangeRun run = ExchangeRun.Begin(exchange, new DirectSource(session), rule, redactor: Redactor);
        await RunAsync(exchange, cancellationToken).ConfigureAwait(false);
        read(exchange);
    }

    /// <summary>Runs an exchange that a run has begun for.</summary>
    internal ValueTask RunAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (ExchangeRun.Find(exchange) is { } run) run.Steps = Steps;
        return _chain(exchange, cancellationToken);
    }

    /// <summary>A session without the engine around it.</summary>
    internal sealed class DirectSource(ILicenseSession session) : IChallengeSource
    {
        public ValueTask<ChallengeInfo> WriteAsync(ChallengeRequest request, SecretBuffer destination, CancellationToken cancellationToken) =>
            session.WriteChallengeAsync(request, destination, cancellationToken);

        public ValueTask<LicenseServiceException?> ReadRefusalAsync(LicenseAnswer answer, CancellationToken cancellationToken) =>
            new(session.ReadRefusal(answer));
    }
}
