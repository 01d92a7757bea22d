namespace Keyway.Sources;

/// <summary>How a file or URL is named in texts: never with its query, which may hold a token, nor with a user name.</summary>
internal static class SourceText
{
    public static string Of(Uri uri)
    {
        if (!uri.IsAbsoluteUri) return "a relative address";
        if (uri.IsFile) return uri.LocalPath;
        return uri.Scheme is "http" or "https"
            ? uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
            : $"{uri.Scheme}:…";
    }

    /// <summary>What somebody took for a URL: without its query, and without what may be a user name and a password.</summary>
    public static string OfMalformed(string text)
    {
        string bare = text.Split('?', '#')[0];
        int at = text.LastIndexOf('@'), scheme = text.IndexOf(':', StringComparison.Ordinal);
        return at < 0 ? bare : $"{text[..(scheme + 1)]}…{(at < bare.Length ? bare[at..] : "")}";
    }
}
