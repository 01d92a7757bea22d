using Keyway.Decryption;
using Keyway.Sources;
using Keyway.Testing;

namespace Keyway.Timeline;

/// <summary>Segments that are encrypted as a whole, where segments are opened: whoever asks gets their clear bytes, and without a key a reason.</summary>
public sealed class SegmentEncryptionTests : IDisposable
{
    private static readonly string Sample = Path.Combine(Corpus.Root, "samples", "cenc", "audio");
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-encrypted-").FullName;
    private readonly FakeKeys _keys = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Segments_and_initialisation_segments_are_fetched_clear()
    {
        SegmentFetcher fetcher = Fetcher();
        TimelineSegment initialization = Place("init.mp4", 1), media = Place("1.m4s", 2);
        (ReadOnlyMemory<byte> head, RenditionCheck check, _) = await fetcher.ReadInitializationAsync(initialization, kind: null, time: null, Cancel);
        head.ToArray().Should().Equal(Clear("init.mp4"));
        await using (CheckedSegment found = await fetcher.ReadAsync(media, check, time: null, Cancel)) found.Bytes.ToArray().Should().Equal(Clear("1.m4s"));
        await using (Stream opened = await fetcher.OpenAsync(media, Cancel)) (await AllOf(opened)).Should().Equal(Clear("1.m4s"));
        _keys.Leased.Should().OnlyContain(key => key == initialization.Key || key == media.Key);
    }

    [Fact]
    public async Task Key_is_there_before_the_segment_is_asked_for()
    {
        RenditionCheck check = (await Fetcher().ReadInitializationAsync(Place("init.mp4", 1), kind: null, time: null, Cancel)).Check;
        TimelineSegment media = Place("1.m4s", 2);
        File.Delete(media.Address.LocalPath);
        TaskCompletionSource wait = new();
        _keys.Ready = wait.Task;
        Task<CheckedSegment> reading = Fetcher().ReadAsync(media, check, time: TimeSpan.Zero, Cancel).AsTask();
        Place("1.m4s", 2);
        wait.SetResult();
        await (await reading).DisposeAsync();
    }

    [Fact]
    public async Task Without_keys_it_is_said_what_the_segment_is_and_where_its_playlist_says_so()
    {
        TimelineSegment media = Place("1.m4s", 2);
        SegmentFetcher fetcher = new(new MediaSources(null, TimeProvider.System), Origin(), keys: null);
        foreach (Func<Task> read in (Func<Task>[])
        [
            async () => await fetcher.ReadAsync(media, new RenditionCheck(null), time: null, Cancel),
            async () => await fetcher.ReadInitializationAsync(media, kind: null, time: null, Cancel),
            async () => await fetcher.OpenAsync(media, Cancel),
            async () => await fetcher.OpenFileAsync(media.Part, Cancel),
        ])
        {
            MediaFormatException failure = (await read.Should().ThrowAsync<MediaFormatException>()).Which;
            failure.MediaSource.Should().EndWith("1.m4s");
            failure.Error.Should().Be(new FormatError("it is encrypted as a whole (AES-128), and nothing here has a key", "list.m3u8 line 7", -1));
        }
    }

    [Fact]
    public async Task Each_range_of_a_file_is_a_message_of_its_own()
    {
        byte[] vector = Bytes.Random(16, 3);
        byte[] first = SegmentMessages.Encrypt(Clear("1.m4s"), vector), second = SegmentMessages.Encrypt(Clear("2.m4s"), vector);
        string file = Path.Combine(_folder, "all.m4s");
        await File.WriteAllBytesAsync(file, [.. first, .. second], Cancel);
        TimelineSegment one = new() { Address = new Uri(file), Range = new ByteRange(0, first.Length - 1), Key = Key(vector) };
        TimelineSegment two = one with { Range = new ByteRange(first.Length, first.Length + second.Length - 1) };
        RenditionCheck check = (await Fetcher().ReadInitializationAsync(Place("init.mp4", 1), kind: null, time: null, Cancel)).Check;
        foreach ((TimelineSegment segment, string name) in new[] { (two, "2.m4s"), (one, "1.m4s") })
            await using (CheckedSegment found = await Fetcher().ReadAsync(segment, check, time: null, Cancel)) found.Bytes.ToArray().Should().Equal(Clear(name));
        await Fetcher().Invoking(async each => await each.ReadAsync(one with { Range = new ByteRange(0, first.Length - 17) }, check, time: null, Cancel)).Should().ThrowAsync<MediaFormatException>();
    }

