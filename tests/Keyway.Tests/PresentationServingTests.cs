using Keyway.Content;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway;

/// <summary>What those have who serve a presentation to others: any rendition and segment with what it took, keys known to be refused before media is asked for, facts of what was found and sent.</summary>
public sealed class PresentationServingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_segment_tells_what_it_took_and_which_keys()
    {
        await using TestKeyway keyway = Sample();
        await using Presentation presentation = await keyway.OpenAsync(new Uri(TestKeyway.Root, "cenc/manifest.mpd"), cancellationToken: Cancel);
        foreach (Rendition rendition in presentation.Timeline.Periods[0].Renditions)
        {
            TimelineSegment segment = (await presentation.SegmentsAsync(rendition, cancellationToken: Cancel))[1];
            await using OpenedSegment opened = await presentation.ReadSegmentAsync(rendition, segment, cancellationToken: Cancel);
            opened.KeyIds.Should().Equal(presentation.KeyIdsOf(rendition));
            opened.KeyIds.Should().ContainSingle();
            (opened.Fetching + opened.Decrypting).Should().BePositive();
            await using Stream plain = await presentation.OpenSegmentAsync(rendition, segment, Cancel);
            (await BytesAsync(opened.Content)).Should().Equal(await BytesAsync(plain));
            opened.Length.Should().Be(plain.Length);
        }
    }

    [Fact]
    public async Task A_transport_stream_comes_in_mp4_where_that_is_wanted()
    {
        await using TestKeyway keyway = Sample();
        await using Presentation presentation = await keyway.OpenAsync(new Uri(TestKeyway.Root, "hls/sample-aes/master.m3u8"), cancellationToken: Cancel);
        foreach (Rendition rendition in presentation.Timeline.Periods[0].Renditions)
        {
            TimelineSegment segment = (await presentation.SegmentsAsync(rendition, cancellationToken: Cancel))[0];
            await using OpenedSegment own = await presentation.ReadSegmentAsync(rendition, segment, cancellationToken: Cancel);
            await using OpenedSegment packed = await presentation.ReadSegmentAsync(rendition, segment, new SegmentOptions { Container = SegmentContainer.Mp4 }, Cancel);
            byte[] bytes = await BytesAsync(packed.Content);
            (await BytesAsync(own.Content)).Should().NotEqual(bytes);
            using MemoryStream file = new(bytes);
            using Mp4Reader reader = await Mp4Reader.OpenAsync(file, "packed", cancellationToken: Cancel);
            Mp4Track track = reader.Tracks.Should().ContainSingle().Subject;
            track.SampleEntries.Should().OnlyContain(static entry => entry.Encryption == null);
            List<string> samples = [];
            await foreach (ClearFragment fragment in reader.ReadAsync(new RawMediaKeys(), cancellationToken: Cancel)) foreach (ClearSample sample in fragment.Samples) samples.Add(Convert.ToHexString(sample.Data.Span));
            List<string> expected = [];
            await foreach (ClearFragment fragment in presentation.ReadAsync(rendition, cancellationToken: Cancel))
            {
                foreach (ClearSample sample in fragment.Samples) expected.Add(Convert.ToHexString(sample.Data.Span));
                if (expected.Count >= samples.Count) break;
            }

            samples.Should().NotBeEmpty().And.Equal(expected.Take(samples.Count));
        }
    }

    [Fact]
    public async Task A_refused_key_is_known_before_its_media_is_asked_for()
    {
        await using TestKeyway keyway = Sample();
        KeyId.TryParse("e4c06923e61b099ad7346945b908a3af", out KeyId low).Should().BeTrue();
        keyway.Server.Keys.TryRemove(low, out _).Should().BeTrue();
        await using Presentation presentation = await keyway.OpenAsync(new Uri(TestKeyway.Root, "cenc/manifest.mpd"), cancellationToken: Cancel);
        Rendition[] renditions = [.. presentation.Timeline.Periods[0].Renditions];
        await presentation.AskAsync(renditions, Cancel);
        foreach (Rendition rendition in renditions)
        {
            Func<Task> acquire = () => presentation.AcquireAsync(rendition, Cancel).AsTask();
            if (presentation.KeyIdsOf(rendition).Contains(low)) (await acquire.Should().ThrowAsync<KeyUnavailableException>()).Which.Id.Should().Be(low);
            else await acquire.Should().NotThrowAsync();
        }
    }

    [Fact]
    public async Task Who_asks_again_hears_earlier_that_a_key_is_on_its_way()
    {
        await using TestKeyway keyway = Sample();
        TaskCompletionSource<LicenseAnswer?> held = keyway.Server.Hold();
        await using Presentation presentation = await keyway.OpenAsync(new Uri(TestKeyway.Root, "cenc/manifest.mpd"), cancellationToken: Cancel);
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        TimelineSegment segment = (await presentation.SegmentsAsync(rendition, cancellationToken: Cancel))[0];
        Func<Task> read = () => presentation.ReadSegmentAsync(rendition, segment, new SegmentOptions { KeyWait = TimeSpan.FromMilliseconds(50) }, Cancel).AsTask();
        (await read.Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.TimedOut);
        held.SetResult(null);
        await using OpenedSegment opened = await presentation.ReadSegmentAsync(rendition, segment, new SegmentOptions { KeyWait = TimeSpan.FromSeconds(30) }, Cancel);
        opened.KeyIds.Should().NotBeEmpty();
    }

    [Fact]
    public async Task Facts_say_what_was_read_found_sent_and_refused()
    {
        await using TestKeyway keyway = Sample();
        Heard heard = new();
        using IDisposable one = keyway.Events.Subscriber<ContentRead>().Subscribe(heard.Add), two = keyway.Events.Subscriber<ProtectionHeaderFound>().Subscribe(heard.Add),
            three = keyway.Events.Subscriber<ExchangeSent>().Subscribe(heard.Add), four = keyway.Events.Subscriber<KeyRefused>().Subscribe(heard.Add);
        keyway.Server.Keys.Clear();
        await using Presentation presentation = await keyway.OpenAsync(new Uri(TestKeyway.Root, "cenc/manifest.mpd"), cancellationToken: Cancel);
        await FluentActions.Awaiting(() => presentation.AcquireAsync(presentation.Timeline.Periods[0].Renditions[0], Cancel).AsTask()).Should().ThrowAsync<KeyUnavailableException>();
        await Eventually.Is(() => heard.Of<KeyRefused>().Count > 0 && heard.Of<ExchangeSent>().Count > 0);
        ContentRead read = heard.Of<ContentRead>().Should().ContainSingle().Subject;
        read.Kind.Should().Be(nameof(ContentKind.Dash));
        read.Headers.Should().Be(presentation.Facts.Protection.Headers.Count);
        heard.Of<ProtectionHeaderFound>().Select(static fact => fact.System).Should().Equal(presentation.Facts.Protection.Headers.Select(static header => header.System));
        heard.Of<ExchangeSent>().Should().OnlyContain(static fact => fact.Host == "license.test" && fact.Attempt >= 1);
        heard.Of<KeyRefused>().Should().OnlyContain(fact => fact.Presentation == presentation.Id);
    }

    [Fact]
    public async Task Segments_are_found_by_their_numbers()
    {
        await using TestKeyway keyway = Sample();
        foreach (string path in (string[])["cenc/manifest.mpd", "cbcs/manifest.mpd", "hls/master.m3u8"])
        {
            await using Presentation presentation = await keyway.OpenAsync(new Uri(TestKeyway.Root, path), cancellationToken: Cancel);
            Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
            SegmentList list = await presentation.OpenSegmentListAsync(rendition, Cancel);
            foreach (TimelineSegment segment in await presentation.SegmentsAsync(rendition, cancellationToken: Cancel)) list.Numbered(segment.Number, presentation.Now).Segment.Should().Be(segment);
            list.Numbered(ulong.MaxValue, presentation.Now).Kind.Should().Be(SegmentStepKind.None);
        }
    }

    [Fact]
    public async Task A_file_is_opened_whole_and_its_head_apart()
    {
        await using TestKeyway keyway = Sample();
        await using Presentation presentation = await keyway.OpenAsync(new Uri(TestKeyway.Root, "cbcs/manifest.mpd"), cancellationToken: Cancel);
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        await using OpenedSegment whole = await presentation.ReadFileAsync(rendition, Cancel);
        byte[] bytes = await BytesAsync(whole.Content);
        bytes.Length.Should().Be((int)whole.Length!.Value);
        await using Stream head = await presentation.OpenFileHeadAsync(rendition, Cancel);
        byte[] first = await BytesAsync(head);
        int at = first.Length;
        foreach (TimelineSegment segment in await presentation.SegmentsAsync(rendition, cancellationToken: Cancel))
        {
            segment.Range!.Value.First.Should().Be(at);
            await using Stream part = await presentation.OpenSegmentAsync(rendition, segment, Cancel);
            byte[] clear = await BytesAsync(part);
            bytes.AsSpan(at, clear.Length).SequenceEqual(clear).Should().BeTrue("no byte of it moves");
            at += clear.Length;
        }

        await using Presentation parts = await keyway.OpenAsync(new Uri(TestKeyway.Root, "cenc/manifest.mpd"), cancellationToken: Cancel);
        await FluentActions.Awaiting(() => parts.ReadFileAsync(parts.Timeline.Periods[0].Renditions[0], Cancel).AsTask()).Should().ThrowAsync<ManifestException>();
    }

    private static TestKeyway Sample()
    {
        TestKeyway keyway = new();
        foreach ((KeyId id, byte[] key) in PresentationBench.SampleKeys) keyway.AddKey(id.ToString(), Convert.ToHexString(key));
        foreach (string folder in (string[])["cenc", "cbcs", "hls"]) keyway.AddFolder(folder, Path.Combine(Corpus.Root, "samples", folder));
        return keyway;
    }

    private static async Task<byte[]> BytesAsync(Stream stream)
    {
        using MemoryStream all = new();
        await stream.CopyToAsync(all, Cancel);
        return all.ToArray();
    }

    private sealed class Heard
    {
        private readonly List<object> _facts = [];

        public void Add<T>(T fact)
            where T : struct
        {
            lock (_facts) _facts.Add(fact);
        }

        public IReadOnlyList<T> Of<T>()
        {
            lock (_facts) return [.. _facts.OfType<T>()];
        }
    }
}
