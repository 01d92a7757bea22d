using System.Net;
using Keyway.Relay.Endpoints;
using Keyway.Relay.Gate;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Keyway.Relay;

/// <summary>The web application: the gate, and behind it the router.</summary>
internal static class RelayApp
{
    /// <summary>Starts it.</summary>
    /// <param name="options">How it serves.</param>
    /// <param name="state">What it serves.</param>
    /// <param name="token">Who may ask.</param>
    /// <returns>The application, and the address of its page. Ownership: the caller's.</returns>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<(WebApplication App, Uri Page)> StartAsync(RelayOptions options, RelayState state, RunToken token)
    {
        // The empty builder reads no file and no variable: nothing around the process can make it listen elsewhere, and nothing logs a path.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = RelayLimits.Connections;
            kestrel.Limits.MaxRequestBodySize = RelayLimits.RequestBytes;
        });
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = RelayLimits.Shutdown);
        WebApplication app = builder.Build();
        // Streams of the story end first: the server would wait for them.
        app.Lifetime.ApplicationStopping.Register(state.Story.End);
        Router router = new(state, app.Lifetime.ApplicationStopping);
        app.UseMiddleware<LoopbackGate>(token, options.Pages);
        app.Run(router.HandleAsync);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        string address = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        return (app, new Uri($"{address}/{token.Text}/"));
    }
}
