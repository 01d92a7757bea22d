using System.Net;
using System.Net.Http.Headers;
using Keyway.Licensing.Recording;

namespace Keyway.Testing;

/// <summary>
/// Plays a record of licence exchanges (<c>keyway play --record</c>) back to code that is being tested: a handler without a network, for the host's <c>LicenseHttp</c> or an
/// <see cref="HttpMessageInvoker"/> of your own. Requests are matched by their structure and not by their bytes, because challenges are never the same twice: in the order of the record
/// by method, origin, path and names of query members, and by whether they have a body.
/// </summary>
/// <remarks>
/// <para>
/// What was recorded without bodies is played back without: statuses, media types, when to ask again, and refusals. A licence needs its body, so a record with sealed bodies and their key. A key system that
/// binds its licence to the request (a nonce) refuses a recorded one: that a test can expect.
/// </para>
/// <para>Threads: any; requests are answered in the order in which they come.</para>
/// </remarks>
public sealed class RecordedLicenseServer : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private readonly List<RecordedExchange> _left;
    private readonly byte[] _key;

    /// <summary>Plays a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="bodyKey">The 32 bytes that its bodies are sealed under, copied; empty: it has none, or they are not needed.</param>
    public RecordedLicenseServer(LicenseRecord record, ReadOnlySpan<byte> bodyKey = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        _left = [.. record.Exchanges];
        _key = bodyKey.ToArray();
    }

    /// <summary>What has not been asked for yet, in order.</summary>
    public IReadOnlyList<RecordedExchange> Left
    {
        get
        {
            lock (_gate) return [.. _left];
        }
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        bool hasBody = request.Content is not null && (await request.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false)).Length > 0;
        RecordedExchange next;
        lock (_gate)
        {
            if (_left.Count == 0) throw new InvalidOperationException($"the record is over, and {Describe(request)} was asked for");
            next = _left[0];
            if (WhyNot(next, request, hasBody) is { } why) throw new InvalidOperationException($"the record goes on with {next.Method} {next.Url.GetLeftPart(UriPartial.Path)}, and {Describe(request)} was asked for: {why}");
            _left.RemoveAt(0);
        }

        if (next.Status == 0) throw new HttpRequestException(HttpRequestError.ConnectionError, "the record has no answer here");
        HttpResponseMessage response = new((HttpStatusCode)next.Status) { RequestMessage = request };
        byte[] body = next.HasBody && _key.Length > 0 ? next.OpenResponse(_key)
            : next.ResponseBytes == 0 || next.Status >= 400 ? []
            : throw new InvalidOperationException(next.HasBody ? "the record's bodies are sealed, and no key was given" : "the record has no bodies, and this answer had one: record it with --record-bodies");
        response.Content = new ByteArrayContent(body);
        if (MediaTypeHeaderValue.TryParse(next.MediaType, out MediaTypeHeaderValue? type)) response.Content.Headers.ContentType = type;
        if (next.RetryAfter is { } wait) response.Headers.TryAddWithoutValidation("Retry-After", wait);
        return response;
    }

    private static string Describe(HttpRequestMessage request) => $"{request.Method} {request.RequestUri?.GetLeftPart(UriPartial.Path)}";

    private static string? WhyNot(RecordedExchange recorded, HttpRequestMessage request, bool hasBody)
    {
        if (request.RequestUri is not { } url) return "it has no address";
        if (!recorded.Method.Equals(request.Method.Method, StringComparison.OrdinalIgnoreCase)) return "another method";
        if (!Same(recorded.Url.GetLeftPart(UriPartial.Authority), url.GetLeftPart(UriPartial.Authority))) return "another origin";
        string[] path = recorded.Url.AbsolutePath.Split('/'), asked = url.AbsolutePath.Split('/');
        // A part that is not shown stands for any.
        if (path.Length != asked.Length || !path.Zip(asked).All(static pair => pair.First == pair.Second || pair.First.StartsWith(LicenseRecord.Redacted, StringComparison.Ordinal))) return "another path";
        if (!Names(recorded.Url).SequenceEqual(Names(url).Zip(Names(recorded.Url), static (own, other) => other.StartsWith(LicenseRecord.Redacted, StringComparison.Ordinal) ? other : own))
            || Names(recorded.Url).Length != Names(url).Length) return "other members of the query";
        return recorded.RequestBytes > 0 == hasBody ? null : hasBody ? "it has a body" : "it has no body";
    }

    private static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);

    private static string[] Names(Uri url) => [.. url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(static member => member.Split('=')[0])];
}
