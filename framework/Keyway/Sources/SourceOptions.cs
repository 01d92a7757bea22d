namespace Keyway.Sources;

/// <summary>How content is fetched.</summary>
public sealed record SourceOptions
{
    private readonly IReadOnlyList<KeyValuePair<string, string>> _headers = [];

    /// <summary>Headers for content requests. They are sent to the origin that the caller named and to no other.</summary>
    /// <exception cref="ArgumentException">A name or value has a line break in it.</exception>
    public IReadOnlyList<KeyValuePair<string, string>> Headers
    {
        get => _headers;
        init
        {
            foreach (KeyValuePair<string, string> header in value)
                if (header.Key.Length == 0 || header.Key.AsSpan().ContainsAny("\r\n:\0") || header.Value.AsSpan().ContainsAny("\r\n\0"))
                    throw new ArgumentException($"the header '{header.Key}' is not one line", nameof(value));
            _headers = value;
        }
    }

    /// <summary>How often a request is tried.</summary>
    /// <value>3.</value>
    public int Attempts { get; init; } = 3;

    /// <summary>The wait before the second try; each further one waits twice as long.</summary>
    /// <value>Half a second.</value>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait that a server may ask for (<c>Retry-After</c>).</summary>
    /// <value>10 s.</value>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the headers of an answer may take, and how long a body may stand still.</summary>
    /// <value>20 s.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many redirects are followed.</summary>
    /// <value>5.</value>
    public int Redirects { get; init; } = 5;
}
