using System.Text.Json;
using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

[assembly: KeywayPlugin("careless", typeof(Zoo.CarelessPlugin))]

namespace Zoo;

/// <summary>Loads, and gets wrong what only a look at the folder finds: what it uses, how it names things, what it makes of no settings.</summary>
public sealed class CarelessPlugin : IPlugin
{
    private static readonly AsyncLocal<CarelessPlugin?> Current = new();

    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        Current.Value = null;
        builder.AddMiddleware("a:colon", static _ => new Reflecting()).AddProvider("careless", static settings => new CarelessProvider(settings["Settings:Url"]!.Trim()));
    }

    private sealed class Reflecting : ILicenseMiddleware
    {
        public ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
        {
            _ = JsonSerializer.Serialize(exchange.KeyIds, JsonSerializerOptions.Default);
            return next(exchange, cancellationToken);
        }
    }

    private sealed class CarelessProvider(string url) : ILicenseProvider
    {
        public string Name => url;

        public void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings) => pipeline.Use("challenge");
    }
}
