using System.Net;
using System.Net.Sockets;

namespace Keyway.Fleet.Leaks;

/// <summary>Stands between silos and keeps what passes.</summary>
internal sealed class RecordingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly MemoryStream _seen = new();
    private readonly int _to;
    private readonly Task _run;

    /// <param name="to">The port that it leads to.</param>
    public RecordingProxy(int to)
    {
        _to = to;
        _listener.Start();
        _run = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public byte[] Seen
    {
        get
        {
            lock (_seen) return _seen.ToArray();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _run;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = PassAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It is over.
        }
    }

    private async Task PassAsync(TcpClient from)
    {
        using (from)
        using (TcpClient to = new())
        {
            try
            {
                await to.ConnectAsync(IPAddress.Loopback, _to, _stop.Token);
                await Task.WhenAny(CopyAsync(from.GetStream(), to.GetStream()), CopyAsync(to.GetStream(), from.GetStream()));
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException)
            {
                // One side went away.
            }
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to)
    {
        byte[] buffer = new byte[16 << 10];
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, _stop.Token)) > 0)
            {
                lock (_seen) _seen.Write(buffer, 0, read);
                await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // One side went away.
        }
    }
}
