using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Testing;

namespace Keyway;

/// <summary>An engine with a fake key system that answers for the common system, a fake licence service that knows the sample's keys, and a clock that stands.</summary>
internal sealed class PresentationBench : IAsyncDisposable
{
    public static readonly Uri LicenseUrl = new("https://license.example/acquire");

    private readonly List<object> _facts = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-presentation-").FullName;
    private readonly InProcessBus _bus = new();

    public PresentationBench(Func<KeywayEngineOptions, KeywayEngineOptions>? change = null, ILicenseTransport? transport = null)
    {
        Hear<ProtectionDetected>();
        Hear<LicenseNeeded>();
        Hear<ChallengeReady>();
        Hear<LicenseReceived>();
        Hear<KeysChanged>();
        Hear<SessionFailed>();
        Hear<FragmentDecrypted>();
        foreach ((KeyId id, byte[] key) in SampleKeys) Server.Keys[id] = key;
        LicenseService acme = LicenseService.Read(
            Settings.Section("Providers:acme", ("Endpoints:fake", LicenseUrl.AbsoluteUri), ("Pipeline:0:Use", "challenge")),
            provider: null, new LicenseSteps(), Settings.Context(Clock), transport ?? Server);
        KeywayEngineOptions options = new()
        {
            KeySystems = [KeySystemCandidate.Of("fake", 10, System)],
            Providers = [new ConfiguredProvider(acme, [])],
            Route = static _ => "acme",
            Direct = LicenseService.Direct(new LicenseSteps(), Settings.Context(Clock), transport ?? Server),
            Bus = _bus,
            Clock = Clock,
            KeyMemory = Memory,
        };
        Engine = new KeywayEngine(change is null ? options : change(options));
    }

    /// <summary>The keys of the sample, in the order of <c>keys.json</c>: 360, 180, audio.</summary>
    public static IReadOnlyList<(KeyId Id, byte[] Key)> SampleKeys { get; } = ReadKeys();

    public ManualClock Clock { get; } = new();

    public RecordingKeyMemory Memory { get; } = new();

    public FakeKeySystem System { get; } = Fake();

    public FakeLicenseServer Server { get; } = new();

    public KeywayEngine Engine { get; }

    /// <summary>What was said on the engine's own bus, in order.</summary>
    public IReadOnlyList<object> Facts
    {
        get
        {
            lock (_facts) return [.. _facts];
        }
    }

    public static FakeKeySystem Fake(string name = "fake", bool identifies = true) => new()
    {
        Descriptor = new KeySystemDescriptor { Name = name, Systems = [SystemIds.Common], Designators = [$"org.example.{name}"], ChallengeIdentifiesDevice = identifies },
    };

    public static Uri Sample(string path) => new(Path.Combine(Corpus.Root, "samples", path));

    /// <summary>The table of a sample track: size and MD5 of each clear sample.</summary>
    public static List<string> Table(string track) =>
    [
        .. File.ReadLines(Path.Combine(Corpus.Root, "samples", "expected", track + ".tsv")).Where(line => line.Length > 0 && line[0] != '#').Select(line => line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..]),
    ];

    [SuppressMessage("Security", "CA5351", Justification = "The tables hold MD5, as ffmpeg's framemd5 does.")]
    public static string Row(ReadOnlySpan<byte> sample) => $"{sample.Length}\t{Convert.ToHexStringLower(MD5.HashData(sample))}";

    public static async Task<List<string>> ReadAsync(Presentation presentation, int track)
    {
        List<string> rows = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[track], TestContext.Current.CancellationToken))
            foreach (ClearSample sample in fragment.Samples) rows.Add(Row(sample.Data.Span));
        return rows;
    }

    /// <summary>Runs a writer into memory.</summary>
    public static async Task<byte[]> WriteAsync(Func<PipeWriter, ValueTask<Mp4Summary>> write)
    {
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        Mp4Summary summary = await write(pipe);
        await pipe.FlushAsync(TestContext.Current.CancellationToken);
        summary.BytesWritten.Should().Be(output.Length);
        return output.ToArray();
    }

    /// <summary>The samples of one track of a clear file.</summary>
    public static async Task<List<string>> SamplesAsync(byte[] file, uint? track = null)
    {
        List<string> rows = [];
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "output", TestContext.Current.CancellationToken);
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, each => track is null || each.Id == track, TestContext.Current.CancellationToken))
            foreach (ClearSample sample in fragment.Samples) rows.Add(Row(sample.Data.Span));
        return rows;
    }

    /// <summary>Lets the clock go on until something has ended.</summary>
    public async Task AdvanceUntilAsync(Task task, TimeSpan step)
    {
        for (int i = 0; i < 100_000 && !task.IsCompleted; i++)
        {
            Clock.Advance(step);
            await Task.WhenAny(task, Task.Delay(1, TestContext.Current.CancellationToken));
        }
    }

    /// <summary>A file in this test's own folder.</summary>
    public Uri Place(string name, byte[] content)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return new Uri(path);
    }

    /// <summary>Copies the cenc sample, and lets the test change each file.</summary>
    public Uri PlaceSample(Func<string, byte[], byte[]> change)
    {
        string source = Path.Combine(Corpus.Root, "samples", "cenc");
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
            Place(Path.GetRelativePath(source, file), change(Path.GetFileName(file), File.ReadAllBytes(file)));
        return new Uri(Path.Combine(_folder, "manifest.mpd"));
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static List<(KeyId Id, byte[] Key)> ReadKeys()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Root, "samples", "keys.json")));
        List<(KeyId, byte[])> keys = [];
        foreach (JsonElement entry in document.RootElement.GetProperty("keys").EnumerateArray())
        {
            KeyId.TryParse(entry.GetProperty("kid").GetString(), out KeyId id).Should().BeTrue();
            keys.Add((id, Convert.FromHexString(entry.GetProperty("key").GetString()!)));
        }

        return keys;
    }

    private void Hear<T>()
        where T : IKeywayEvent
        => _bus.Subscriber<T>().Subscribe(fact =>
        {
            lock (_facts) _facts.Add(fact);
        });
}
