using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Transport;

/// <summary>
/// Carries licence requests over HTTP. Every send is a fresh request. Of redirects only 307 and 308 are followed, at most five, with method and body
/// kept and every hop under the exchange's rule of origins. An answer is at most 1 MiB, also when it was compressed.
/// </summary>
/// <param name="invoker">
/// The host's way to HTTP. Ownership: the caller's. Its handler must not follow redirects, keep cookies or decompress: see <see cref="CreateHandler"/>.
/// </param>
/// <remarks>Threads: any.</remarks>
public sealed class HttpLicenseTransport(HttpMessageInvoker invoker) : ILicenseTransport
{
    /// <summary>The longest answer that is read, in bytes.</summary>
    public const int MaximumAnswer = LicenseLimits.AnswerBytes;

    /// <summary>How many redirects are followed.</summary>
    public const int MaximumHops = LicenseLimits.Redirects;

    /// <summary>
    /// Set on requests that go where content said: the handler lets these connect to public addresses only (<c>ConnectCallback</c>).
    /// </summary>
    public static readonly HttpRequestOptionsKey<bool> Untrusted = new("Keyway.Untrusted");

    /// <summary>Set beside <see cref="Untrusted"/>: the host that the content came from, which may be named by it even where its address is private.</summary>
    public static readonly HttpRequestOptionsKey<string?> ContentHost = new("Keyway.ContentHost");

