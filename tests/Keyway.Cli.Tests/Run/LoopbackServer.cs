using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Keyway.Cli.Run;

/// <summary>An HTTP server of a test: it serves files, or whatever the test answers, and remembers what was asked.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly HttpListener _listener;
    private readonly Action<HttpListenerContext> _answer;
    private readonly ConcurrentQueue<Request> _requests = new();

    private LoopbackServer(Action<HttpListenerContext> answer)
    {
        _answer = answer;
        (_listener, Url) = Listen();
        _ = ServeAsync();
    }

    /// <summary>What was asked.</summary>
    /// <param name="Path">The path with its query.</param>
    /// <param name="Headers">The headers.</param>
    public sealed record Request(string Path, IReadOnlyDictionary<string, string> Headers);

    /// <summary>Where it is, with a slash at the end.</summary>
    public Uri Url { get; }

    public IReadOnlyList<Request> Requests => [.. _requests];

    /// <summary>Serves the files below a folder.</summary>
    public static LoopbackServer Files(string folder, bool ranges) => new(context => Send(context, Path.Combine(folder, context.Request.Url!.LocalPath.TrimStart('/')), ranges));

    /// <summary>Answers as a test wants.</summary>
    public static LoopbackServer Answering(Action<HttpListenerContext> answer) => new(answer);

    /// <summary>An address that nobody listens at.</summary>
    public static Uri Nowhere()
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
    }

    public void Dispose() => _listener.Close();

    private static (HttpListener Listener, Uri Url) Listen()
    {
        // Between finding a free port and taking it another may have it.
        for (int attempt = 1; ; attempt++)
        {
            Uri url = Nowhere();
            HttpListener listener = new();
            listener.Prefixes.Add(url.AbsoluteUri);
            try
            {
                listener.Start();
                return (listener, url);
            }
            catch (HttpListenerException) when (attempt < 5)
            {
                listener.Close();
            }
        }
    }

    private static void Send(HttpListenerContext context, string file, bool ranges)
    {
        HttpListenerResponse response = context.Response;
        if (!File.Exists(file))
        {
            response.StatusCode = 404;
            return;
        }

        byte[] bytes = File.ReadAllBytes(file);
        if (ranges && context.Request.Headers["Range"] is { } range)
        {
            string[] ends = range["bytes=".Length..].Split('-');
            int first = int.Parse(ends[0], CultureInfo.InvariantCulture);
            int last = ends[1].Length == 0 ? bytes.Length - 1 : Math.Min(bytes.Length - 1, int.Parse(ends[1], CultureInfo.InvariantCulture));
            response.StatusCode = 206;
            response.Headers["Content-Range"] = string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{last}/{bytes.Length}");
            bytes = bytes[first..(last + 1)];
        }

        if (ranges) response.Headers["Accept-Ranges"] = "bytes";
        response.ContentLength64 = bytes.Length;
        response.OutputStream.Write(bytes);
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                _ = Task.Run(() => Answer(context));
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // Closed: the test is over.
        }
    }

    private void Answer(HttpListenerContext context)
    {
        _requests.Enqueue(new Request(
            context.Request.Url!.PathAndQuery, context.Request.Headers.AllKeys.ToDictionary(static name => name!, name => context.Request.Headers[name]!, StringComparer.OrdinalIgnoreCase)));
        try
        {
            _answer(context);
            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or IOException or ObjectDisposedException)
        {
            // The client has hung up, or the test's answer failed.
            context.Response.Abort();
        }
    }
}
