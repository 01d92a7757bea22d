namespace Keyway.Fleet.Configuration;

/// <summary>Scheme, host and port of addresses, for people and for labels.</summary>
internal static class Origins
{
    public static bool IsSame(Uri left, Uri right) => left.Scheme == right.Scheme && left.IdnHost.Equals(right.IdnHost, StringComparison.OrdinalIgnoreCase) && left.Port == right.Port;

    public static string Of(Uri address) => address.GetLeftPart(UriPartial.Authority) is var origin && address.UserInfo.Length > 0 ? origin.Replace(address.UserInfo + "@", "", StringComparison.Ordinal) : origin;

    /// <summary>The origin in a text that may be none.</summary>
    public static string Of(string address) => Uri.TryCreate(StreamRules.Fill(address, static _ => "x"), UriKind.Absolute, out Uri? uri) ? Of(uri) : "unknown";

    /// <summary>An address as people may see it: without its query.</summary>
    public static string Shown(string address)
    {
        int query = address.AsSpan().IndexOfAny('?', '#');
        return query < 0 ? address : address[..query] + "?…";
    }
}
