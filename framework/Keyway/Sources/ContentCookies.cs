using System.Collections.Concurrent;
using System.Net;

namespace Keyway.Sources;

/// <summary>Cookies that the server of a manifest sets. They go back to that origin and to no other, and live as long as the presentation (RFC 6265).</summary>
/// <remarks>A cookie's value is a secret: no text holds it. Threads: any.</remarks>
internal sealed class ContentCookies
{
    private readonly ConcurrentDictionary<string, CookieContainer> _origins = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>From now on an origin's cookies are kept: a manifest is fetched there.</summary>
    public void KeepFor(Uri address)
    {
        if (_origins.Count < SourceLimits.CookieOrigins) _origins.TryAdd(Of(address), new CookieContainer(SourceLimits.Cookies, SourceLimits.Cookies, SourceLimits.CookieBytes));
    }

    /// <summary>Takes what an answer sets, where its origin's cookies are kept.</summary>
    public void Take(Uri address, HttpResponseMessage answer)
    {
        if (!_origins.TryGetValue(Of(address), out CookieContainer? cookies) || !answer.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? set)) return;
        foreach (string each in set)
        {
            try
            {
                cookies.SetCookies(address, each);
            }
            catch (CookieException)
            {
                // Not a cookie, or too large a one: as if it had not been set.
                continue;
            }
        }
    }

    /// <summary>What goes along with a request; empty: nothing.</summary>
    public string HeaderFor(Uri address) => _origins.TryGetValue(Of(address), out CookieContainer? cookies) ? cookies.GetCookieHeader(address) : "";

    private static string Of(Uri address) => $"{address.Scheme}://{address.IdnHost}:{address.Port}";
}
