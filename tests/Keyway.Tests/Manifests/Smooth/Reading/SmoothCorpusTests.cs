using System.Text.Json;
using Keyway.Dash;
using Keyway.Manifests.Smooth.Codecs;
using Keyway.Manifests.Smooth.Model;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Reading;

/// <summary>Every Smooth Streaming manifest of the corpus, compared with what an independent reader found in it.</summary>
public sealed class SmoothCorpusTests
{
    public static TheoryData<string> Items => [.. MpdCorpus.Ids("smooth").DefaultIfEmpty("")];

    [Theory]
    [MemberData(nameof(Items))]
    public void Headers_read_as_stated(string id)
    {
        JsonElement item = Item(id);
        SmoothManifest manifest = Read(item);
        JsonElement facts = item.GetProperty("facts");
        manifest.Streams.Should().HaveCount(facts.GetProperty("stream_indexes").GetInt32());
        JsonElement[] headers = [.. facts.GetProperty("protection_headers").EnumerateArray()];
        manifest.Headers.Should().HaveCount(headers.Length);
        foreach ((SmoothHeader found, JsonElement stated) in manifest.Headers.Zip(headers))
        {
            found.System.Should().Be(new SystemId(Guid.Parse(stated.GetProperty("system_id").GetString()!)));
            PsshBox box = found.Boxes.Should().ContainSingle().Subject;
            box.Data.Length.Should().Be(stated.GetProperty("length").GetInt32());
            found.KeyIds.Select(static key => key.ToString()).Should().Equal(item.GetProperty("kids").EnumerateArray().Select(static kid => kid.GetString()));
        }

        manifest.LeftOut.Should().BeEmpty();
    }

    [Fact]
    public void Streams_that_begin_at_different_times_have_their_own()
    {
        SmoothManifest manifest = Read(Item("isa-smooth-live"));
        manifest.IsLive.Should().BeTrue();
        manifest.LookAhead.Should().Be(2);
        manifest.Window.Should().Be(600_000_000);
        manifest.Streams.Select(static stream => stream.Chunks.Start).Should().Equal(3903180167058030, 3903180160071363, 3903180160071363, 3903180160000000);
        manifest.Streams.Select(static stream => stream.Chunks.Count).Should().Equal(30, 30, 30, 29);
        manifest.Streams.Select(static stream => (stream.Kind, stream.Language)).Should().Equal((MediaKind.Video, "und"), (MediaKind.Audio, "spa"), (MediaKind.Audio, "qaa"), (MediaKind.Text, "spa"));
        string[] codecs = [.. manifest.Streams.SelectMany(static stream => stream.Qualities.Select(quality => CodecReader.Read(stream, quality, out _)!.Codecs))];
        codecs.Should().Equal("avc1.64001f", "avc1.64001f", "avc1.64001f", "avc1.64001f", "avc1.640029", "avc1.640029", "mp4a.40.2", "mp4a.40.2", "stpp");
    }

    [Fact]
    public async Task Video_of_which_no_sample_entry_can_be_written_is_named_and_its_protection_read()
    {
        SmoothManifest manifest = Read(Item("m3-smooth-1"));
        manifest.Streams.Single().Qualities.Select(static quality => quality.CustomAttributes).Should().Equal("Compatibility=Desktop", "Compatibility=Handheld");
        PresentationTimeline timeline = new SmoothPresentation(new MediaSources(null, TimeProvider.System), manifest).ToTimeline();
        timeline.Periods[0].Renditions.Should().HaveCount(2).And.OnlyContain(static rendition => rendition.NotUnderstood == "WVC1" && !rendition.IsReadable && rendition.Protection.Count == 1);
        timeline.Periods[0].Renditions[0].Segments.Played().First().Address.AbsolutePath.Should().EndWith("/QualityLevels(1536000,Compatibility=Desktop)/Fragments(video=0)");
        await using PresentationBench bench = new();
        Func<Task> open = async () => await bench.Engine.OpenAsync(MediaSources.AddressOf(PathOf(Item("m3-smooth-1"))), cancellationToken: TestContext.Current.CancellationToken);
        (await open.Should().ThrowAsync<TrackNotFoundException>()).WithMessage("*WVC1*");
    }

    private static JsonElement Item(string id)
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        return MpdCorpus.Item(id);
    }

    private static string PathOf(JsonElement item) => Path.Combine(Corpus.Shared!, "corpus", item.GetProperty("file").GetString()!);

    private static SmoothManifest Read(JsonElement item)
    {
        string path = PathOf(item);
        return SmoothManifestReader.Read(new SourceDocument { Content = File.ReadAllBytes(path), Origin = ContentOrigin.Of(MediaSources.AddressOf(path)) });
    }
}
