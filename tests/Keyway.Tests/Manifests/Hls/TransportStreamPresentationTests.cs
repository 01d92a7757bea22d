using System.Security.Cryptography;
using System.Text;
using Keyway.Containers.TransportStream;
using Keyway.Content;
using Keyway.Decryption;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>HLS of transport streams and packed audio, as other packagers made it, against the tables of samples that were taken before encryption.</summary>
public sealed class TransportStreamPresentationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("hls/sample-aes/master.m3u8", true)]
    [InlineData("hls/aes-128/master.m3u8", false)]
    public async Task Samples_are_as_they_were_before_encryption_whichever_way_they_leave(string playlist, bool isBySample)
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample(playlist), cancellationToken: Cancel);
        presentation.Facts.Kind.Should().Be(ContentKind.Hls);
        presentation.Tracks.Select(static track => (track.Kind, track.Codec, track.Height)).Should().Equal((MediaKind.Video, "avc1.4d400c", 180), (MediaKind.Audio, "mp4a", 0));
        presentation.Tracks.Should().OnlyContain(track => !isBySample || track.IsProtected);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-180"));
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        byte[] both = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(both, 1)).Should().Equal(PresentationBench.Table("video-180"));
        (await PresentationBench.SamplesAsync(both, 2)).Should().Equal(PresentationBench.Table("audio"));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
        bench.Server.Received.Should().BeEmpty("the keys are files beside the playlists");
    }

    [Fact]
    public async Task Sound_and_pictures_are_as_far_apart_as_in_the_stream()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("hls/aes-128/master.m3u8"), cancellationToken: Cancel);
        TimeSpan[] first = new TimeSpan[2];
        for (int track = 0; track < 2; track++)
        {
            await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[track], Cancel))
            {
                first[track] = fragment.Samples.Min(static sample => sample.PresentationTime);
                break;
            }
        }

        // As ffprobe says of the clear stream: pictures 21 ms after sound.
        (first[0] - first[1]).TotalMilliseconds.Should().BeApproximately(21.3, 0.1);
        first[1].Should().BeGreaterThanOrEqualTo(TimeSpan.Zero).And.BeLessThan(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task A_range_is_exact_to_the_sample()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("hls/sample-aes/master.m3u8"), cancellationToken: Cancel);
        TimeRange range = new() { From = TimeSpan.FromSeconds(9), Until = TimeSpan.FromSeconds(11) };
        List<ClearSample> presented = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], range, Cancel)) presented.AddRange(fragment.Samples.Where(static sample => sample.IsPresented));
        presented.Should().HaveCount(50).And.OnlyContain(sample => sample.PresentationTime >= TimeSpan.FromSeconds(9) && sample.PresentationTime < TimeSpan.FromSeconds(11));
    }

    [Fact]
    public async Task Each_segment_opens_clear_in_its_own_container_and_as_long_as_it_was()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("hls/sample-aes/master.m3u8"), cancellationToken: Cancel);
        foreach (Rendition rendition in presentation.Timeline.Periods[0].Renditions)
        {
            IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, cancellationToken: Cancel);
            segments.Should().HaveCount(5);
            foreach (TimelineSegment segment in segments.Reverse())
            {
                byte[] original = await File.ReadAllBytesAsync(segment.Address.LocalPath, Cancel);
                await using Stream stream = await presentation.OpenSegmentAsync(rendition, segment, Cancel);
                using MemoryStream clear = new();
                await stream.CopyToAsync(clear, Cancel);
                clear.Length.Should().Be(original.Length);
                clear.ToArray().Should().NotEqual(original);
                // Nothing in it says any more that it is protected.
                ReadOnlySpan<byte> bytes = clear.ToArray();
                bytes.IndexOf("zavc"u8).Should().Be(-1);
                bytes.IndexOf("com.apple.streaming.audioDescription"u8).Should().Be(-1);
            }

            await using Stream head = await presentation.OpenInitializationAsync(rendition, Cancel);
            head.Should().BeSameAs(Stream.Null, "segments describe themselves");
        }
    }

    [Fact]
    public async Task Of_a_segment_that_is_encrypted_as_a_whole_the_padding_goes()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("hls/aes-128/master.m3u8"), cancellationToken: Cancel);
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        TimelineSegment segment = (await presentation.SegmentsAsync(rendition, cancellationToken: Cancel))[2];
        await using Stream stream = await presentation.OpenSegmentAsync(rendition, segment, Cancel);
        using MemoryStream clear = new();
        await stream.CopyToAsync(clear, Cancel);
        using Aes aes = Aes.Create();
        aes.Key = await File.ReadAllBytesAsync(PresentationBench.Sample("hls/aes-128/SD.key").LocalPath, Cancel);
        clear.ToArray().Should().Equal(aes.DecryptCbc(await File.ReadAllBytesAsync(segment.Address.LocalPath, Cancel), new byte[16]));
    }

    [Fact]
    public async Task Samples_are_given_protected_with_what_opens_them()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("hls/sample-aes/master.m3u8"), cancellationToken: Cancel);
        int samples = 0, protectedSamples = 0;
        await foreach (ProtectedFragment fragment in presentation.ReadProtectedAsync(presentation.Tracks[1], cancellationToken: Cancel))
        {
            foreach (ProtectedSample sample in fragment.Samples)
            {
                samples++;
                if (sample.Encryption is { Scheme: Decryption.ProtectionScheme.Cbcs }) protectedSamples++;
            }
        }

        samples.Should().Be(939);
        protectedSamples.Should().Be(939);
    }

    [Fact]
    public async Task A_key_of_another_length_is_told_and_nothing_is_read()
    {
        await using PresentationBench bench = new();
        foreach (string file in Directory.GetFiles(PresentationBench.Sample("hls/aes-128/").LocalPath)) bench.Place(Path.GetFileName(file), await File.ReadAllBytesAsync(file, Cancel));
        Uri master = bench.Place("master.m3u8", await File.ReadAllBytesAsync(PresentationBench.Sample("hls/aes-128/master.m3u8").LocalPath, Cancel));
        bench.Place("SD.key", new byte[15]);
        Func<Task> open = async () => await bench.Engine.OpenAsync(master, cancellationToken: Cancel);
        (await open.Should().ThrowAsync<KeyUnavailableException>()).Which.Message.Should().Contain("SD.key").And.Contain("15");
    }

    [Theory]
    [InlineData("ac3", true)]
    [InlineData("ac3", false)]
    [InlineData("ec3", true)]
    [InlineData("ec3", false)]
    public async Task Syncframes_whose_header_is_clear_tell_by_their_check_whether_the_key_fits(string extension, bool isRight)
    {
        await using PresentationBench bench = new();
        byte[][] frames = [.. Enumerable.Range(1, 40).Select(seed => extension == "ac3" ? MadeFrames.Ac3(8, seed) : MadeFrames.EAc3(300, seed))];
        // Who says in the stream that it is protected leaves it so until samples are read.
        byte[] setup = extension == "ac3" ? frames[0][..10] : [0x07, 0xC0, 0x20, 0x04, 0x00];
        bench.Place($"0.{extension}", [.. Id3Maker.Tag(("PRIV", Id3Maker.Time(90000)), ("PRIV", Id3Maker.Description(extension == "ac3" ? "zac3" : "zec3", setup))), .. frames.SelectMany(static frame => SampleAesMaker.Frame(frame, 16))]);
        bench.Place("audio.key", isRight ? TestKeys.Key : new byte[16]);
        Uri list = bench.Place("audio.m3u8", Encoding.ASCII.GetBytes($"""
            #EXTM3U
            #EXT-X-VERSION:5
            #EXT-X-TARGETDURATION:2
            #EXT-X-KEY:METHOD=SAMPLE-AES,URI="audio.key",IV=0x{Convert.ToHexString(TestKeys.Vector)}
            #EXTINF:1.28,
            0.{extension}
            #EXT-X-ENDLIST

            """));
        await using Presentation presentation = await bench.Engine.OpenAsync(list, cancellationToken: Cancel);
        Mp4Summary? summary = null;
        Func<Task> write = () => PresentationBench.WriteAsync(async pipe => summary = await presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        if (isRight)
        {
            await write();
            summary!.Tracks[0].KeyCheck!.Result.Should().Be(Mp4KeyCheckResult.Fits);
            summary.Tracks[0].Samples.Should().Be(40);
        }
        else (await write.Should().ThrowAsync<SampleDecryptionException>()).Which.Status.Should().Be(DecryptStatus.Decrypted);
    }
}
