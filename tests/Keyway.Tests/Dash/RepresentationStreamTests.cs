using System.Buffers.Binary;
using Keyway.Sources;
using Keyway.Testing;
using Keyway.Timeline;

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
        await using Stream stream = await RenditionStream.OpenAsync(
            new MediaSources(null, TimeProvider.System), location.Origin(), [.. TrackSelection.Choose(DashTimeline.Of(manifest)).Tracks[0].Renditions.Select(static each => each.Segments)], keys: null, progress: new Told(told), cancellationToken: TestContext.Current.CancellationToken);
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
        await using Stream stream = await RenditionStream.OpenAsync(new MediaSources(null, TimeProvider.System), location.Origin(), [one.Segments], keys: null, cancellationToken: TestContext.Current.CancellationToken);
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
        int size = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(index));
        Uri location = MediaSources.AddressOf(Path.Combine(_folder, "a.mpd"));
        Representation one = Mpd.One("", $"""<Representation><BaseURL>b.mp4</BaseURL><SegmentBase indexRange="{index}-{index + size - 1}"><Initialization range="0-{index - 1}"/></SegmentBase></Representation>""", location: location);
        List<SegmentProgress> told = [];
        await using Stream stream = await RenditionStream.OpenAsync(new MediaSources(null, TimeProvider.System), location.Origin(), [one.Segments], keys: null, progress: new Told(told), cancellationToken: TestContext.Current.CancellationToken);
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, 4096, TestContext.Current.CancellationToken);
        copy.ToArray().Should().Equal(file);
        told.Should().NotBeEmpty();
        told[^1].Segments.Should().Be(told[^1].Total);
    }

    [Fact]
    public async Task An_index_of_indexes_is_read_without_the_media_below_it_and_from_where_the_file_is()
    {
        // ISO/IEC 14496-12, 8.16.3: a reference to an index has the size of the index with all that it refers to.
        const int media = 6 << 20;
        byte[] inner = Sidx((false, media, 100), (false, 2 * media, 50)), outer = Sidx((true, inner.Length + (3 * media), 150), (true, inner.Length + (3 * media), 150));
        string path = Path.Combine(_folder, "large.mp4");
        await using (FileStream file = File.Create(path))
        {
            await file.WriteAsync(outer, TestContext.Current.CancellationToken);
            foreach (long at in (long[])[outer.Length, outer.Length + inner.Length + (3 * media)])
            {
                file.Position = at;
                await file.WriteAsync(inner, TestContext.Current.CancellationToken);
            }

            file.SetLength(outer.Length + (2 * (inner.Length + (3L * media))));
        }

        Uri location = MediaSources.AddressOf(Path.Combine(_folder, "a.mpd"));
        Representation one = Mpd.One("", $"""<Representation><BaseURL>gone/large.mp4</BaseURL><BaseURL>large.mp4</BaseURL><SegmentBase indexRange="0-9999999"/></Representation>""", location: location);
        IReadOnlyList<TimelineSegment> segments = await SegmentIndex.ReadAsync(new MediaSources(null, TimeProvider.System), location.Origin(), one.Segments, TestContext.Current.CancellationToken);
        long first = outer.Length + inner.Length, second = first + (3 * media) + inner.Length;
        segments.Select(segment => segment.Range).Should().Equal(
            new ByteRange(first, first + media - 1), new ByteRange(first + media, first + (3 * media) - 1), new ByteRange(second, second + media - 1), new ByteRange(second + media, second + (3 * media) - 1));
        segments.Select(segment => segment.Time).Should().Equal(0, 100, 150, 250);
        segments.Should().OnlyContain(segment => segment.Alternatives!.Count == 1 && segment.Alternatives[0].AbsolutePath.EndsWith("/large.mp4", StringComparison.Ordinal));
    }

    private static byte[] Sidx(params (bool IsIndex, int Size, int Duration)[] references)
    {
        byte[] box = new byte[32 + (12 * references.Length)];
        BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        "sidx"u8.CopyTo(box.AsSpan(4));
        BinaryPrimitives.WriteInt32BigEndian(box.AsSpan(16), 1000);
        BinaryPrimitives.WriteInt16BigEndian(box.AsSpan(30), (short)references.Length);
        for (int i = 0; i < references.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(box.AsSpan(32 + (12 * i)), (uint)references[i].Size | (references[i].IsIndex ? 1u << 31 : 0));
            BinaryPrimitives.WriteInt32BigEndian(box.AsSpan(36 + (12 * i)), references[i].Duration);
        }

        return box;
    }

    private sealed class Told(List<SegmentProgress> told) : IProgress<SegmentProgress>
    {
        public void Report(SegmentProgress value) => told.Add(value);
    }
}
