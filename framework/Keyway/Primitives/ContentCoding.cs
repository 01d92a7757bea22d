using System.IO.Compression;

namespace Keyway;

/// <summary>The codings of HTTP content that are read (RFC 9110, 8.4.1): gzip, deflate and br.</summary>
/// <remarks>What comes out may be a thousand times what went in: its reader counts what comes out.</remarks>
internal static class ContentCoding
{
    /// <summary>What is asked for, where text is expected.</summary>
    public const string Asked = "gzip, deflate, br";

    /// <summary>The coding of an answer.</summary>
    /// <param name="codings">The values of <c>Content-Encoding</c>.</param>
    /// <returns>The one coding, as written; <see langword="null"/>: none. Several are given as one text, which nobody knows.</returns>
    public static string? Of(IEnumerable<string> codings)
    {
        List<string> said = [.. codings.Select(static each => each.Trim()).Where(static each => each.Length > 0 && !each.Equals("identity", StringComparison.OrdinalIgnoreCase))];
        return said.Count == 0 ? null : string.Join(", ", said);
    }

    /// <summary>Reads through a coding.</summary>
    /// <param name="coding">The coding.</param>
    /// <param name="body">What is coded. Ownership: the result's, where there is one.</param>
    /// <returns>What comes out; <see langword="null"/>: nobody knows this coding.</returns>
    public static Stream? Open(string coding, Stream body) => coding.ToLowerInvariant() switch
    {
        "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress),
        "br" => new BrotliStream(body, CompressionMode.Decompress),
        "deflate" => new DeflatedStream(body),
        _ => null,
    };

    /// <summary>What <c>deflate</c> stands for: the zlib format (RFC 1950), and with many servers the bare one (RFC 1951). The first two bytes tell.</summary>
    private sealed class DeflatedStream(Stream body) : ForwardStream
    {
        private Stream? _inner;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_inner is null)
            {
                byte[] beginning = new byte[2];
                int length = await body.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                bool isZlib = length == 2 && (beginning[0] & 0x0F) == 8 && ((beginning[0] << 8) | beginning[1]) % 31 == 0;
                Stream whole = new PrefixedStream(beginning.AsMemory(0, length), body);
                _inner = isZlib ? new ZLibStream(whole, CompressionMode.Decompress) : new DeflateStream(whole, CompressionMode.Decompress);
            }

            return await _inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _inner?.Dispose();
                body.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
