using System.Buffers;
using Keyway.Licensing;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;
using Keyway.Sources;

namespace Keyway.KeyFiles;

/// <summary>
/// Fetches key files by the rules of segments: what content may name, which headers and cookies go where, redirects, tries and time-outs are those of
/// <see cref="MediaSources"/>. Beside that: never from https to http, and nothing longer than a key could be is read.
/// </summary>
/// <param name="sources">What fetches the segments of the same presentation.</param>
/// <remarks>Threads: any.</remarks>
internal sealed class KeyFileTransport(MediaSources sources) : ILicenseTransport
{
    private ContentOrigin? _origin;

    /// <summary>Where the presentation comes from.</summary>
    public ContentOrigin? Origin
    {
        get => Volatile.Read(ref _origin);
        set => Volatile.Write(ref _origin, value);
    }

    /// <inheritdoc/>
    public async ValueTask SendAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        Uri address = exchange.Request.Url;
        ContentOrigin origin = Origin ?? throw new InvalidOperationException("nobody has said where the presentation comes from");
        if (!origin.TryAllow(address, out string reason)) throw KeyFileError.Refused(address, reason);
        if (address.Scheme == Uri.UriSchemeHttp && (origin.Location.Scheme == Uri.UriSchemeHttps || origin.Given.Scheme == Uri.UriSchemeHttps))
            throw KeyFileError.Refused(address, "what comes over https names no key that comes over http");
        SecretBuffer content = ExchangeRun.BufferFor(exchange);
        try
        {
            Stream stream = await sources.OpenAsync(origin, address, null, seekable: false, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                Memory<byte> room = content.GetMemory(KeyFileLimits.AnswerBytes + 1)[..(KeyFileLimits.AnswerBytes + 1)];
                content.Advance(await stream.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false));
            }
        }
        catch (SourceException exception)
        {
            throw KeyFileError.Unreachable(address, exception);
        }

        exchange.Answer = new LicenseAnswer { Status = 200, Body = new ReadOnlySequence<byte>(content.Written) };
    }
}
