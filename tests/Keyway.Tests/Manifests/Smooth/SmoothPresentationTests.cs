using Keyway.Content;
using Keyway.Mp4;

namespace Keyway.Manifests.Smooth;

/// <summary>The sample as Smooth Streaming, from manifest to clear samples.</summary>
public sealed class SmoothPresentationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Forms => ["as packaged", "tfxd of 32 bits", "tfdt alone", "no time at all", "tfdt that differs", "absolute offset", "no offset", "no flags", "key beside"];

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Every_sample_is_that_of_the_clear_twin_however_fragments_say_it(string form)
    {
        await using SmoothScene scene = new();
        scene.Make = (track, _) => Form(form) with { Own = SmoothScene.KeyOf(track) };
        await using Presentation presentation = await scene.OpenAsync();
        presentation.Facts.Kind.Should().Be(ContentKind.Smooth);
        presentation.IsLive.Should().BeFalse();
        presentation.Facts.Duration.Should().Be(TimeSpan.FromSeconds(20));
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.SamplesAsync(file, 2)).Should().Equal(PresentationBench.Table("audio"));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
        (await TimesAsync(file, 1)).Should().Equal(await TimesAsync(await DashAsync(), 1));
        (await TimesAsync(file, 2)).Should().Equal(await TimesAsync(await DashAsync(), 2));
        // Where samples do not say it, decoding can begin with the first of a fragment, of which each has a hundred.
        (await SyncAsync(file)).Should().Equal(form == "no flags" ? [.. Enumerable.Range(0, 500).Select(static i => i % 100 == 0)] : await SyncAsync(await DashAsync()));
    }

    private static Piff Form(string form) => form switch
    {
        "tfxd of 32 bits" => new Piff { Tfxd = 0 },
        "tfdt alone" => new Piff { Tfxd = null, Tfdt = static time => time },
        "no time at all" => new Piff { Tfxd = null },
        "tfdt that differs" => new Piff { Tfdt = static time => time + 5_000_000 },
        "absolute offset" => new Piff { BaseDataOffset = 123_456_789 },
        "no offset" => new Piff { HasDataOffset = false },
        "no flags" => new Piff { HasFlags = false },
        "key beside" => new Piff { IsOwnBeside = true },
        _ => new Piff(),
    };

    private static async Task<byte[]> DashAsync()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);
        return await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
    }

    private static async Task<List<double>> TimesAsync(byte[] file, uint track) => [.. (await ReadAsync(file, track)).Select(static sample => sample.Time)];

    private static async Task<List<bool>> SyncAsync(byte[] file) => [.. (await ReadAsync(file, 1)).Select(static sample => sample.IsSync)];

    /// <summary>When each sample is decoded, in seconds, without what an edit list says.</summary>
    private static async Task<List<(double Time, bool IsSync)>> ReadAsync(byte[] file, uint track)
    {
        List<(double, bool)> found = [];
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "output", Cancel);
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, each => each.Id == track, Cancel))
            foreach (ClearSample sample in fragment.Samples) found.Add(((double)sample.DecodeTime / fragment.Track.Timescale, sample.IsSync));
        return found;
    }
}
