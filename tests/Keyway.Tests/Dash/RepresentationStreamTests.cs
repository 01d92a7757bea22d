using Keyway.Sources;
using Keyway.Testing;

namespace Keyway.Dash;

public sealed class RepresentationStreamTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Segments_come_in_order_over_every_period_with_their_initialisation_segments()
    {
        foreach (string name in new[] { "i1", "1", "2", "i2", "7" }) await File.WriteAllTextAsync(Path.Combine(_folder, name), $"[{name}]", TestContext.Current.CancellationToken);
        Uri location = MediaSources.AddressOf(Path.Combine(_folder, "a.mpd"));
        Manifest manifest = Mpd.Read(Mpd.Around("""
            <Period duration="PT4S"><AdaptationSet mimeType="video/mp4"><SegmentTemplate media="$Number$" initialization="i1" duration="2"/><Representation/></AdaptationSet></Period>
            <Period duration="PT2S"><AdaptationSet mimeType="video/mp4"><SegmentList><Initialization sourceURL="i2" range="1-2"/><SegmentURL media="7"/></SegmentList><Representation/></AdaptationSet></Period>
            """), location);
        List<SegmentProgress> told = [];
        await using Stream stream = await RepresentationStream.OpenAsync(
            new MediaSources(null, TimeProvider.System), location.Origin(), TrackSelection.Choose(manifest).Tracks[0].Representations, progress: new Told(told), cancellationToken: TestContext.Current.CancellationToken);
        using StreamReader reader = new(stream);
        (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Should().Be("[i1][1][2]i2[7]");
        told[^1].Should().Be(new SegmentProgress(3, 3, 15));
    }

    [Fact]
    public async Task A_representation_in_one_file_is_that_file()
    {
        byte[] file = new byte[1000];
        Random.Shared.NextBytes(file);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "b.mp4"), file, TestContext.Current.CancellationToken);
        Uri location = MediaSources.AddressOf(Path.Combine(_folder, "a.mpd"));
        Representation one = Mpd.One("", """<Representation><BaseURL>b.mp4</BaseURL><SegmentBase><Initialization range="0-9"/></SegmentBase></Representation>""", location: location);
        await using Stream stream = await RepresentationStream.OpenAsync(new MediaSources(null, TimeProvider.System), location.Origin(), [one], cancellationToken: TestContext.Current.CancellationToken);
        stream.CanSeek.Should().BeTrue();
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, TestContext.Current.CancellationToken);
        copy.ToArray().Should().Equal(file);
    }

    [Fact]
    public async Task A_file_with_an_index_is_that_file_and_tells_its_segments()
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        string source = MpdCorpus.Ids("fmp4").Select(static id => MpdCorpus.PathOf(MpdCorpus.Item(id))).First(static path => File.ReadAllBytes(path).AsSpan().IndexOf("sidx"u8) > 0);
        byte[] file = await File.ReadAllBytesAsync(source, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "b.mp4"), file, TestContext.Current.CancellationToken);
        int index = file.AsSpan().IndexOf("sidx"u8) - 4;
        int size = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(index));
        Uri location = MediaSources.AddressOf(Path.Combine(_folder, "a.mpd"));
        Representation one = Mpd.One("", $"""<Representation><BaseURL>b.mp4</BaseURL><SegmentBase indexRange="{index}-{index + size - 1}"><Initialization range="0-{index - 1}"/></SegmentBase></Representation>""", location: location);
        List<SegmentProgress> told = [];
        await using Stream stream = await RepresentationStream.OpenAsync(new MediaSources(null, TimeProvider.System), location.Origin(), [one], progress: new Told(told), cancellationToken: TestContext.Current.CancellationToken);
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, 4096, TestContext.Current.CancellationToken);
        copy.ToArray().Should().Equal(file);
        told.Should().NotBeEmpty();
        told[^1].Segments.Should().Be(told[^1].Total);
    }

    private sealed class Told(List<SegmentProgress> told) : IProgress<SegmentProgress>
    {
        public void Report(SegmentProgress value) => told.Add(value);
    }
}
