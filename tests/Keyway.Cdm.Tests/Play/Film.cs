using System.IO.Pipelines;
using System.Security.Cryptography;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Mp4;
using Keyway.Protection;

namespace Keyway.Cdm.Play;

/// <summary>The engine with one key system, and presentations written clear by it.</summary>
internal sealed class Film : IAsyncDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private readonly LicenseSteps _steps = new();

    public Film(IKeySystem system, TimeProvider? clock = null)
    {
        StepContext context = new() { Secrets = NSubstitute.Substitute.For<Plugins.ISecretReader>(), Clock = clock ?? TimeProvider.System };
        Engine = new KeywayEngine(new KeywayEngineOptions
        {
            KeySystems = [KeySystemCandidate.Of(system.Descriptor.Name, 1, system)],
            Direct = LicenseService.Direct(_steps, context, new HttpLicenseTransport(_http)),
            ContentHttp = _http,
            Clock = clock ?? TimeProvider.System,
        });
    }

    public KeywayEngine Engine { get; }

    /// <summary>Writes all tracks of a presentation into one clear file.</summary>
    /// <returns>Its SHA-256, and how many bytes it has.</returns>
    public async Task<(string Hash, long Length)> WriteAsync(string source, PresentationOptions options)
    {
        await using Presentation presentation = await Engine.OpenAsync(source, options, TestContext.Current.CancellationToken);
        await using MemoryStream file = new();
        PipeWriter writer = PipeWriter.Create(file, new StreamPipeWriterOptions(leaveOpen: true));
        await presentation.MergeAsync(presentation.Tracks, writer, TestContext.Current.CancellationToken);
        await writer.CompleteAsync();
        return (Convert.ToHexStringLower(SHA256.HashData(file.ToArray())), file.Length);
    }

    /// <summary>Reads all samples, as a sink of the application's own does.</summary>
    public async Task<string> ReadAsync(string source, PresentationOptions options)
    {
        await using Presentation presentation = await Engine.OpenAsync(source, options, TestContext.Current.CancellationToken);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (PresentationTrack track in presentation.Tracks)
        {
            await foreach (ClearFragment fragment in presentation.ReadAsync(track, TestContext.Current.CancellationToken))
                foreach (ClearSample sample in fragment.Samples) hash.AppendData(sample.Data.Span);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        _http.Dispose();
    }
}
