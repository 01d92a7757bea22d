using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Decryption;
using Keyway.Hosting;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Keyway.Sandbox.Live;

/// <summary>The sandbox with its live mode in this process, and a host that plays it, both going by one clock that the test moves.</summary>
internal sealed class LiveBench : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-live-").FullName;
    private readonly Dictionary<int, int> _decrypted = [];
    private readonly Dictionary<int, long> _fetched = [];
    private readonly List<IDisposable> _subscriptions = [];
    private WebApplication? _app;

    private LiveBench()
    {
    }

    public ManualClock Clock { get; } = new(TimeProvider.System.GetUtcNow());

    public Uri Url { get; private set; } = null!;

    public KeywayHost Host { get; private set; } = null!;

    /// <summary>How many licences have come.</summary>
    public int Licenses;

    /// <summary>The most sessions that were open at a time.</summary>
    public int MostSessions { get; private set; }

    public static async Task<LiveBench> StartAsync(string system)
    {
        LiveBench bench = new();
        (bench._app, string[] urls, _) = await SandboxApp.StartAsync(new SandboxOptions { Port = 0, Data = Path.Combine(bench._folder, "data"), IsLive = true }, bench.Clock);
        bench.Url = new Uri(urls[0]);
        Dictionary<string, string?> settings = new()
        {
            ["Keyway:Plugins:Allow:clearkey:Disabled"] = "false",
            ["Keyway:Plugins:Allow:widevine:Disabled"] = "false",
            ["Keyway:Plugins:Allow:playready:Disabled"] = "false",
            [$"Keyway:KeySystems:{system}:Plugin"] = system,
        };
        await bench.AddDeviceAsync(system, settings);
        bench.Host = new KeywayHost(new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection("Keyway"), new KeywayHostOptions { Clock = bench.Clock });
        bench.Hear<FragmentDecrypted>(fact =>
        {
            lock (bench._decrypted) bench._decrypted[fact.Track] = bench._decrypted.GetValueOrDefault(fact.Track) + 1;
        });
        bench.Hear<LicenseReceived>(_ => Interlocked.Increment(ref bench.Licenses));
        return bench;
    }

    public PresentationOptions Options(string system, TimeSpan duration) => new()
    {
        KeySystem = system,
        LicenseUrl = new Uri(Url, system == "playready" ? "playready/rightsmanager.asmx" : system),
        Duration = duration,
        Progress = new Fetched(this),
    };

    /// <summary>Writes it while time goes by, two seconds at a time: it never goes on before what is there has been read.</summary>
    /// <param name="presentation">The presentation.</param>
    /// <param name="segments">How many segments of video there will be.</param>
    /// <param name="last">The second at which the clock stops, because the manifest says by then that it is over; <see langword="null"/>: when all of that is clear.</param>
    public async Task<byte[]> RecordAsync(Presentation presentation, int segments, int? last = null)
    {
        MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        Task<Mp4Summary> writing = presentation.MergeAsync(presentation.Tracks, pipe, TestContext.Current.CancellationToken).AsTask();
        for (int second = 0; !writing.IsCompleted; second += 2)
        {
            // Video is there to the second; audio is known when the manifest is fetched again, and fragments follow each other by their time.
            long pictures = Math.Min((second + 2) / 4, segments), sound = Math.Min((second - 4) / 4, segments), clear = Math.Min((second - 12) / 4, segments);
            try
            {
                await Eventually.Is(() => writing.IsCompleted || (Fetches(0) >= pictures && Fetches(1) >= sound && Fragments(0) >= clear && Fragments(1) >= clear && !IsAsking(presentation)));
            }
            catch (TimeoutException late)
            {
                throw new TimeoutException(
                    $"second {second}: {Fetches(0)}, {Fetches(1)} segments, {Fragments(0)}, {Fragments(1)} fragments, {string.Join("; ", presentation.Sessions.Select(each => $"{each.State} {string.Join(',', each.Wanted)} {each.Error?.Message}"))}; {string.Join("; ", presentation.Notes)}", late);
            }

            MostSessions = Math.Max(MostSessions, presentation.Sessions.Count);
            // A moment more, and a segment would be due that comes after the end: the manifest is asked for at the same moments as segments.
            // Nor is time to run away from requests that are under way while the end is written.
            if (second >= (last ?? (4 * segments) + 12))
            {
                await writing.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
                break;
            }

            if (second > 3600) throw new TimeoutException("an hour has gone by");
            Clock.Advance(TimeSpan.FromSeconds(2));
        }

        await writing;
        await pipe.FlushAsync(TestContext.Current.CancellationToken);
        return output.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IDisposable subscription in _subscriptions) subscription.Dispose();
        await Host.DisposeAsync();
        if (_app is not null) await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The rows of a table of the sample: size and MD5 of each clear sample.</summary>
    public static List<string> Table(string track) =>
    [
        .. File.ReadLines(Path.Combine(Corpus.Root, "samples", "expected", track + ".tsv")).Where(line => line.Length > 0 && line[0] != '#').Select(line => line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..]),
    ];

    /// <summary>The samples of a track of a clear file, and where its fragments begin and end.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "The tables hold MD5, as ffmpeg's framemd5 does.")]
    public static async Task<(List<string> Rows, List<(ulong Start, ulong End)> Fragments)> ReadAsync(byte[] file, uint track)
    {
        List<string> rows = [];
        List<(ulong, ulong)> fragments = [];
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "output", TestContext.Current.CancellationToken);
        await foreach (ClearFragment fragment in reader.ReadAsync(new NoKeys(), each => each.Id == track, TestContext.Current.CancellationToken))
        {
            fragments.Add((fragment.DecodeTime, fragment.DecodeTime + fragment.Duration));
            foreach (ClearSample sample in fragment.Samples) rows.Add($"{sample.Data.Length}\t{Convert.ToHexStringLower(MD5.HashData(sample.Data.Span))}");
        }

        return (rows, fragments);
    }

    // A request on its way takes no time here: it is not to run into a time-out because the clock does not wait for it.
    private static bool IsAsking(Presentation presentation) => presentation.Sessions.Any(static session => session.State == SessionState.Acquiring);

    private long Fetches(int track)
    {
        lock (_fetched) return _fetched.GetValueOrDefault(track);
    }

    private int Fragments(int track)
    {
        lock (_decrypted) return _decrypted.GetValueOrDefault(track);
    }

    private void Hear<T>(Action<T> hear)
        where T : IKeywayEvent
        => _subscriptions.Add(Host.Events.Subscriber<T>().Subscribe(new Handler<T>(hear)));

    private async Task AddDeviceAsync(string system, Dictionary<string, string?> settings)
    {
        if (system == "clearkey") return;
        using HttpClient http = new() { BaseAddress = Url };
        using HttpResponseMessage answer = await http.PostAsync(new Uri($"credential/{system}", UriKind.Relative), null);
        using JsonDocument device = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync());
        using JsonDocument trust = JsonDocument.Parse(await http.GetStreamAsync(new Uri("trust", UriKind.Relative)));
        string prefix = $"Keyway:KeySystems:{system}:Settings:";
        (string Setting, string File)[] secrets = system == "widevine"
            ? [("PrivateKey", "private_key.pem"), ("ClientId", "client_id.bin")]
            : [("Chain", "chain"), ("SignKey", "signKey"), ("EncryptKey", "encryptKey")];
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "secrets")).FullName;
        settings["Keyway:Secrets:Directory"] = folder;
        foreach ((string setting, string file) in secrets)
        {
            string name = setting.ToLowerInvariant();
            await File.WriteAllBytesAsync(Path.Combine(folder, name), device.RootElement.GetProperty(file).GetBytesFromBase64());
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path.Combine(folder, name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            settings[prefix + setting] = $"secret:{name}";
        }

        settings[prefix + "Roots:test:PublicKey"] = trust.RootElement.GetProperty(system).GetProperty("rootPublicKey").GetString();
        settings[prefix + "Roots:test:Development"] = "true";
        if (system == "playready") settings[prefix + "ServerKey"] = trust.RootElement.GetProperty(system).GetProperty("serverEncryptionKey").GetString();
    }

    private sealed class Fetched(LiveBench bench) : IProgress<PresentationProgress>
    {
        public void Report(PresentationProgress value)
        {
            lock (bench._fetched) bench._fetched[value.Track] = value.Done;
        }
    }

    private sealed class Handler<T>(Action<T> hear) : IMessageHandler<T>
    {
        public void Handle(T message) => hear(message);
    }

    private sealed class NoKeys : IMediaKeys
    {
        public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken) => throw new InvalidOperationException("a sample is still protected");
    }
}
