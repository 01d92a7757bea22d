using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Keyway.Licensing;

/// <summary>The request line and headers of one licence request. The body is the exchange's.</summary>
public sealed record LicenseRequest
{
    /// <summary>Where it goes. Absolute.</summary>
    public required Uri Url { get; init; }

    /// <summary>The HTTP method.</summary>
    /// <value><c>POST</c>.</value>
    public string Method { get; init; } = "POST";

    /// <summary>The media type of the body, if it has one.</summary>
    public string? ContentType { get; init; }

    /// <summary>Headers to send.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = FrozenDictionary<string, string>.Empty;

    // Steps put tokens into headers and into the query: no text holds them.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(Method)} = {Method}, {nameof(Url)} = {(Url.IsAbsoluteUri ? Url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : "")}");
        return true;
    }
}

/// <summary>Why a token is asked for.</summary>
public enum TokenReason
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>The exchange has none yet.</summary>
    First,

    /// <summary>The service said that the last one is bad or too old.</summary>
    Rejected,
}

/// <summary>What an application is told when it is asked for a token.</summary>
public sealed record TokenRequest
{
    /// <summary>The keys that the licence is for.</summary>
    public required IReadOnlyList<KeyId> KeyIds { get; init; }

    /// <summary>The key system.</summary>
    public required string KeySystem { get; init; }

    /// <summary>Why it is asked for.</summary>
    public required TokenReason Reason { get; init; }
}

/// <summary>The application's own source of tokens.</summary>
/// <param name="request">What the token is for.</param>
/// <param name="cancellationToken">Cancels the call.</param>
/// <returns>The token, UTF-8. Ownership: the framework's, which disposes it.</returns>
public delegate ValueTask<IMemoryOwner<byte>> TokenSource(TokenRequest request, CancellationToken cancellationToken);

/// <summary>One exchange with a licence service, as the steps of a pipeline see it.</summary>
/// <remarks>Threads: one step at a time. Ownership: the framework's; valid while the pipeline runs.</remarks>
public sealed class LicenseExchange
{
    /// <summary>The session.</summary>
    public required SessionId Session { get; init; }

    /// <summary>The name of the key system.</summary>
    public required string KeySystem { get; init; }

    /// <summary>The name of the provider.</summary>
    public required string Provider { get; init; }

    /// <summary>The keys that are asked for.</summary>
    public required IReadOnlyList<KeyId> KeyIds { get; init; }

    /// <summary>
    /// The caller's values, and <c>contentId</c>, <c>sessionId</c>, <c>scheme</c> (<c>cenc</c>, <c>cbcs</c>) and <c>la_url</c> (what content names), where
    /// they are known: what templates may name.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Values { get; init; }

    /// <summary>The application's source of tokens, if it gave one.</summary>
    public TokenSource? Tokens { get; init; }

    /// <summary>Which attempt this is: 0 for the first. The step <c>retry</c> counts.</summary>
    public int Attempt { get; set; }

    /// <summary>What the exchange is for. The step <c>challenge</c> sets it to what was really written.</summary>
    public ChallengeKind Kind { get; set; }

    /// <summary>Data that the challenge itself carries. Read by the step <c>challenge</c>. A secret.</summary>
    public string? CustomData { get; set; }

    /// <summary>The request. Steps replace it with a changed copy.</summary>
    public required LicenseRequest Request { get; set; }

    /// <summary>The body to send. Written by the step <c>challenge</c>; later steps may wrap it. A secret.</summary>
    public ReadOnlySequence<byte> Body { get; set; }

    /// <summary>The answer, once there is one. Steps may unwrap it.</summary>
    public LicenseAnswer? Answer { get; set; }

    /// <summary>What the engine's own steps need for it, while it runs: the session behind the challenge, the rule of origins, the buffers to clear.</summary>
    internal object? Run { get; set; }
}

/// <summary>A step of a pipeline, bound to what follows it.</summary>
/// <param name="exchange">The exchange.</param>
/// <param name="cancellationToken">Cancels the exchange.</param>
/// <returns>A task that ends when the rest of the pipeline has run.</returns>
public delegate ValueTask LicenseHandler(LicenseExchange exchange, CancellationToken cancellationToken);

/// <summary>One step of a licence pipeline.</summary>
/// <remarks>
/// A step that calls <c>next</c> again first restores the <see cref="LicenseExchange.Request"/> that it was given, so that nothing is added
/// twice. Threads: several exchanges may run through one step at once; what belongs to an exchange lives in the exchange.
/// </remarks>
public interface ILicenseMiddleware
{
    /// <summary>Names of headers and query members that hold secrets, for the redactor.</summary>
    IReadOnlyCollection<string> SecretMembers => [];

    /// <summary>Does the step's work before and after the rest of the pipeline.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="next">The rest of the pipeline.</param>
    /// <param name="cancellationToken">Cancels the exchange.</param>
    /// <returns>A task that ends when the rest of the pipeline has run.</returns>
    /// <exception cref="LicenseServiceException">The exchange has failed.</exception>
    ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken);
}

/// <summary>A step that changes the request and then lets the rest run.</summary>
public abstract class LicenseRequestDecorator : ILicenseMiddleware
{
    /// <summary>Changes the request.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="cancellationToken">Cancels the exchange.</param>
    /// <returns>A task that ends when the request is as it should be.</returns>
    public abstract ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public virtual IReadOnlyCollection<string> SecretMembers => [];

    async ValueTask ILicenseMiddleware.InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(next);
        await DecorateAsync(exchange, cancellationToken).ConfigureAwait(false);
        await next(exchange, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>A step that lets the rest run and then changes the answer.</summary>
public abstract class LicenseResponseTransform : ILicenseMiddleware
{
    /// <summary>Changes the answer.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="cancellationToken">Cancels the exchange.</param>
    /// <returns>A task that ends when the answer is as it should be.</returns>
    public abstract ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public virtual IReadOnlyCollection<string> SecretMembers => [];

    async ValueTask ILicenseMiddleware.InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(next);
        await next(exchange, cancellationToken).ConfigureAwait(false);
        await TransformAsync(exchange, cancellationToken).ConfigureAwait(false);
    }
}
