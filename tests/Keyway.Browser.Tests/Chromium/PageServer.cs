using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Keyway.Browser.Chromium;

/// <summary>A server on loopback for the pages of a test and the scripts that they load. What it does not have is 404.</summary>
public sealed class PageServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PageServer(WebApplication app) => _app = app;

    /// <summary>Where its pages are: under <c>localhost</c>, by its name, so that they are of another origin than what listens on 127.0.0.1.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Starts one.</summary>
    /// <param name="files">Addresses, and what is there: a media type and the bytes.</param>
    /// <returns>The server.</returns>
    public static async Task<PageServer> StartAsync(IReadOnlyDictionary<string, (string Type, byte[] Body)> files)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        app.Run(context =>
        {
            if (!files.TryGetValue(context.Request.Path.Value ?? "", out (string Type, byte[] Body) file))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            context.Response.ContentType = file.Type;
            return context.Response.Body.WriteAsync(file.Body).AsTask();
        });
        await app.StartAsync();
        int port = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single()).Port;
        return new PageServer(app) { Url = new Uri($"http://localhost:{port}/") };
    }

    /// <summary>Ends it.</summary>
    /// <returns>A task that ends when it has ended.</returns>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
