namespace Keyway.Sources;

/// <summary>How content is fetched.</summary>
public sealed record SourceOptions
{
    private readonly IReadOnlyList<KeyValuePair<string, string>> _headers = [];
    private readonly IReadOnlyList<OriginHeader> _headersFor = [];

    /// <summary>Headers for content requests. They are sent to the origin that the caller named and to no other. One of the caller's own takes the place of the default <c>User-Agent</c>.</summary>
    /// <exception cref="ArgumentException">A name or value has a line break in it.</exception>
    public IReadOnlyList<KeyValuePair<string, string>> Headers
    {
        get => _headers;
        init
        {
            foreach (KeyValuePair<string, string> header in value) Check(header.Key, header.Value, nameof(value));
            _headers = value;
        }
    }

    /// <summary>Headers for content requests to other origins that the caller names.</summary>
    /// <exception cref="ArgumentException">A name or value has a line break in it, or an origin is not an http(s) address.</exception>
    public IReadOnlyList<OriginHeader> HeadersFor
    {
        get => _headersFor;
        init
        {
            foreach (OriginHeader header in value)
            {
                Check(header.Name, header.Value, nameof(value));
                CheckOrigin(header.Origin, nameof(value));
            }

            _headersFor = value;
        }
    }

    /// <summary>
    /// Origins (scheme, host, port) that content may name although their addresses are not public: other servers of this machine or its network.
    /// </summary>
    /// <value>None: content may name public addresses, and the one that it came from itself.</value>
    /// <exception cref="ArgumentException">One is not an http(s) address.</exception>
    public IReadOnlyList<Uri> AllowedOrigins
    {
        get;
        init
        {
            foreach (Uri origin in value) CheckOrigin(origin, nameof(value));
            field = value;
        }
    } = [];

    /// <summary>How often a request is tried.</summary>
    /// <value>3.</value>
    public int Attempts { get; init; } = 3;

    /// <summary>The wait before the second try; each further one waits twice as long.</summary>
    /// <value>Half a second.</value>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait that a server may ask for (<c>Retry-After</c>).</summary>
    /// <value>10 s.</value>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the headers of an answer may take, and how long a body may stall.</summary>
    /// <value>20 s.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many redirects are followed.</summary>
    /// <value>5.</value>
    public int Redirects { get; init; } = 5;

    private static void Check(string name, string value, string parameter)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAny("\r\n:\0") || value.AsSpan().ContainsAny("\r\n\0"))
            throw new ArgumentException($"the header '{name}' is not one line", parameter);
    }

    private static void CheckOrigin(Uri origin, string parameter)
    {
        if (!origin.IsAbsoluteUri || origin.Scheme is not ("http" or "https")) throw new ArgumentException("an origin is an http or https address", parameter);
    }
}
