namespace Keyway.Cli.Run;

/// <summary>The cenc sample over HTTP, of which the fourth segment of the video never comes: by then the output has been begun.</summary>
internal sealed class StallingContent : IDisposable
{
    private readonly ManualResetEventSlim _reached = new(), _over = new();
    private readonly LoopbackServer _server;

    public StallingContent() => _server = LoopbackServer.Answering(context =>
    {
        if (context.Request.Url!.LocalPath == "/video-360/4.m4s")
        {
            _reached.Set();
            _over.Wait(TimeSpan.FromSeconds(60));
            return;
        }

        context.Response.OutputStream.Write(File.ReadAllBytes(Sample.File("cenc" + context.Request.Url.LocalPath)));
    });

    public string Manifest => _server.Url + "manifest.mpd";

    /// <summary>Waits until the segment is asked for.</summary>
    /// <returns>Whether it was.</returns>
    public Task<bool> ReachedAsync() => Task.Run(() => _reached.Wait(TimeSpan.FromSeconds(60)), TestContext.Current.CancellationToken);

    /// <summary>Releases requests that still wait for the segment.</summary>
    public void Release() => _over.Set();

    public void Dispose()
    {
        _over.Set();
        _server.Dispose();
        // The server's thread may stand on its way out of the wait: both events are left to the collector.
    }
}
