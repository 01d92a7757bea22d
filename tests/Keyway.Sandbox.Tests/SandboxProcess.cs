using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Keyway.Sandbox;

/// <summary>The sandbox as a child process with a data folder of its own. Every wait is bounded.</summary>
internal sealed class SandboxProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private SandboxProcess(Process process, string data)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
        Data = data;
    }

    public string Data { get; }

    public string ReadyLine { get; private set; } = "";

    public HttpClient Http { get; } = new() { Timeout = Patience };

    public static string Program { get; } = typeof(SandboxProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(pair => pair.Key == "Sandbox").Value!;

    /// <summary>Starts it and waits until it listens.</summary>
    public static async Task<SandboxProcess> StartAsync(params string[] more)
    {
        string data = Path.Combine(Path.GetTempPath(), $"keyway-sandbox-{Guid.NewGuid():N}");
        SandboxProcess sandbox = new(Start(["--port", "0", "--ready", "-", "--data", data, .. more]), data);
        try
        {
            sandbox.ReadyLine = await sandbox._process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience)
                ?? throw new InvalidOperationException($"no ready line: {await sandbox._errors.WaitAsync(Patience)}");
            sandbox.Http.BaseAddress = new Uri(JsonDocument.Parse(sandbox.ReadyLine).RootElement.GetProperty("url").GetString()!);
            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs it where it ends by itself.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] args)
    {
        using Process process = Start(args);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            process.Kill();
            throw;
        }

        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Closes its standard input and waits for its end.</summary>
    public async Task<(int Code, string MoreOutput, string Errors)> EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return (_process.ExitCode, await _process.StandardOutput.ReadToEndAsync().WaitAsync(Patience), await _errors.WaitAsync(Patience));
    }

    public int Id => _process.Id;

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        _process.Dispose();
        if (Directory.Exists(Data)) Directory.Delete(Data, recursive: true);
    }

    private static Process Start(string[] args)
    {
        ProcessStartInfo start = new("dotnet", [Program, .. args]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

        // Would make any ASP.NET program listen on every address, if it asked its surroundings.
        start.Environment["ASPNETCORE_URLS"] = "http://0.0.0.0:0";
        start.Environment["Kestrel__Endpoints__Open__Url"] = "http://0.0.0.0:0";
        return Process.Start(start)!;
    }
}
