using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Keyway.Content;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Timeline;

namespace Keyway.Testing;

/// <summary>
/// Keyway for the tests of an application: real presentations of the application's own content, from files or from memory, with keys that the test knows. No
/// service, no plugin, no configuration, no network.
/// </summary>
/// <remarks>
/// <para>Protection headers are not read: the keys are those that tracks name (<c>cenc:default_KID</c>, <c>tenc</c>, boxes with key identifiers). A key that it does not
/// have, it does not give: reading such a track ends as it does when a licence lacks the key.</para>
/// <para>Threads: any; properties are set before the first use. Ownership: the test's, which disposes it after the presentations.</para>
/// </remarks>
public sealed class TestKeyway : IKeyway, IAsyncDisposable
{
    private readonly ConcurrentDictionary<Uri, ReadOnlyMemory<byte>> _content = new();
    private readonly HttpMessageInvoker _http;
    private readonly Lazy<KeywayEngine> _engine;

    /// <summary>Makes one without keys and content.</summary>
    public TestKeyway()
    {
        _http = new HttpMessageInvoker(new Memory(_content));
        _engine = new Lazy<KeywayEngine>(Make);
    }

    /// <summary>The addresses of content in memory begin so.</summary>
    public static Uri Root { get; } = new("https://content.test/");

    /// <summary>The names of the providers that the application may ask for. The first serves whoever names none.</summary>
    /// <value><c>test</c>.</value>
    public IReadOnlyList<string> Providers { get; init; } = ["test"];

    /// <summary>Whether the providers want a token (<see cref="PresentationOptions.Token"/>); it is in the header <c>Authorization</c> of <see cref="FakeLicenseServer.Received"/>.</summary>
    public bool WantsToken { get; init; }

    /// <summary>The clock that licences run by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How long a reader waits for a key.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan KeyWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The key system, for policies of keys and for faults.</summary>
    public FakeKeySystem KeySystem { get; } = new()
    {
        Descriptor = new KeySystemDescriptor
        {
            Name = "test",
            Systems = [SystemIds.Common, FakeKeySystem.System, SystemIds.ClearKeyDashIf, SystemIds.Widevine, SystemIds.PlayReady, SystemIds.FairPlay, SystemIds.Marlin],
            ChallengeIdentifiesDevice = true,
        },
        ReadsKeyIdsOnly = true,
    };

    /// <summary>The licence service: what it was asked, and what it answers next.</summary>
    public FakeLicenseServer Server { get; } = new();

    /// <inheritdoc/>
    public IEventSource Events => _engine.Value.Events;

    /// <inheritdoc/>
    public IReadOnlyList<SessionReport> Sessions => _engine.Value.Sessions;

    /// <summary>Adds a key.</summary>
    /// <param name="id">Its identifier: 32 hexadecimal digits, or a UUID.</param>
    /// <param name="key">The key: 32 hexadecimal digits.</param>
    /// <returns>This.</returns>
    /// <exception cref="FormatException">One of them is something else.</exception>
    public TestKeyway AddKey(string id, string key)
    {
        if (!KeyId.TryParse(id, out KeyId parsed)) throw new FormatException($"'{id}' is no key identifier");
        byte[] bytes = Convert.FromHexString(key);
        if (bytes.Length != 16) throw new FormatException("a key has 16 bytes");
        Server.Keys[parsed] = bytes;
        return this;
    }

    /// <summary>Adds content in memory: a file, a manifest, a segment. Manifests name others relatively, as on a server.</summary>
    /// <param name="path">Its path, <c>film/manifest.mpd</c>.</param>
    /// <param name="bytes">What it is. Ownership: the caller's, who does not change it.</param>
    /// <returns>The address to open.</returns>
    public Uri AddContent(string path, ReadOnlyMemory<byte> bytes)
    {
        Uri address = new(Root, path);
        _content[address] = bytes;
        return address;
    }

    /// <summary>Adds a folder of content with all that is in it.</summary>
    /// <param name="path">Its path, <c>film</c>.</param>
    /// <param name="folder">The folder.</param>
    /// <returns>The address of the folder.</returns>
    public Uri AddFolder(string path, string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            AddContent($"{path}/{Path.GetRelativePath(folder, file).Replace('\\', '/')}", File.ReadAllBytes(file));
        return new Uri(Root, path + "/");
    }

