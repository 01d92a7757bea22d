using System.IO.Pipelines;
using Keyway;
using Keyway.Hosting;
using Keyway.Licensing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// embed MANIFEST OUTPUT: writes the first track of a protected presentation clear.
HostApplicationBuilder builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddKeyway(builder.Configuration.GetSection("Keyway"));
using IHost app = builder.Build();
await app.StartAsync();

PresentationOptions options = new()
{
    Provider = "acme",
    // Your storefront is asked here, when a licence needs a token, and again when the service says that the last one is too old.
    Token = static (request, cancellationToken) => new(LicenseToken.FromText($"{request.Reason} token for {request.KeySystem}")),
};
await using Presentation presentation = await app.Services.GetRequiredService<KeywayHost>().OpenAsync(new Uri(Path.GetFullPath(args[0])), options);
PresentationTrack track = presentation.Tracks[0];
PipeWriter output = PipeWriter.Create(File.Create(args[1]));
Keyway.Mp4.Mp4Summary written = await presentation.WriteAsync(track, output);
await output.CompleteAsync();
Console.WriteLine($"{track.Kind} {track.Codec}: {written.BytesWritten} bytes");
await app.StopAsync();
