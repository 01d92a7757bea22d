using System.Collections.Frozen;

namespace Keyway.Licensing.Exchanges;

/// <summary>Adds headers and query members to requests.</summary>
internal static class RequestMembers
{
    // Their meaning belongs to the connection, to the body or to a jar of cookies that is not there.
    private static readonly FrozenSet<string> Reserved = FrozenSet.ToFrozenSet(
        ["Host", "Connection", "Content-Length", "Transfer-Encoding", "Expect", "Cookie", "Upgrade", "Trailer", "TE"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Why a header of that name cannot be set; <see langword="null"/>: it can.</summary>
    public static string? WhyNotHeader(string name) =>
        Reserved.Contains(name) ? "belongs to the connection, not to a step" :
        name.Length > 0 && name.All(static c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal)) ? null :
        "not the name of a header";

    public static LicenseRequest WithHeader(this LicenseRequest request, string name, string value)
    {
        if (value.Any(char.IsControl))
            throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"the value for the header '{name}' holds a control character");
        Dictionary<string, string> headers = new(request.Headers, StringComparer.OrdinalIgnoreCase) { [name] = value };
        return request with { Headers = headers };
    }

    public static LicenseRequest WithoutHeader(this LicenseRequest request, string name) =>
        request with { Headers = request.Headers.Where(header => !header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).ToDictionary(StringComparer.OrdinalIgnoreCase) };

    public static LicenseRequest WithQuery(this LicenseRequest request, string name, string value) =>
        request with { Url = AppendQuery(request.Url, $"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}") };

    /// <summary>What steps have added to a URL's query: it belongs to the address that another step chooses, too.</summary>
    public static string AddedQuery(Uri current, Uri original) =>
        (current.Query.StartsWith(original.Query, StringComparison.Ordinal) ? current.Query[original.Query.Length..] : "").TrimStart('?', '&');

    /// <summary>Appends to a URL's query without writing anew what stands there: a token's own escapes stay as they are.</summary>
    public static Uri AppendQuery(Uri url, string members)
    {
        string text = url.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.Fragment, UriFormat.UriEscaped);
        char separator = !text.Contains('?', StringComparison.Ordinal) ? '?' : text[^1] is '?' or '&' ? '\0' : '&';
        return new Uri(separator == '\0' ? text + members : $"{text}{separator}{members}");
    }
}
