using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Cli;

/// <summary>Media by HTTP: one file, read with ranges where the server has them, or segments in a row, fetched ahead. A class of its own, so that nobody else loads HTTP.</summary>
internal static class HttpInput
{
    // One for the process, and it ends with it. Cookies of one server would go to the next segment's, and stay while others are asked.
    private static readonly HttpMessageInvoker Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    public static async ValueTask<Stream> OpenAsync(List<string> urls, CancellationToken cancellationToken)
    {
        List<Uri> addresses = [.. urls.Select(MediaSources.AddressOf)];
        MediaSources sources = new(Http, TimeProvider.System);
        return addresses.Count == 1
            ? await sources.OpenAsync(addresses[0], cancellationToken).ConfigureAwait(false)
            : new JoinedSegmentStream(sources, ContentOrigin.Of(addresses[0]), addresses);
    }
}
