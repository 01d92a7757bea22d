using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Polly;
using Polly.Retry;

namespace Keyway.Sources;

/// <summary>GET with ranges, codings, time-outs, tries and the rules for redirects.</summary>
internal sealed class HttpSource(HttpMessageInvoker http, TimeProvider clock, SourceOptions options)
{
    private static readonly ProductInfoHeaderValue UserAgent = new("Keyway", typeof(HttpSource).Assembly.GetName().Version?.ToString(2));
    private readonly ContentCookies _cookies = new();
    private readonly Lazy<ResiliencePipeline> _retries = new(() => Retries(clock, options));

    public TimeProvider Clock => clock;

    public SourceOptions Options => options;

    /// <param name="origin">Where the presentation comes from.</param>
    /// <param name="address">What is wanted.</param>
    /// <param name="range">The part that is wanted.</param>
    /// <param name="seekable">Whether ranges are asked for, so that it can be.</param>
    /// <param name="isDocument">Whether it is a manifest or a part of one: compression is asked for, and the server's cookies are kept.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask<HttpSourceStream> OpenAsync(ContentOrigin origin, Uri address, ByteRange? range, bool seekable, bool isDocument, CancellationToken cancellationToken)
    {
        HttpSourceStream stream = new(this, origin, address, range, seekable, isDocument);
        try
        {
            await stream.OpenAsync(cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs one thing until it succeeds, fails for good, or was tried often enough.</summary>
    public async ValueTask<T> RetryAsync<T>(Uri address, Func<CancellationToken, ValueTask<T>> attempt, Action afterFailure, CancellationToken cancellationToken)
    {
        int tries = 0;
        try
        {
            return await _retries.Value.ExecuteAsync(
                async token =>
                {
                    tries++;
                    try
                    {
                        return await attempt(token).ConfigureAwait(false);
                    }
                    catch (TransientException)
                    {
                        afterFailure();
                        throw;
                    }
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (TransientException failure)
        {
            throw new SourceException(SourceText.Of(address), string.Create(CultureInfo.InvariantCulture, $"{failure.Message} ({tries} tries)"), failure.InnerException) { Status = failure.Status, MayPass = true };
        }
    }

    private static ResiliencePipeline Retries(TimeProvider clock, SourceOptions options) => options.Attempts <= 1 ? ResiliencePipeline.Empty : new ResiliencePipelineBuilder { TimeProvider = clock }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = options.Attempts - 1,
            ShouldHandle = new PredicateBuilder().Handle<TransientException>(),
            DelayGenerator = arguments =>
            {
                TimeSpan wait = options.Backoff * Math.Pow(2, arguments.AttemptNumber);
                if ((arguments.Outcome.Exception as TransientException)?.RetryAfter is { } asked && asked > wait) wait = asked < options.LongestWait ? asked : options.LongestWait;
                return new ValueTask<TimeSpan?>(wait);
            },
        })
        .Build();

    /// <summary>Asks once, follows redirects, and gives an answer of status 200, 206 or 416.</summary>
    /// <exception cref="TransientException">Another try may help.</exception>
    /// <exception cref="SourceException">No try will help.</exception>
    public async ValueTask<(HttpResponseMessage Answer, Uri Location)> GetAsync(ContentOrigin origin, Uri address, ByteRange? range, EntityTagHeaderValue? onlyIf, bool isDocument, CancellationToken cancellationToken)
    {
        Uri at = address;
        for (int hops = 0; ; hops++)
        {
            if (isDocument) _cookies.KeepFor(at);
            HttpResponseMessage answer = await SendAsync(HttpMethod.Get, origin, at, range, onlyIf, isDocument, cancellationToken).ConfigureAwait(false);
            bool keep = false;
            try
            {
                switch (answer.StatusCode)
                {
                    case HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable:
                        keep = true;
                        return (answer, at);

                    case HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect:
                        at = Follow(at, answer.Headers.Location, hops);
                        break;

                    case HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError
                        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout:
                        throw new TransientException(Answered(answer), null) { RetryAfter = RetryAfter(answer), Status = (int)answer.StatusCode };

                    default:
                        throw new SourceException(SourceText.Of(at), Answered(answer)) { Status = (int)answer.StatusCode };
                }
            }
            finally
            {
                if (!keep) answer.Dispose();
            }
        }
    }

    /// <summary>Asks for the date of an answer (RFC 9110, 6.6.1). Redirects are not followed: another server's time is not asked for.</summary>
    public ValueTask<DateTimeOffset> ReadDateAsync(ContentOrigin origin, Uri address, CancellationToken cancellationToken) => RetryAsync(
        address,
        async token =>
        {
            using HttpResponseMessage answer = await SendAsync(HttpMethod.Head, origin, address, null, null, isDocument: false, token).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode) throw new SourceException(SourceText.Of(address), Answered(answer));
            return answer.Headers.Date ?? throw new SourceException(SourceText.Of(address), "the answer has no date");
        },
        static () => { },
        cancellationToken);

    /// <summary>Waits for bytes or headers no longer than a time.</summary>
    public async ValueTask<T> WithTimeoutAsync<T>(Func<CancellationToken, ValueTask<T>> action, TimeSpan time, string late, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timer = new(time, clock);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await action(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransientException(late, e);
        }
        catch (HttpRequestException e) when (e.InnerException is SourceException refused)
        {
            // The handler's own rule of addresses: nothing was sent.
            throw refused;
        }
        catch (HttpRequestException e)
        {
            throw new TransientException($"the server cannot be reached ({e.HttpRequestError})", e);
        }
        catch (IOException e)
        {
            throw new TransientException("the connection broke", e);
        }
        catch (InvalidDataException e)
        {
            throw new TransientException("what the server compressed is damaged", e);
        }
    }

    private async ValueTask<HttpResponseMessage> SendAsync(HttpMethod method, ContentOrigin origin, Uri address, ByteRange? range, EntityTagHeaderValue? onlyIf, bool isDocument, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(method, address);
        // Media is compressed as it is; and a range of what is coded is not a range of the media.
        request.Headers.TryAddWithoutValidation("Accept-Encoding", isDocument && range is null ? ContentCoding.Asked : "identity");
        // What the caller named itself goes wherever it leads.
        if (address != origin.Given && !options.AllowedOrigins.Any(allowed => ContentOrigin.IsSameOrigin(allowed, address)))
            request.Options.Set(MediaSources.NamedByContentFrom, origin.Given.IsFile ? "" : origin.Given.IdnHost);
        if (range is { } part)
        {
            request.Headers.Range = new RangeHeaderValue(part.First, part.Last);
            if (onlyIf is not null) request.Headers.IfRange = new RangeConditionHeaderValue(onlyIf);
        }

        if (origin.IsGivenOrigin(address))
            foreach (KeyValuePair<string, string> header in options.Headers)
                request.Headers.TryAddWithoutValidation(header.Key, header.Value);
        foreach (OriginHeader header in options.HeadersFor)
            if (ContentOrigin.IsSameOrigin(header.Origin, address)) request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        if (!request.Headers.Contains("User-Agent")) request.Headers.UserAgent.Add(UserAgent);
        if (_cookies.HeaderFor(address) is { Length: > 0 } cookies) request.Headers.TryAddWithoutValidation("Cookie", cookies);

        // As HttpMessageInvoker an HttpClient would read the whole body into memory first.
        HttpResponseMessage answer = await WithTimeoutAsync(
            async token => http is HttpClient client
                ? await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token).ConfigureAwait(false)
                : await http.SendAsync(request, token).ConfigureAwait(false),
            options.Timeout,
            $"no answer within {options.Timeout.TotalSeconds} s",
            cancellationToken).ConfigureAwait(false);
        _cookies.Take(address, answer);
        return answer;
    }

    private Uri Follow(Uri from, Uri? to, int hops)
    {
        if (to is null) throw new SourceException(SourceText.Of(from), "a redirect without an address");
        if (hops >= options.Redirects) throw new SourceException(SourceText.Of(from), $"more than {options.Redirects} redirects");

        // On Unix "/path" is an absolute file URI to System.Uri; against a base it is what RFC 3986 says.
        if (!Uri.TryCreate(from, to.OriginalString, out Uri? next) || next.Scheme is not ("http" or "https"))
            throw new SourceException(SourceText.Of(from), "a redirect to something that is neither http nor https");
        if (from.Scheme == "https" && next.Scheme == "http") throw new SourceException(SourceText.Of(from), "a redirect from https to http");
        return next;
    }

    private static string Answered(HttpResponseMessage answer) => string.Create(CultureInfo.InvariantCulture, $"the server answered {(int)answer.StatusCode}");

    private TimeSpan? RetryAfter(HttpResponseMessage answer) =>
        answer.Headers.RetryAfter is not { } wait ? null : wait.Delta ?? wait.Date - clock.GetUtcNow();
}