    /// <summary>Makes a handler as this transport needs it.</summary>
    /// <returns>
    /// The handler; the host may add a proxy, a client certificate or a <c>ConnectCallback</c>. Its <c>PlaintextStreamFilter</c> keeps answers out of the library's
    /// own buffers, and is slow with media: a host that fetches content with it takes the filter away.
    /// </returns>
    public static SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        // The application's trace and its baggage are nobody's business out there.
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        // Keys of ClearKey are in an answer as they are, and the library never clears what it read.
        PlaintextStreamFilter = static (context, _) => new ValueTask<Stream>(new HeadFirstStream(context.PlaintextStream)),
    };

    /// <inheritdoc/>
    public async ValueTask SendAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        Uri url = exchange.Request.Url;
        OriginRule rule = ExchangeRun.Find(exchange)?.Origins ?? OriginRule.Listed(exchange.Provider, TrustedOrigins.None, url);
        rule.Check(url, "the request");
        for (int hop = 0; ; hop++)
        {
            try
            {
                using HttpRequestMessage request = Make(exchange, url, rule);
                using HttpResponseMessage response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
                if (response.StatusCode is not (HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect) || response.Headers.Location is null)
                {
                    exchange.Answer = await ReadAsync(exchange, url, response, cancellationToken).ConfigureAwait(false);
                    if (ExchangeRun.Find(exchange) is { } run) run.HttpVersion = $"HTTP/{response.Version}";
                    return;
                }

                Uri next = new(url, response.Headers.Location);
                rule.Check(next, $"the redirect of {Origin.Of(url)}", from: url);
                if (hop == MaximumHops)
                    throw new LicenseServiceException(LicenseErrorKind.Network, $"{Origin.Of(exchange.Request.Url)} redirects more than {MaximumHops} times");
                url = next;
            }
            catch (HttpRequestException exception) when (exception.InnerException is LicenseServiceException)
            {
                // The handler's own rule of addresses: nothing was sent.
                throw exception.InnerException;
            }
            catch (HttpRequestException exception)
            {
                throw Failure(url, exception.HttpRequestError, exception);
            }
            catch (InvalidDataException exception)
            {
                throw new LicenseServiceException(LicenseErrorKind.LicenseMalformed, $"what {Origin.Of(url)} compressed is damaged", exception);
            }
            catch (IOException exception)
            {
                throw Failure(url, (exception as HttpIOException)?.HttpRequestError ?? HttpRequestError.Unknown, exception);
            }
            catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
            {
                throw Failure(url, HttpRequestError.Unknown, exception);
            }
        }
    }

    // A client would read the whole answer into memory that nobody clears.
    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => invoker is HttpClient client
        ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
        : invoker.SendAsync(request, cancellationToken);

    private static HttpRequestMessage Make(LicenseExchange exchange, Uri url, OriginRule rule)
    {
        LicenseRequest wanted = exchange.Request;
        HttpRequestMessage request = new(new HttpMethod(wanted.Method), url);
        request.Options.Set(Untrusted, rule.Untrusted);
        request.Options.Set(ContentHost, rule.ContentHost);
        request.Headers.ExpectContinue = false;
        if (!exchange.Body.IsEmpty || wanted.Method is not ("GET" or "HEAD"))
        {
            request.Content = new SequenceContent(exchange.Body);
            if (wanted.ContentType is not null) request.Content.Headers.TryAddWithoutValidation("Content-Type", wanted.ContentType);
        }

        foreach ((string name, string value) in wanted.Headers)
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content?.Headers.TryAddWithoutValidation(name, value);
        if (!request.Headers.Contains("Accept-Encoding")) request.Headers.TryAddWithoutValidation("Accept-Encoding", ContentCoding.Asked);
        return request;
    }

    private static async ValueTask<LicenseAnswer> ReadAsync(
        LicenseExchange exchange, Uri url, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string? coding = ContentCoding.Of(response.Content.Headers.ContentEncoding);
        // What was compressed is as long as it turns out to be.
        long? promised = coding is null ? response.Content.Headers.ContentLength : null;
        if (promised > MaximumAnswer) throw TooLong(url);
        SecretBuffer body = ExchangeRun.BufferFor(exchange);
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        if (coding is not null)
            stream = ContentCoding.Open(coding, stream) ?? throw new LicenseServiceException(LicenseErrorKind.LicenseMalformed, $"the answer of {Origin.Of(url)} is in a content encoding that is not read");
        await using (stream.ConfigureAwait(false))
        {
            while (true)
            {
                int count = await stream.ReadAsync(body.GetMemory(8192), cancellationToken).ConfigureAwait(false);
                if (count == 0) break;
                body.Advance(count);
                if (body.Written.Length > MaximumAnswer) throw TooLong(url);
            }
        }

        if (promised > body.Written.Length) throw new HttpIOException(HttpRequestError.ResponseEnded, "the body is shorter than its Content-Length");
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        Collect(headers, response.Headers);
        Collect(headers, response.Content.Headers);
        return new LicenseAnswer
        {
            Status = (int)response.StatusCode,
            ContentType = response.Content.Headers.ContentType?.MediaType,
            Headers = headers,
            Body = new ReadOnlySequence<byte>(body.Written),
        };
    }

    private static void Collect(Dictionary<string, string> headers, HttpHeaders source)
    {
        foreach ((string name, HeaderStringValues values) in source.NonValidated)
            if (!name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase)) headers[name] = values.ToString();
    }

    private static LicenseServiceException TooLong(Uri url) =>
        new(LicenseErrorKind.LicenseMalformed, $"the answer of {Origin.Of(url)} is longer than {MaximumAnswer} bytes");

    // The library's own texts name hosts and ports only, but they differ between platforms; ours say the same everywhere.
    private static LicenseServiceException Failure(Uri url, HttpRequestError error, Exception exception) =>
        new(LicenseErrorKind.Network, $"no answer of {Origin.Of(url)}: {Reason(error)}", exception)
        {
            // A certificate that is not trusted now will not be trusted in half a second.
            Retryable = error != HttpRequestError.SecureConnectionError,
        };

    private static string Reason(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => "the name cannot be resolved",
        HttpRequestError.ConnectionError => "no connection",
        HttpRequestError.SecureConnectionError => "no trusted TLS connection",
        HttpRequestError.ResponseEnded => "the answer is cut short",
        HttpRequestError.InvalidResponse => "the answer is not HTTP",
        _ => "the connection broke",
    };

    /// <summary>A body that is written from where it lies, with its length known and no copy made.</summary>
    private sealed class SequenceContent(ReadOnlySequence<byte> body) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (ReadOnlyMemory<byte> segment in body) await stream.WriteAsync(segment).ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
