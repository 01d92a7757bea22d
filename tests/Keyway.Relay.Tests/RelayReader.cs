using System.Security.Cryptography;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway.Relay;

/// <summary>An engine that has no key and reads what the relay serves, as any player of the machine does.</summary>
internal sealed class RelayReader : IAsyncDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private readonly KeywayEngine _engine;

    public RelayReader()
    {
        StepContext context = new() { Secrets = NSubstitute.Substitute.For<Plugins.ISecretReader>(), Clock = TimeProvider.System };
        _engine = new KeywayEngine(new KeywayEngineOptions
        {
            KeySystems = [],
            Providers = [],
            Route = static _ => null,
            Direct = LicenseService.Direct(new LicenseSteps(), context, new FakeLicenseServer()),
            ContentHttp = _http,
        });
    }

    public ValueTask<Presentation> OpenAsync(Uri source) => _engine.OpenAsync(source, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>The samples of a track: a digest of each, and when it is shown.</summary>
    public static async Task<List<(string Digest, TimeSpan Time)>> SamplesAsync(Presentation presentation, PresentationTrack track)
    {
        List<(string, TimeSpan)> samples = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(track, TestContext.Current.CancellationToken))
            foreach (ClearSample sample in fragment.Samples) samples.Add((Convert.ToHexString(SHA256.HashData(sample.Data.Span)), sample.PresentationTime));
        return samples;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _http.Dispose();
    }
}
