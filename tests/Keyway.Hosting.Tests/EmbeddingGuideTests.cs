using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Keyway.Content;
using Keyway.Cpix;
using Keyway.Diagnostics;
using Keyway.Hosting.Configuration;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Testing;
using Keyway.Timeline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Keyway.Hosting;

/// <summary>The code of <c>docs/embedding.md</c>: it is compiled here, and does what the page says.</summary>
[SuppressMessage("Performance", "CA1859", Justification = "The page shows the interface, which is what an application takes.")]
public sealed class EmbeddingGuideTests : IAsyncDisposable
{
    private readonly TestKeyway _keyway = Sample();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _keyway.DisposeAsync();

    [Fact]
    public async Task Tracks_are_listed_without_a_licence()
    {
        List<string> lines = [];
        await ListAsync(_keyway, SampleContent.Manifest, lines.Add);
        lines.Should().HaveCount(3).And.Contain(line => line.Contains("640×360", StringComparison.Ordinal) && line.Contains("protected", StringComparison.Ordinal));
        _keyway.Server.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task Samples_go_into_a_decoder()
    {
        await using Presentation presentation = await _keyway.OpenAsync(SampleContent.Manifest, cancellationToken: Cancel);
        Decoder decoder = new();
        await FeedAsync(presentation, presentation.Tracks[0], decoder, Cancel);
        decoder.Made.Should().Equal("avcC");
        decoder.Times.Should().HaveCount(500).And.OnlyHaveUniqueItems();
        decoder.Times.Max().Should().Be(TimeSpan.FromSeconds(20) - TimeSpan.FromMilliseconds(40));
    }

    [Fact]
    public async Task Renditions_and_their_segments_are_listed()
    {
        await using Presentation presentation = await _keyway.OpenAsync(SampleContent.Manifest, cancellationToken: Cancel);
        List<string> lines = [];
        await ListSegmentsAsync(presentation, lines.Add, Cancel);
        lines.Should().HaveCount(3).And.OnlyContain(static line => line.Contains("3 segments from 00:00:08", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_player_seeks()
    {
        await using Presentation presentation = await _keyway.OpenAsync(SampleContent.Manifest, cancellationToken: Cancel);
        Decoder decoder = new();
        await SeekAsync(presentation, presentation.Tracks[0], TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(12), decoder, Cancel);
        decoder.Times.Should().HaveCount(50);
        (decoder.Times.Min(), decoder.Times.Max()).Should().Be((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(11.96)));
    }

    [Fact]
    public async Task One_segment_is_served()
    {
        await using Presentation presentation = await _keyway.OpenAsync(SampleContent.Manifest, cancellationToken: Cancel);
        using MemoryStream response = new();
        Rendition rendition = presentation.Timeline.Periods[0].Renditions.Single(static each => each.Height == 180);
        await ServeAsync(presentation, rendition, 3, response, Cancel);
        response.Length.Should().Be(new FileInfo(Path.Combine(SampleContent.Folder, "cenc", "video-180", "3.m4s")).Length);
    }

    [Fact]
    public async Task Hls_is_opened_and_read_like_anything_else()
    {
        _keyway.AddFolder("hls", Path.Combine(SampleContent.Folder, "hls", "sample-aes"));
        Decoder decoder = new();
        await PlayAsync(_keyway, new Uri(TestKeyway.Root, "hls/master.m3u8"), decoder, Cancel);
        decoder.Made.Should().Equal("avcC");
        decoder.Times.Should().HaveCount(500).And.OnlyHaveUniqueItems();
        _keyway.Server.Received.Should().BeEmpty("its keys are files beside it");
    }

    [Fact]
    public async Task A_segment_of_a_transport_stream_stays_one_and_as_long_as_it_was()
    {
        string source = Path.Combine(SampleContent.Folder, "hls", "sample-aes"), folder = Directory.CreateTempSubdirectory("keyway-guide-").FullName;
        try
        {
            _keyway.AddFolder("hls", source);
            await using Presentation presentation = await _keyway.OpenAsync(new Uri(TestKeyway.Root, "hls/master.m3u8"), cancellationToken: Cancel);
            await SaveAsync(presentation, presentation.Timeline.Periods[0].Renditions.Single(static each => each.Kind == MediaKind.Video), folder, Cancel);
            string[] saved = [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)];
            saved.Select(static file => new FileInfo(file).Length).Should().Equal(Enumerable.Range(1, 5).Select(number => new FileInfo(Path.Combine(source, $"video-180-{number}.ts")).Length));
            saved.Select(static file => File.ReadAllBytes(file)[0]).Should().AllBeEquivalentTo((byte)0x47);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_key_of_the_application_s_own_takes_the_place_of_a_key_file()
    {
        string source = Path.Combine(SampleContent.Folder, "hls", "aes-128");
        foreach (string file in Directory.EnumerateFiles(source).Where(static file => Path.GetExtension(file) != ".key"))
            _keyway.AddContent($"hls/{Path.GetFileName(file)}", await File.ReadAllBytesAsync(file, Cancel));
        Uri playlist = new(TestKeyway.Root, "hls/master.m3u8");
        (await CountAsync(_keyway, playlist, "SD.key", Convert.FromHexString(SampleKey(1).Key), Cancel)).Should().Be(500);
        Func<Task> another = () => CountAsync(_keyway, playlist, "HD.key", Convert.FromHexString(SampleKey(1).Key), Cancel);
        await another.Should().ThrowAsync<KeyUnavailableException>("the key file itself is not there");
    }

    [Fact]
    public async Task Keys_of_a_cpix_document_take_the_place_of_a_licence()
    {
        string vectors = Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Cpix", "Vectors");
        using RSA recipient = RSA.Create();
        recipient.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(vectors, "recipient.pem"), Cancel));
        await using TestKeyway keyway = new();
        keyway.Server.Next(FakeLicenseServer.Text("no licence", status: 403));
        byte[] document = await File.ReadAllBytesAsync(Path.Combine(vectors, "pskc.xml"), Cancel);
        (await CountAsync(keyway, SampleContent.Manifest, document, recipient, Cancel)).Should().Be(500);
        keyway.Server.Received.Should().BeEmpty("nobody had to be asked");
        document.Should().OnlyContain(static letter => letter == 0);
    }

    [Fact]
    public async Task A_rule_of_a_cpix_document_names_the_key_of_a_playlist()
    {
        string source = Path.Combine(SampleContent.Folder, "hls", "aes-128");
        foreach (string file in Directory.EnumerateFiles(source).Where(static file => Path.GetExtension(file) != ".key"))
            _keyway.AddContent($"hls/{Path.GetFileName(file)}", await File.ReadAllBytesAsync(file, Cancel));
        Uri playlist = new(TestKeyway.Root, "hls/master.m3u8");
        using CpixDocument cpix = CpixDocument.Read(System.Text.Encoding.UTF8.GetBytes($"""
            <CPIX xmlns="urn:dashif:org:cpix" xmlns:pskc="urn:ietf:params:xml:ns:keyprov:pskc"><ContentKeyList>{string.Concat(Enumerable.Range(0, 2).Select(static index =>
                $"<ContentKey kid=\"{Guid.Parse(SampleKey(index).Kid)}\"><Data><pskc:Secret><pskc:PlainValue>{Convert.ToBase64String(Convert.FromHexString(SampleKey(index).Key))}</pskc:PlainValue></pskc:Secret></Data></ContentKey>"))}</ContentKeyList>
            <ContentKeyUsageRuleList><ContentKeyUsageRule kid="{Guid.Parse(SampleKey(0).Kid)}"><VideoFilter minPixels="100000"/></ContentKeyUsageRule><ContentKeyUsageRule kid="{Guid.Parse(SampleKey(1).Kid)}"><VideoFilter maxPixels="99999"/></ContentKeyUsageRule></ContentKeyUsageRuleList></CPIX>
            """));
        using RawMediaKeys keys = new();
        ContentFacts facts = await _keyway.InspectAsync(playlist, cancellationToken: Cancel);
        ContentTrack video = facts.Tracks.First(static track => track is { IsChosen: true, Kind: MediaKind.Video });
        video.Height.Should().Be(180, "the rule is about it");
        AddSegmentKey(cpix, keys, new Uri(playlist, "SD.key"), video);
        await using Presentation presentation = await _keyway.OpenAsync(playlist, new PresentationOptions { Keys = keys }, Cancel);
        int samples = 0;
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], Cancel)) samples += fragment.Count;
        samples.Should().Be(500);
    }

