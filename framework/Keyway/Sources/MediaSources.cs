using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Keyway.Sources;

/// <summary>Opens what a caller or a manifest names: <c>file</c>, <c>http</c> and <c>https</c>.</summary>
/// <remarks>Threads: any, several at once.</remarks>
public sealed partial class MediaSources
{
    /// <summary>The largest manifest that is read.</summary>
    public const int ManifestLimit = ManifestLimits.Bytes;

    /// <summary>
    /// Set on requests that go where content said, and not the caller: the host that the content came from, empty for a file. A handler lets these
    /// connect to public addresses only, and to the address of that host.
    /// </summary>
    public static readonly HttpRequestOptionsKey<string> NamedByContentFrom = new("Keyway.NamedByContentFrom");

    private readonly HttpSource? _http;

    /// <summary>Makes a set of sources.</summary>
    /// <param name="http">What sends requests; <see langword="null"/> for files only. It should not follow redirects itself, because the rules for them are kept here. Ownership: the caller's.</param>
    /// <param name="clock">The clock of time-outs and waits.</param>
    /// <param name="options">How content is fetched.</param>
    public MediaSources(HttpMessageInvoker? http, TimeProvider clock, SourceOptions? options = null) =>
        (_http, Clock) = (http is null ? null : new HttpSource(http, clock, options ?? new SourceOptions()), clock);

    /// <summary>The clock of time-outs and waits.</summary>
    internal TimeProvider Clock { get; }