    [Fact]
    public async Task What_is_cut_at_one_address_is_had_at_another()
    {
        TimelineSegment media = Place("1.m4s", 2);
        string cut = Path.Combine(_folder, "cut.m4s");
        await File.WriteAllBytesAsync(cut, (await File.ReadAllBytesAsync(media.Address.LocalPath, Cancel))[..^20], Cancel);
        TimelineSegment either = media with { Address = new Uri(cut), Alternatives = [media.Address] };
        RenditionCheck check = (await Fetcher().ReadInitializationAsync(Place("init.mp4", 1), kind: null, time: null, Cancel)).Check;
        await using (CheckedSegment found = await Fetcher().ReadAsync(either, check, time: null, Cancel)) found.Bytes.ToArray().Should().Equal(Clear("1.m4s"));
        MediaFormatException failure = (await Fetcher().Invoking(async each => await each.ReadAsync(either with { Alternatives = null }, check, time: null, Cancel)).Should().ThrowAsync<MediaFormatException>()).Which;
        failure.MediaSource.Should().EndWith("cut.m4s");
        failure.Error.Reason.Should().Be("it ends in the middle of a block of 16 bytes: it is cut");
    }

    [Fact]
    public async Task Renditions_as_one_stream_are_clear()
    {
        FakeList list = new(Place("init.mp4", 1), [Place("1.m4s", 2), Place("2.m4s", 3)]);
        await using Stream stream = await RenditionStream.OpenAsync(new MediaSources(null, TimeProvider.System), Origin(), [list], _keys, cancellationToken: Cancel);
        (await AllOf(stream)).Should().Equal([.. Clear("init.mp4"), .. Clear("1.m4s"), .. Clear("2.m4s")]);
    }

    [Fact]
    public async Task A_segment_that_is_too_large_for_memory_is_clear_to_its_end_and_its_key_goes_with_it()
    {
        byte[] box = [0, 0, 0, 8, .. "free"u8];
        byte[] large = new byte[TimelineLimits.SegmentBytes + 4096];
        for (int at = 0; at < large.Length; at += 8) box.CopyTo(large, at);
        byte[] vector = Bytes.Random(16, 1);
        string file = Path.Combine(_folder, "large.m4s");
        await File.WriteAllBytesAsync(file, SegmentMessages.Encrypt(large, vector), Cancel);
        await using Stream opened = await Fetcher().OpenAsync(new TimelineSegment { Address = new Uri(file), Key = Key(vector) }, Cancel);
        (await AllOf(opened)).AsSpan().SequenceEqual(large).Should().BeTrue();
    }

    private static byte[] Clear(string name) => File.ReadAllBytes(Path.Combine(Sample, name));

    private static SegmentKey Key(byte[] vector) => new() { Method = SegmentKeyMethod.Aes128, Uri = new Uri("https://keys.example/1"), InitializationVector = vector, Place = "list.m3u8 line 7" };

    private static async Task<byte[]> AllOf(Stream stream)
    {
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, Cancel);
        return copy.ToArray();
    }

    private ContentOrigin Origin() => ContentOrigin.Of(new Uri(Path.Combine(_folder, "list.m3u8")));

    private SegmentFetcher Fetcher() => new(new MediaSources(null, TimeProvider.System), Origin(), _keys);

    /// <summary>A file of the sample, encrypted as a whole.</summary>
    private TimelineSegment Place(string name, int seed)
    {
        byte[] vector = Bytes.Random(16, seed);
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, SegmentMessages.Encrypt(Clear(name), vector));
        return new TimelineSegment { Address = new Uri(path), Key = Key(vector) };
    }

    /// <summary>Has one key for everything.</summary>
    private sealed class FakeKeys : ISegmentKeys
    {
        public Task Ready { get; set; } = Task.CompletedTask;

        public List<SegmentKey> Leased { get; } = [];

        public async ValueTask<SegmentCipher> LeaseAsync(SegmentKey key, ContentOrigin origin, CancellationToken cancellationToken)
        {
            await Ready;
            Leased.Add(key);
            return SegmentMessages.Cipher(vector: key.InitializationVector.ToArray());
        }

        public ValueTask<IFragmentDecryptor> LeaseSamplesAsync(SegmentKey key, ContentOrigin origin, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Announce(SegmentKey key, ContentOrigin origin)
        {
        }
    }

    private sealed class FakeList(TimelineSegment initialization, TimelineSegment[] segments) : SegmentList
    {
        public override string Path => "fake";

        public override ulong Timescale => 1;

        public override TimelineSegment? Initialization => initialization;

        public override bool IsWholeFile => false;

        internal override SegmentPart WholeFile => default;

        internal override bool IsInOneFile => false;

        public override IEnumerable<TimelineSegment> Played(DateTimeOffset? now = null) => segments;
    }
}