    [Fact]
    public async Task Samples_are_handed_on_as_they_are()
    {
        await using Presentation presentation = await _keyway.OpenAsync(SampleContent.Manifest, cancellationToken: Cancel);
        OwnDecryptor decryptor = new();
        await HandOnAsync(presentation, presentation.Tracks[0], decryptor, Cancel);
        decryptor.Seen.Should().Be(500);
    }

    [Fact]
    public async Task Files_are_written_and_merged()
    {
        string folder = Directory.CreateTempSubdirectory("keyway-guide-").FullName;
        try
        {
            await using Presentation presentation = await _keyway.OpenAsync(SampleContent.Manifest, cancellationToken: Cancel);
            await WriteAsync(presentation, Path.Combine(folder, "video.mp4"), Cancel);
            await MergeAsync(presentation, folder, Cancel);
            Directory.EnumerateFiles(folder).Select(Path.GetFileName).Should().BeEquivalentTo("video.mp4", "part1.mp4");
            using Mp4Reader merged = await Mp4Reader.OpenAsync(new MemoryStream(await File.ReadAllBytesAsync(Path.Combine(folder, "part1.mp4"), Cancel)), "part1", Cancel);
            merged.Tracks.Select(static track => track.Handler).Should().Equal("vide", "soun");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Token_of_the_application_reaches_the_service()
    {
        await using TestKeyway keyway = Sample(wantsToken: true);
        await using Presentation presentation = await OpenWithTokenAsync(keyway, SampleContent.Manifest, Cancel);
        await presentation.AcquireAsync(Cancel);
        keyway.Server.Received.Should().ContainSingle().Which.Request.Headers["Authorization"].Should().Contain("ticket for test");
    }

    [Fact]
    public async Task Application_is_tested_with_content_in_memory()
    {
        string folder = Path.Combine(SampleContent.Folder, "cenc"), kid = SampleKey(0).Kid, key = SampleKey(0).Key;
        // A test of an application: its own class, the real media code, no service.
        await using TestKeyway keyway = new TestKeyway { WantsToken = false }.AddKey(kid, key);
        keyway.AddFolder("film", folder);
        FrameCounter counter = new(keyway);
        (await counter.CountAsync("https://content.test/film/manifest.mpd")).Should().Be(500);

        // And what happens when the service says no.
        keyway.Server.Next(FakeLicenseServer.Text("no such subscriber", status: 403));
        await counter.Invoking(each => each.CountAsync("https://content.test/film/manifest.mpd")).Should().ThrowAsync<KeyUnavailableException>();
    }

    [Fact]
    public async Task What_a_test_registers_takes_the_place_of_the_host()
    {
        ServiceCollection services = new();
        services.AddSingleton<IKeyway>(_keyway);
        services.AddKeyway(Configured.Section("{}"));
        await using ServiceProvider provider = services.BuildServiceProvider();
        provider.GetRequiredService<IKeyway>().Should().BeSameAs(_keyway);
        await using ServiceProvider plain = new ServiceCollection().AddKeyway(Configured.Section("{}")).BuildServiceProvider();
        plain.GetRequiredService<IKeyway>().Should().BeSameAs(plain.GetRequiredService<KeywayHost>());
    }

    [Fact]
    public async Task Key_that_a_test_does_not_have_is_missing_and_a_file_in_memory_is_read_in_ranges()
    {
        await using TestKeyway keyway = new();
        Uri file = keyway.AddContent("a.mp4", await File.ReadAllBytesAsync(Path.Combine(SampleContent.Folder, "cbcs", "video-180.mp4"), Cancel));
        await using Presentation presentation = await keyway.OpenAsync(file, cancellationToken: Cancel);
        Func<Task> read = () => FeedAsync(presentation, presentation.Tracks[0], new Decoder(), Cancel);
        await read.Should().ThrowAsync<KeyUnavailableException>();
        (string kid, string key) = SampleKey(1);
        keyway.AddKey(kid, key);
        await using Presentation again = await keyway.OpenAsync(file, cancellationToken: Cancel);
        (await SampleContent.ReadAsync(again, 0)).Should().Equal(SampleContent.Table("video-180"));
    }

    [Fact]
    public async Task Host_is_observed()
    {
        ServiceCollection services = new();
        Observe(services, Configured.Section("{}"));
        await using ServiceProvider provider = services.BuildServiceProvider();
        (await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel)).Entries.Should().ContainKey("keyway");
        List<string> names = [];
        using MeterListener listener = Listen(names.Add);
        await using KeywayHost host = new(Configured.Section("{}"));
        await host.StartAsync(Cancel);
        names.Should().Contain("keyway.exchange.duration");
        using IDisposable ear = Hear(host, static _ => { });
        await ReloadAsync(host, static _ => { }, Cancel);
    }

    private static async Task ListAsync(IKeyway keyway, Uri source, Action<string> print)
    {
        ContentFacts facts = await keyway.InspectAsync(source);
        foreach (ContentTrack track in facts.Tracks)
            print($"{track.Kind} {track.Codec} {track.Width}×{track.Height} {track.Language} {(track.IsProtected ? "protected" : "clear")}");
    }

    private static async Task ListSegmentsAsync(Presentation presentation, Action<string> print, CancellationToken cancellationToken)
    {
        foreach (Rendition rendition in (await presentation.FollowAsync(cancellationToken)).Periods.SelectMany(static period => period.Renditions))
        {
            IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, new TimeRange { From = TimeSpan.FromSeconds(8) }, cancellationToken);
            print($"{rendition.Kind} {rendition.Id} {rendition.Bandwidth} bit/s: {segments.Count} segments from {rendition.Segments.StartOf(segments[0])}");
        }
    }

