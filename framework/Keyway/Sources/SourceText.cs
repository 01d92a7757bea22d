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
}
