using Keyway.Sandbox;
using Microsoft.AspNetCore.Builder;

namespace Keyway.Browser.Players;

/// <summary>The sandbox, live mode and all, with a data folder of its own.</summary>
public sealed class RunningSandbox : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("keyway-sandbox-").FullName;
    private WebApplication? _app;

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        (_app, string[] urls, _) = await SandboxApp.StartAsync(new SandboxOptions { Port = 0, Data = _data, IsLive = true }, TimeProvider.System);
        Url = new Uri(urls[0]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}