    /// <summary>Makes the address of what a user typed: a URL or a path.</summary>
    /// <param name="text">The text.</param>
    /// <returns>An absolute address.</returns>
    /// <exception cref="SourceException">The text is neither.</exception>
    public static Uri AddressOf(string text)
    {
        if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            return Uri.TryCreate(text, UriKind.Absolute, out Uri? url) ? url : throw new SourceException(SourceText.OfMalformed(text), "this is not a URL");
        if (OtherScheme().Match(text) is { Success: true } other && !File.Exists(text))
            throw new SourceException($"{other.Value}…", "only http, https and files are read");
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal)) throw new SourceException("(empty)", "this is not a path");

        // A path may hold any character, also '#', '?' and '%', which a URL would take for its own.
        string full = Path.GetFullPath(text);
        string escaped = string.Join('/', full.Split(Path.DirectorySeparatorChar).Select((part, i) => i == 0 && part.EndsWith(':') ? part : Uri.EscapeDataString(part)));
        return Uri.TryCreate((escaped.StartsWith('/') ? "file://" : "file:///") + escaped, UriKind.Absolute, out Uri? file) ? file : throw new SourceException(text, "this is not a path");
    }

    // A letter alone is a drive.
    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]+://", RegexOptions.CultureInvariant)]
    private static partial Regex OtherScheme();

    /// <summary>Reads a manifest whole.</summary>
    /// <param name="address">Where it is; the caller's own choice.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The manifest's bytes and where they were found.</returns>
    /// <exception cref="ManifestException">It is larger than <see cref="ManifestLimit"/>.</exception>
    /// <exception cref="SourceException">It cannot be reached or read.</exception>
    public ValueTask<SourceDocument> ReadManifestAsync(Uri address, CancellationToken cancellationToken = default) =>
        ReadManifestAsync(ContentOrigin.Of(address), address, cancellationToken);

    /// <summary>Reads a manifest again, perhaps from where it says that it has moved to. What the caller named stays what the caller named.</summary>
    internal async ValueTask<SourceDocument> ReadManifestAsync(ContentOrigin origin, Uri address, CancellationToken cancellationToken) =>
        await ReadDocumentAsync(origin, address, cancellationToken).ConfigureAwait(false)
        ?? throw new ManifestException(SourceText.Of(address), new FormatError($"the manifest is larger than {ManifestLimit >> 20} MiB", "", -1));

    /// <summary>Reads a part of a manifest that stands in a document of its own.</summary>
    /// <exception cref="SourceException">It is of another server than the manifest, too large, or cannot be reached.</exception>
    internal async ValueTask<SourceDocument> ReadRemoteAsync(ContentOrigin origin, Uri address, CancellationToken cancellationToken)
    {
        if (!IsHome(origin, address)) throw new SourceException(SourceText.Of(address), "parts of a manifest are fetched from where the manifest is, and from nowhere else");
        SourceDocument document = await ReadDocumentAsync(origin, address, cancellationToken).ConfigureAwait(false)
            ?? throw new SourceException(SourceText.Of(address), $"it is larger than {ManifestLimit >> 20} MiB");
        return IsHome(origin, document.Origin.Location) ? document : throw new SourceException(SourceText.Of(address), "it leads to another server than the manifest's");

        // What a file may name, opening it says.
        static bool IsHome(ContentOrigin origin, Uri address) => address.IsFile ? origin.Location.IsFile : origin.IsOriginOfLocation(address);
    }

    private async ValueTask<SourceDocument?> ReadDocumentAsync(ContentOrigin origin, Uri address, CancellationToken cancellationToken)
    {
        Stream stream = await OpenAsync(origin, address, null, seekable: false, isDocument: true, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            HttpSourceStream? http = stream as HttpSourceStream;
            ReadOnlyMemory<byte>? content = await ReadUpToAsync(stream, ManifestLimit, cancellationToken).ConfigureAwait(false);
            return content is not { } bytes ? null : new SourceDocument
            {
                Content = bytes,
                Origin = new ContentOrigin { Given = origin.Given, Location = http?.Location ?? address },
                ServerAhead = http?.ServerAhead,
            };
        }
    }

    /// <summary>Opens what the caller named itself.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The content; seekable when it is a file or the server does ranges. Ownership: the caller's.</returns>
    /// <exception cref="SourceException">It cannot be reached.</exception>
    public ValueTask<Stream> OpenAsync(Uri address, CancellationToken cancellationToken = default) =>
        OpenAsync(ContentOrigin.Of(address), address, null, seekable: true, cancellationToken);

    /// <summary>Opens what a manifest named.</summary>
    /// <param name="origin">Where the manifest came from: it decides what may be named and where content headers go.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="range">The part that is wanted; <see langword="null"/>: all.</param>
    /// <param name="seekable">Whether the content should be seekable if it can be. A file always is.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The content. Ownership: the caller's.</returns>
    /// <exception cref="SourceException">It may not be named by this manifest, or cannot be reached.</exception>
    public ValueTask<Stream> OpenAsync(ContentOrigin origin, Uri address, ByteRange? range, bool seekable = false, CancellationToken cancellationToken = default) =>
        OpenAsync(origin, address, range, seekable, isDocument: false, cancellationToken);

    private async ValueTask<Stream> OpenAsync(ContentOrigin origin, Uri address, ByteRange? range, bool seekable, bool isDocument, CancellationToken cancellationToken)
    {
        if (!origin.TryAllow(address, out string reason)) throw new SourceException(SourceText.Of(address), reason);
        if (address.IsFile) return FileSource.Open(origin, address, range, seekable);
        if (_http is null) throw new SourceException(SourceText.Of(address), "only files are read here");
        return await _http.OpenAsync(origin, address, range, seekable, isDocument, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads something small whole: an index, an initialisation segment.</summary>
    /// <param name="origin">Where the manifest came from.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="range">The part that is wanted; <see langword="null"/>: all.</param>
    /// <param name="limit">The most bytes that are taken.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="SourceException">It is larger than <paramref name="limit"/>, may not be named, or cannot be reached.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(ContentOrigin origin, Uri address, ByteRange? range, int limit, CancellationToken cancellationToken = default)
    {
        Stream stream = await OpenAsync(origin, address, range, seekable: false, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false)) return await ReadAsync(stream, address, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads what has been opened whole, up to a limit.</summary>
    /// <exception cref="SourceException">It is larger.</exception>
    internal static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(Stream stream, Uri address, int limit, CancellationToken cancellationToken) =>
        await ReadUpToAsync(stream, limit, cancellationToken).ConfigureAwait(false)
        ?? throw new SourceException(SourceText.Of(address), $"it is larger than the {limit} bytes that are read of such a thing");

    /// <summary>Reads from a server, within a time.</summary>
    /// <param name="address">Where from; files have no time.</param>
    /// <param name="time">How long it may take from the request to the last byte; <see langword="null"/>: as long as bytes come.</param>
    /// <param name="read">What reads.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SourceException">It did not come in time.</exception>
    internal async ValueTask<T> WithinAsync<T>(Uri address, TimeSpan? time, Func<CancellationToken, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        if (_http is null || address.IsFile || time is not { } limit) return await read(cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource timer = new(limit, _http.Clock);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await read(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new SourceException(SourceText.Of(address), string.Create(CultureInfo.InvariantCulture, $"it did not come whole within {limit.TotalSeconds:0.#} s"), e);
        }
    }

    /// <summary>Asks a server for the time.</summary>
    /// <param name="origin">Where the manifest came from: nobody else is asked.</param>
    /// <param name="address">The server.</param>
    /// <param name="head">Whether the time is that of the answer's head; otherwise it is its text.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The time.</returns>
    /// <exception cref="SourceException">It is another server, cannot be reached, or does not tell.</exception>
    internal async ValueTask<DateTimeOffset> ReadTimeAsync(ContentOrigin origin, Uri address, bool head, CancellationToken cancellationToken)
    {
        const int longest = 256;
        if (_http is null || !origin.IsOriginOfLocation(address)) throw new SourceException(SourceText.Of(address), "only the server of the manifest is asked for the time");
        if (head) return await _http.ReadDateAsync(origin, address, cancellationToken).ConfigureAwait(false);
        HttpSourceStream stream = await _http.OpenAsync(origin, address, null, seekable: false, isDocument: false, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            if (stream.Location is { } found && !origin.IsOriginOfLocation(found)) throw new SourceException(SourceText.Of(found), "only the server of the manifest is asked for the time");
            ReadOnlyMemory<byte>? text = await ReadUpToAsync(stream, longest, cancellationToken).ConfigureAwait(false);
            return text is { } bytes && DateTimeOffset.TryParse(
                Encoding.UTF8.GetString(bytes.Span).Trim(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
                ? time
                : throw new SourceException(SourceText.Of(address), "the answer is not a time");
        }
    }

    internal static async ValueTask<ReadOnlyMemory<byte>?> ReadUpToAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        if (stream.CanSeek && stream.Length > limit) return null;
        byte[] buffer = new byte[stream.CanSeek ? (int)stream.Length + 1 : 16 << 10];
        int length = 0;
        while (true)
        {
            int read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (read == 0) return buffer.AsMemory(0, length);
            length += read;
            if (length > limit) return null;
            if (length == buffer.Length) Array.Resize(ref buffer, (int)Math.Min((long)limit + 1, buffer.Length * 2L));
        }
    }
}