    /// <inheritdoc/>
    public ValueTask<Presentation> OpenAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default) => _engine.Value.OpenAsync(source, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Presentation> OpenAsync(string source, PresentationOptions? options = null, CancellationToken cancellationToken = default) => _engine.Value.OpenAsync(source, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ContentFacts> InspectAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default) => _engine.Value.InspectAsync(source, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ContentFacts> InspectAsync(string source, PresentationOptions? options = null, CancellationToken cancellationToken = default) => _engine.Value.InspectAsync(source, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TimelineSegment>> ListSegmentsAsync(ContentFacts facts, Rendition rendition, TimeRange range = default, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        _engine.Value.ListSegmentsAsync(facts, rendition, range, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ManifestFacts> ReadManifestAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default) => _engine.Value.ReadManifestAsync(source, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ProtectionMap> ReadProtectionAsync(ManifestFacts manifest, CancellationToken cancellationToken = default) => _engine.Value.ReadProtectionAsync(manifest, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TimeSpan?> ReadClockAsync(ManifestFacts manifest, CancellationToken cancellationToken = default) => _engine.Value.ReadClockAsync(manifest, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<SegmentProbe> ProbeAsync(ManifestFacts manifest, TimelineSegment segment, long most = long.MaxValue, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        _engine.Value.ProbeAsync(manifest, segment, most, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TimelineSegment>> ListSegmentsAsync(ManifestFacts manifest, Rendition rendition, TimeRange range = default, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        _engine.Value.ListSegmentsAsync(manifest, rendition, range, options, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_engine.IsValueCreated) await _engine.Value.DisposeAsync().ConfigureAwait(false);
        _http.Dispose();
    }

    private KeywayEngine Make()
    {
        StepContext context = new() { Secrets = new NoSecrets(), Clock = Clock };
        LicenseSteps steps = new();
        List<ConfiguredProvider> providers = [];
        foreach (string name in Providers)
        {
            Dictionary<string, string> settings = new(StringComparer.OrdinalIgnoreCase) { [$"{name}:Endpoints:{KeySystem.Descriptor.Name}"] = "https://license.test/", [$"{name}:Pipeline:0:Use"] = "challenge" };
            if (WantsToken) (settings[$"{name}:Pipeline:0:Use"], settings[$"{name}:Pipeline:1:Use"]) = ("token", "challenge");
            providers.Add(new ConfiguredProvider(LicenseService.Read(new TestSettings(name, settings), provider: null, steps, context, Server), []));
        }

        return new KeywayEngine(new KeywayEngineOptions
        {
            KeySystems = [KeySystemCandidate.Of(KeySystem.Descriptor.Name, 1, KeySystem)],
            Providers = providers,
            Route = _ => Providers.Count > 0 ? Providers[0] : null,
            Direct = LicenseService.Direct(steps, context, Server),
            ContentHttp = _http,
            Clock = Clock,
            KeyWait = KeyWait,
        });
    }

    /// <summary>Content in memory, whole or in ranges.</summary>
    private sealed class Memory(ConcurrentDictionary<Uri, ReadOnlyMemory<byte>> content) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Answer(request));

        private HttpResponseMessage Answer(HttpRequestMessage request)
        {
            if (!content.TryGetValue(request.RequestUri!, out ReadOnlyMemory<byte> bytes)) return new HttpResponseMessage(HttpStatusCode.NotFound);
            if (request.Headers.Range?.Ranges.FirstOrDefault() is not { } range) return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ReadOnlyMemoryContent(bytes) };
            long from = range.From ?? Math.Max(0, bytes.Length - range.To!.Value), to = range.From is null ? bytes.Length - 1 : Math.Min(range.To ?? long.MaxValue, bytes.Length - 1);
            if (from > to) return new HttpResponseMessage(HttpStatusCode.RequestedRangeNotSatisfiable);
            HttpResponseMessage part = new(HttpStatusCode.PartialContent) { Content = new ReadOnlyMemoryContent(bytes.Slice((int)from, (int)(to - from + 1))) };
            part.Content.Headers.ContentRange = new ContentRangeHeaderValue(from, to, bytes.Length);
            return part;
        }
    }
}
