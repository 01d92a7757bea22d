using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Keyway.Relay.Endpoints;

/// <summary>The page's files, out of this assembly: compressed when they are first asked for, and kept so.</summary>
internal static class PageEndpoints
{
    private const string Prefix = "page/";

    private static readonly FrozenDictionary<string, Lazy<PageFile>> Files = typeof(PageEndpoints).Assembly.GetManifestResourceNames()
        .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(static name => name[Prefix.Length..], static name => new Lazy<PageFile>(() => PageFile.Read(name)), StringComparer.Ordinal);

    /// <summary>Whether there is a file of that name.</summary>
    public static bool Has(string path) => Files.ContainsKey(path);

    public static async Task WriteAsync(HttpContext context, string path)
    {
        PageFile file = Files[path].Value;
        HttpResponse response = context.Response;
        // Nothing secret is in it, and another run may bring another.
        response.Headers.CacheControl = "no-cache";
        response.Headers.ETag = file.Tag;
        response.Headers.Vary = "Accept-Encoding";
        if (context.Request.Headers.IfNoneMatch.ToString() == file.Tag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = TypeOf(path);
        bool isGzip = file.Gzip.Length < file.Plain.Length && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        if (isGzip) response.Headers.ContentEncoding = "gzip";
        byte[] body = isGzip ? file.Gzip : file.Plain;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static string TypeOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" or ".mjs" => "text/javascript; charset=utf-8",
        ".json" or ".webmanifest" => "application/json",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".ico" => "image/x-icon",
        ".woff2" => "font/woff2",
        _ => "text/plain; charset=utf-8",
    };

    private sealed record PageFile(byte[] Plain, byte[] Gzip, string Tag)
    {
        public static PageFile Read(string name)
        {
            using Stream stream = typeof(PageFile).Assembly.GetManifestResourceStream(name)!;
            using MemoryStream plain = new();
            stream.CopyTo(plain);
            using MemoryStream small = new();
            using (GZipStream gzip = new(small, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(plain.GetBuffer(), 0, (int)plain.Length);
            byte[] bytes = plain.ToArray();
            return new PageFile(bytes, small.ToArray(), $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\"");
        }
    }
}
