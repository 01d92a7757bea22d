using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.KeyFiles;

/// <summary>The key files of one presentation, with a server of the tests, a vault that is watched, and a table of sessions.</summary>
internal sealed class KeyFileBench : IAsyncDisposable
{
    private readonly List<object> _facts = [];
    private readonly InProcessBus _bus = new();
    private readonly ContentKeyVault _vault;
    private readonly KeyFileSystem _system = new();

    public KeyFileBench(string origin = "https://a.example/p/master.m3u8", SourceOptions? options = null, RawMediaKeys? held = null, OutputCapabilities? sink = null, EagerClock? clock = null)
    {
        Clock = clock ?? new EagerClock(TimeSpan.FromSeconds(10));
        Hear<ProtectionDetected>();
        Hear<LicenseNeeded>();
        Hear<LicenseReceived>();
        Hear<KeysChanged>();
        Hear<SessionFailed>();
        _vault = new ContentKeyVault(Clock, Acceleration.Auto, Memory);
        Sessions = new SessionEngine(new SessionEngineOptions { Vault = _vault, Bus = _bus, Clock = Clock });
        Origin = ContentOrigin.Of(new Uri(origin));
        MediaSources sources = new(new HttpMessageInvoker(Server), Clock, options);
        Files = new PresentationKeyFiles(
            sources,
            transport =>
            {
                Transport = transport;
                return Sessions.Join(new KeyRingOptions { Presentation = PresentationId.Create(), KeySystem = _system, Service = LicenseService.OfContent(KeyFileSystem.Name, transport) });
            },
            _vault,
            sink ?? OutputCapabilities.None,
            held,
            new KeyWaitSettings { Clock = Clock, KeyWait = TimeSpan.FromSeconds(30) });
        (Files.Origin, Files.Noted) = (Origin, Notes.Add);
    }

    public EagerClock Clock { get; }

    public FakeServer Server { get; } = new();

    public RecordingKeyMemory Memory { get; } = new();

    public SessionEngine Sessions { get; }

    public PresentationKeyFiles Files { get; }

    public ContentOrigin Origin { get; set; }

    public KeyFileTransport? Transport { get; private set; }

    public List<string> Notes { get; } = [];

    public IReadOnlyList<object> Facts
    {
        get
        {
            lock (_facts) return [.. _facts];
        }
    }

    /// <summary>How often an address was asked for.</summary>
    public int Asked(string url)
    {
        lock (Server.Requests) return Server.Requests.Count(request => request.Url == url);
    }

    public static SegmentKey Key(string uri, SegmentKeyMethod method = SegmentKeyMethod.Aes128, byte[]? vector = null) =>
        new() { Method = method, Uri = new Uri(uri), InitializationVector = vector ?? SegmentMessages.Vector, Place = "media.m3u8 line 5, EXT-X-KEY" };

    /// <summary>Opens a segment that the key of <see cref="SegmentMessages"/> has encrypted, and checks that it is what was encrypted.</summary>
    public async Task OpenAsync(SegmentKey key)
    {
        byte[] clear = [.. Enumerable.Repeat((byte)'x', 100)];
        SegmentCipher cipher = await Files.LeaseAsync(key, Origin, TestContext.Current.CancellationToken);
        await using SegmentCipherStream stream = new(new MemoryStream(SegmentMessages.Encrypt(clear, key.InitializationVector.ToArray())), cipher, "segment");
        byte[] found = new byte[200];
        int read = await stream.ReadAtLeastAsync(found, 200, throwOnEndOfStream: false, TestContext.Current.CancellationToken);
        found[..read].Should().Equal(clear);
    }

    public async Task<KeyUnavailableException> FailAsync(SegmentKey key) =>
        (await this.Invoking(bench => bench.Files.LeaseAsync(key, bench.Origin, TestContext.Current.CancellationToken).AsTask()).Should().ThrowAsync<KeyUnavailableException>()).Which;

    public async ValueTask DisposeAsync()
    {
        await Files.DisposeAsync();
        await Sessions.DisposeAsync();
        _vault.Dispose();
        Server.Dispose();
    }

    private void Hear<T>()
        where T : IKeywayEvent
        => _bus.Subscriber<T>().Subscribe(fact =>
        {
            lock (_facts) _facts.Add(fact);
        });
}
