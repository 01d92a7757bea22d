using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Keyway.Fleet.Processes;

/// <summary>The program as a process.</summary>
internal sealed class FleetProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(20) };

    private readonly Process _process;
    private readonly StringBuilder _said = new();

    private FleetProcess(Process process, Uri url) => (_process, Url) = (process, url);

    public Uri Url { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>All that it wrote.</summary>
    public string Said
    {
        get
        {
            lock (_said) return _said.ToString();
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="program">The program's assembly.</param>
    /// <param name="arguments">Settings, as the command line has them: <c>Fleet:Cluster=Redis</c>.</param>
    public static FleetProcess Start(string program, params IEnumerable<string> arguments)
    {
        Uri url = new($"http://127.0.0.1:{FreePort()}/");
        ProcessStartInfo info = new("dotnet", [program, $"--Fleet:Web:Url={url}", .. arguments.Select(static argument => "--" + argument)]) { RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["DOTNET_TieredPGO"] = "0";
        Process process = Process.Start(info)!;
        FleetProcess started = new(process, url);
        process.OutputDataReceived += started.Note;
        process.ErrorDataReceived += started.Note;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return started;
    }

    public static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        return ((System.Net.IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Waits until it is ready.</summary>
    public async Task ReadyAsync(double seconds = 60)
    {
        long end = Environment.TickCount64 + (long)(seconds * 1000);
        while (Environment.TickCount64 < end)
        {
            if (_process.HasExited) throw new InvalidOperationException($"it ended with {_process.ExitCode}: {Said}");
            if (await TextAsync("health/ready") is "ready\n") return;
            await Task.Delay(200);
        }

        throw new TimeoutException($"not ready: {await TextAsync("health/ready")} {Said}");
    }

    public async Task<string?> TextAsync(string path)
    {
        try
        {
            return await (await Http.GetAsync(new Uri(Url, path))).Content.ReadAsStringAsync();
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    public async Task<JsonElement> JsonAsync(string path) => JsonDocument.Parse(await Http.GetStringAsync(new Uri(Url, path))).RootElement;

    public async Task<HttpResponseMessage> PostAsync(string path, object body) => await Http.PostAsJsonAsync(new Uri(Url, path), body);

    public async Task<HttpResponseMessage> PutAsync(string path, object body) => await Http.PutAsJsonAsync(new Uri(Url, path), body);

    public async Task<HttpResponseMessage> DeleteAsync(string path) => await Http.DeleteAsync(new Uri(Url, path));

    /// <summary>Ends it at once, as a machine that is gone does.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks it to end, as an orchestrator does.</summary>
    public async Task<int> TerminateAsync(double seconds = 60)
    {
        using (Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(seconds));
        return _process.ExitCode;
    }

    /// <summary>Waits until it ends by itself.</summary>
    public async Task<int> ExitAsync(double seconds = 60)
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(seconds));
        return _process.ExitCode;
    }

    /// <summary>Its processor time and its memory.</summary>
    public (TimeSpan Processor, long Memory) Usage()
    {
        _process.Refresh();
        return (_process.TotalProcessorTime, _process.WorkingSet64);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_said)
            if (line.Data is { } text && _said.Length < 32 << 20) _said.AppendLine(text);
    }
}
