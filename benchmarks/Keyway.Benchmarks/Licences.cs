using BenchmarkDotNet.Attributes;
using Keyway.Cli;
using Keyway.Cli.Sandbox;
using Keyway.Hosting;
using Keyway.Sources;

namespace Keyway.Benchmarks;

/// <summary>Opening the bundled presentation, and the licence exchange that follows: over loopback, with the sandbox's service as the other end.</summary>
public class Licences
{
    private static readonly Uri Manifest = MediaSources.AddressOf(Path.Combine(AppContext.BaseDirectory, "samples", "cenc", "manifest.mpd"));

    private SandboxProcess _sandbox = null!;
    private DemoDevice? _device;
    private KeywayHost _host = null!;
    private PresentationOptions _options = null!;

    [Params("clearkey", "widevine", "playready")]
    public string KeySystem { get; set; } = "";

    [GlobalSetup]
    public async Task SetupAsync()
    {
        CommandIo io = new() { Out = TextWriter.Null, Error = TextWriter.Null, OpenInput = () => Stream.Null, OpenOutput = () => Stream.Null };
        CommandContext context = new(io, Json: false, Configuration: null, Verbose: false, Settings: []);
        _sandbox = await SandboxProcess.StartAsync([], new Leftovers(), CancellationToken.None);
        _device = await DemoDevice.AskAsync(_sandbox, KeySystem, Host.ReadSettings(context), new Leftovers(), CancellationToken.None);
        if (_device is not null) context = context with { Settings = _device.Settings };
        _host = Host.Create(context);
        await Host.StartAsync(_host, context, KeySystem, CancellationToken.None);
        _options = new PresentationOptions { KeySystem = KeySystem, LicenseUrl = new Uri(_sandbox.Url, DemoDevice.PathOf(KeySystem)) };
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _host.DisposeAsync();
        _device?.Dispose();
        await _sandbox.DisposeAsync();
    }

    /// <summary>Manifest, protection, choice, session; the licence is on its way when it ends, and is not waited for.</summary>
    [Benchmark]
    public async Task OpenSession()
    {
        await using Presentation presentation = await _host.OpenAsync(Manifest, _options, CancellationToken.None);
    }

    /// <summary>The same, until every key may be used.</summary>
    [Benchmark]
    public async Task<int> Exchange()
    {
        await using Presentation presentation = await _host.OpenAsync(Manifest, _options, CancellationToken.None);
        await presentation.AcquireAsync(CancellationToken.None);
        return presentation.Sessions.Count;
    }
}
