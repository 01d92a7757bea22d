using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Keyway.Fleet.Leaks;

/// <summary>Takes what is sent to a collector of OpenTelemetry (OTLP over gRPC), and keeps it.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly MemoryStream _seen = new();

    private OtlpCollector(WebApplication app) => _app = app;

    public Uri Url { get; private set; } = null!;

    public byte[] Seen
    {
        get
        {
            lock (_seen) return _seen.ToArray();
        }
    }

    public static async Task<OtlpCollector> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2));
        OtlpCollector collector = new(builder.Build());
        collector._app.Run(collector.TakeAsync);
        await collector._app.StartAsync();
        collector.Url = new Uri(collector._app.Urls.First());
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    // A unary call of gRPC: one message each way, with a byte and a length before it, and the status in a trailer.
    private async Task TakeAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        lock (_seen) body.WriteTo(_seen);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
