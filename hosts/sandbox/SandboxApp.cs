using System.Net;
using System.Text.Json;
using Keyway.Sandbox.ClearKey;
using Keyway.Sandbox.ExpressPlay;
using Keyway.Sandbox.Live;
using Keyway.Sandbox.PlayReady;
using Keyway.Sandbox.Providers;
using Keyway.Sandbox.Vod;
using Keyway.Sandbox.Widevine;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Keyway.Sandbox;

/// <summary>The web application: who may ask, which faults to make, which licence services there are.</summary>
internal static partial class SandboxApp
{
    private const long MaxRequestLength = 1 << 20;   // a licence request is a few kilobytes

    /// <summary>Runs it until it is told to stop, or until its parent goes.</summary>
    /// <param name="options">What the command line says.</param>
    /// <returns>A task that ends when it has stopped.</returns>
    public static async Task RunAsync(SandboxOptions options)
    {
        (WebApplication app, string[] urls, ContentKeys keys) = await StartAsync(options, TimeProvider.System);
        await using (app)
        {
            if (options.IsChild) await ServeParentAsync(app, urls);
            else Console.Error.WriteLine($"Listening on {string.Join(" and ", urls)} with {keys.All.Count} content keys. Ctrl+C ends it.");
            await app.WaitForShutdownAsync();
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="options">What the command line says.</param>
    /// <param name="clock">The time that the live mode goes by.</param>
    /// <returns>The application, its addresses, and the keys that it knows.</returns>
    internal static async Task<(WebApplication App, string[] Urls, ContentKeys Keys)> StartAsync(SandboxOptions options, TimeProvider clock)
    {
        DataFolder data = DataFolder.Open(options.Data);
        ContentKeys keys = ContentKeys.Load([data.OwnKeysFile(), .. options.KeyFiles]);
        ServiceState expressPlay = ServiceState.Load(data, options.ExpressPlay);

        WebApplication app = Build(options);
        if (data.IsOpenToOthers) Log.OpenToOthers(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("data"), data.Path);
        app.UseMiddleware<LoopbackOnly>();
        app.UseMiddleware<WebPages>(options.AllowedOrigins);
        StandingFaults standing = new(options.Faults);
        app.UseMiddleware<Faults>(standing);
        app.Use(TellAsync);
        IAuthority[] authorities = Authorities(data);
        FrontPage.Map(app, keys, data, authorities);
        OpenApi.Map(app);
        AuthorityEndpoints.Map(app, authorities);
        ClearKeyEndpoint.Map(app, keys);   // another system: another folder, another line here
        WidevineAuthority widevine = authorities.OfType<WidevineAuthority>().Single();
        PlayReadyAuthority playReady = authorities.OfType<PlayReadyAuthority>().Single();
        WidevineEndpoint.Map(app, widevine, keys, options.Widevine);
        PlayReadyEndpoint.Map(app, playReady, keys);

        // A licence for a token comes from services that have no key but the token's.
        ContentKeys none = ContentKeys.Of([]);
        WidevineService widevineForTokens = new(() => widevine.Keys, none, new Dictionary<string, string>(), TimeProvider.System);
        PlayReadyService playReadyForTokens = new(() => playReady.Keys, none, TimeProvider.System);
        ExpressPlayEndpoint.Map(app, expressPlay, options.ExpressPlay, keys, (desk, logger) => new LicenseHost(desk, widevineForTokens, playReadyForTokens, logger));
        ProviderEndpoints.Map(
            app,
            new ProviderTokens(data, TimeProvider.System),
            new WidevineService(() => widevine.Keys, keys, options.Widevine, TimeProvider.System),
            new PlayReadyService(() => playReady.Keys, keys, TimeProvider.System));
        if (options.Control.Length > 0) FaultControl.Map(app, options.Control, standing);
        VodEndpoint.Map(app);
        if (options.IsLive) LiveEndpoint.Map(app, new LiveChannel(keys, clock), clock);

        await app.StartAsync();
        string[] urls = [.. app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Select(address => address + "/")];
        return (app, urls, keys);
    }

    /// <summary>The systems that have certificates. None is made before it is needed.</summary>
    /// <param name="data">Where they keep their keys.</param>
    /// <returns>One for each system.</returns>
    public static IAuthority[] Authorities(DataFolder data) => [new WidevineAuthority(data, TimeProvider.System), new PlayReadyAuthority(data)];

    private static async Task TellAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (SandboxException e)   // a file of the data folder, which is first looked at when it is needed
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status500InternalServerError, "data-folder", e.Message);
        }
    }

    private static WebApplication Build(SandboxOptions options)
    {
        // The empty builder reads no file and no variable: nothing around the process can make it listen elsewhere.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port);
            if (options.ProductionPort is { } port) kestrel.Listen(IPAddress.Loopback, port, listen => listen.Use(Mark));
            kestrel.Limits.MaxRequestBodySize = MaxRequestLength;
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Logging
            .AddSimpleConsole(line => line.SingleLine = true)
            .AddFilter("Microsoft", LogLevel.None)   // a cut or reset on demand is no news
            .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return builder.Build();
    }

    private static ConnectionDelegate Mark(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(new ProductionPort());
        return next(connection);
    };

    private static async Task ServeParentAsync(WebApplication app, string[] urls)
    {
        using (MemoryStream line = new())
        {
            using (Utf8JsonWriter json = new(line))
            {
                json.WriteStartObject();
                json.WriteString("url"u8, urls[0]);
                if (urls.Length > 1) json.WriteString("production"u8, urls[1]);
                json.WriteNumber("pid"u8, Environment.ProcessId);
                json.WriteEndObject();
            }

            line.WriteByte((byte)'\n');
            await using Stream output = Console.OpenStandardOutput();
            await output.WriteAsync(line.ToArray());
        }

        // A thread of its own: reading standard input waits without regard to cancellation, and must not keep the process.
        new Thread(() =>
        {
            using Stream input = Console.OpenStandardInput();
            Span<byte> ignored = stackalloc byte[256];
            while (input.Read(ignored) > 0)
            {
            }

            app.Lifetime.StopApplication();
        })
        { IsBackground = true, Name = "parent" }.Start();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Folder}: others may write to this folder, and so put keys of theirs in the place of the sandbox's; its mode is left as it is")]
        public static partial void OpenToOthers(ILogger logger, string folder);
    }
}
