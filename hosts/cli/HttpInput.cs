using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Cli;

/// <summary>Media by HTTP: one file, read with ranges where the server has them, or segments in a row, fetched ahead. A class of its own, so that nobody else loads HTTP.</summary>
internal static class HttpInput
{
    public static async ValueTask<Stream> OpenAsync(List<string> urls, CancellationToken cancellationToken)
    {
        // Cookies of one server would go to the next segment's, and stay while others are asked.
        HttpMessageInvoker http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        try
        {
            List<Uri> addresses = [.. urls.Select(MediaSources.AddressOf)];
            MediaSources sources = new(http, TimeProvider.System);
            Stream stream = addresses.Count == 1
                ? await sources.OpenAsync(addresses[0], cancellationToken).ConfigureAwait(false)
                : new JoinedSegmentStream(sources, ContentOrigin.Of(addresses[0]), addresses);
            return new Owned(stream, http);
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    /// <summary>A stream, and what it was made with.</summary>
    private sealed class Owned(Stream inner, HttpMessageInvoker http) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => inner.CanSeek;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.ReadAsync(buffer, offset, count, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync().ConfigureAwait(false);
            http.Dispose();
            await base.DisposeAsync().ConfigureAwait(false);
        }
    }
}