    private static async Task SeekAsync(Presentation presentation, PresentationTrack track, TimeSpan from, TimeSpan until, Decoder decoder, CancellationToken cancellationToken)
    {
        // Begins with the sync sample at or before the time; what is only there to be decoded is not presented.
        await foreach (ClearFragment fragment in presentation.ReadAsync(track, new TimeRange { From = from, Until = until }, cancellationToken))
            foreach (ClearSample sample in fragment.Samples)
                decoder.Decode(sample.Data.Span, sample.PresentationTime, sample.IsSync, show: sample.IsPresented);
    }

    private static async Task ServeAsync(Presentation presentation, Rendition rendition, ulong number, Stream response, CancellationToken cancellationToken)
    {
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, cancellationToken: cancellationToken);
        TimelineSegment segment = segments.Single(each => each.Number == number);
        await using Stream clear = await presentation.OpenSegmentAsync(rendition, segment, cancellationToken);
        await clear.CopyToAsync(response, cancellationToken);
    }

    private static async Task PlayAsync(IKeyway keyway, Uri playlist, Decoder decoder, CancellationToken cancellationToken)
    {
        await using Presentation presentation = await keyway.OpenAsync(playlist, cancellationToken: cancellationToken);
        PresentationTrack video = presentation.Tracks.First(static track => track.Kind == MediaKind.Video);
        await FeedAsync(presentation, video, decoder, cancellationToken);
    }

    private static async Task SaveAsync(Presentation presentation, Rendition rendition, string folder, CancellationToken cancellationToken)
    {
        foreach (TimelineSegment segment in await presentation.SegmentsAsync(rendition, cancellationToken: cancellationToken))
        {
            await using Stream clear = await presentation.OpenSegmentAsync(rendition, segment, cancellationToken);
            await using FileStream file = File.Create(Path.Combine(folder, $"{segment.Number}.ts"));
            await clear.CopyToAsync(file, cancellationToken);
        }
    }

    private static async Task<int> CountAsync(IKeyway keyway, Uri playlist, string keyFile, byte[] key, CancellationToken cancellationToken)
    {
        using RawMediaKeys keys = new();
        keys.Add(new Uri(playlist, keyFile), key);
        await using Presentation presentation = await keyway.OpenAsync(playlist, new PresentationOptions { Keys = keys }, cancellationToken);
        int samples = 0;
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], cancellationToken)) samples += fragment.Count;
        return samples;
    }

    private static async Task<int> CountAsync(IKeyway keyway, Uri source, byte[] document, RSA recipient, CancellationToken cancellationToken)
    {
        using CpixDocument cpix = CpixDocument.Read(document, "film.cpix");
        CryptographicOperations.ZeroMemory(document);
        if (cpix.IsLocked) cpix.Unlock(recipient);
        using RawMediaKeys keys = new();
        cpix.AddTo(keys);
        await using Presentation presentation = await keyway.OpenAsync(source, new PresentationOptions { Keys = keys }, cancellationToken);
        int samples = 0;
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], cancellationToken)) samples += fragment.Count;
        return samples;
    }

    private static void AddSegmentKey(CpixDocument cpix, RawMediaKeys keys, Uri address, ContentTrack track)
    {
        CpixContext context = new() { Kind = track.Kind, Pixels = (long)track.Width * track.Height, Bitrate = track.Bandwidth };
        if (cpix.FindKey(context) is { } id) cpix.AddTo(keys, id, address);
    }

    private static async Task HandOnAsync(Presentation presentation, PresentationTrack track, OwnDecryptor decryptor, CancellationToken cancellationToken)
    {
        await foreach (ProtectedFragment fragment in presentation.ReadProtectedAsync(track, cancellationToken: cancellationToken))
            foreach (ProtectedSample sample in fragment.Samples)
            {
                if (sample.Encryption is { } encryption) decryptor.Decrypt(sample.Data.Span, encryption.KeyId, encryption.InitializationVector.Span);
                else decryptor.Pass(sample.Data.Span);
            }
    }

    private static async Task FeedAsync(Presentation presentation, PresentationTrack track, Decoder decoder, CancellationToken cancellationToken)
    {
        await foreach (ClearFragment fragment in presentation.ReadAsync(track, cancellationToken))
        {
            if (fragment.Marks.HasFlag(FragmentMarks.Configuration))
            {
                Mp4SampleEntry entry = fragment.SampleEntry;
                // AAC decoders want the AudioSpecificConfig, others the whole box.
                ReadOnlyMemory<byte> data = entry.DecoderSpecificInfo.IsEmpty ? entry.Configuration?.Content ?? default : entry.DecoderSpecificInfo;
                decoder.Make(entry.OriginalFormat, entry.Configuration?.Type, data);
            }
            else if ((fragment.Marks & (FragmentMarks.Period | FragmentMarks.Discontinuity)) != 0)
            {
                decoder.Flush();
            }

            foreach (ClearSample sample in fragment.Samples)
                decoder.Decode(sample.Data.Span, sample.PresentationTime, sample.IsSync, show: sample.IsPresented);
        }
    }

    private static async Task WriteAsync(Presentation presentation, string path, CancellationToken cancellationToken)
    {
        await using FileStream file = File.Create(path);
        PipeWriter output = PipeWriter.Create(file);
        Mp4Summary written = await presentation.WriteAsync(presentation.Tracks[0], output, cancellationToken);
        await output.CompleteAsync();
        foreach (string note in written.Notes) Console.Error.WriteLine(note);
    }

    private static async Task MergeAsync(Presentation presentation, string folder, CancellationToken cancellationToken)
    {
        // One part, as long as the sample entries of all periods fit into one file.
        await foreach (PresentationPart part in presentation.PartsAsync(presentation.Tracks, cancellationToken))
        {
            await using FileStream file = File.Create(Path.Combine(folder, $"part{part.Number}.mp4"));
            PipeWriter output = PipeWriter.Create(file);
            await part.MergeAsync(output, cancellationToken);
            await output.CompleteAsync();
        }
    }

    private static ValueTask<Presentation> OpenWithTokenAsync(IKeyway keyway, Uri source, CancellationToken cancellationToken)
    {
        PresentationOptions options = new()
        {
            // Asked when a licence needs a token, and again when the service says that the last one is too old.
            Token = static (request, stop) => new(LicenseToken.FromText($"ticket for {request.KeySystem}")),
        };
        return keyway.OpenAsync(source, options, cancellationToken);
    }

    private static void Observe(IServiceCollection services, IConfigurationSection section)
    {
        services.AddLogging(static logging => logging.AddFilter("Keyway", LogLevel.Information).AddFilter("Keyway.Exchange", LogLevel.Debug));
        services.AddKeyway(section);
        services.AddHealthChecks().AddKeyway();
    }

    private static MeterListener Listen(Action<string> instrument)
    {
        MeterListener listener = new();
        listener.InstrumentPublished = (published, _) =>
        {
            if (published.Meter.Name == KeywayTelemetry.Meter) instrument(published.Name);
        };
        listener.Start();
        return listener;
    }

    private static IDisposable Hear(KeywayHost host, Action<string> print) =>
        host.Events.Subscriber<SessionFailed>().Subscribe(fact => print($"{fact.Session}: {fact.Kind}"));

    private static async Task ReloadAsync(KeywayHost host, Action<string> print, CancellationToken cancellationToken)
    {
        try
        {
            bool changed = await host.ReloadConfigurationAsync(cancellationToken);
            print(changed ? "presentations that are opened from now on use it" : "nothing has changed");
        }
        catch (KeywayConfigurationException exception)
        {
            foreach (SettingError mistake in exception.Errors) print($"{mistake}");
        }
    }

    private static TestKeyway Sample(bool wantsToken = false)
    {
        TestKeyway keyway = new() { WantsToken = wantsToken };
        for (int i = 0; i < 3; i++) keyway.AddKey(SampleKey(i).Kid, SampleKey(i).Key);
        return keyway;
    }

    private static (string Kid, string Key) SampleKey(int index)
    {
        using System.Text.Json.JsonDocument keys = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(Path.Combine(SampleContent.Folder, "keys.json")));
        System.Text.Json.JsonElement entry = keys.RootElement.GetProperty("keys")[index];
        return (entry.GetProperty("kid").GetString()!, entry.GetProperty("key").GetString()!);
    }

    /// <summary>Some application's class.</summary>
    private sealed class FrameCounter(IKeyway keyway)
    {
        public async Task<int> CountAsync(string address)
        {
            await using Presentation presentation = await keyway.OpenAsync(address);
            int frames = 0;
            await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0])) frames += fragment.Count;
            return frames;
        }
    }

    /// <summary>Some application's own.</summary>
    private sealed class OwnDecryptor
    {
        public int Seen { get; private set; }

        public void Decrypt(ReadOnlySpan<byte> sample, KeyId key, ReadOnlySpan<byte> vector)
        {
            sample.Length.Should().BePositive();
            key.ToString().Should().Be(SampleKey(0).Kid);
            vector.Length.Should().BeOneOf(8, 16);
            Seen++;
        }

        public void Pass(ReadOnlySpan<byte> sample) => Seen += sample.IsEmpty ? 0 : 1;
    }

    private sealed class Decoder
    {
        public List<string?> Made { get; } = [];

        public List<TimeSpan> Times { get; } = [];

        public void Make(string format, string? configuration, ReadOnlyMemory<byte> data)
        {
            format.Should().Be("avc1");
            data.Length.Should().BePositive();
            Made.Add(configuration);
        }

        public void Flush() => Made.Add("flush");

        public void Decode(ReadOnlySpan<byte> sample, TimeSpan time, bool isSync, bool show)
        {
            if (Times.Count == 0) isSync.Should().BeTrue();
            sample.Length.Should().BePositive();
            if (show) Times.Add(time);
        }
    }
}
