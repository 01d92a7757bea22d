using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Protection;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Dash.Reading;

/// <summary>Every manifest of the corpus, against facts that another reader took from the same bytes.</summary>
public sealed class MpdCorpusTests
{
    public static TheoryData<string> Manifests => [.. MpdCorpus.Ids("mpd").DefaultIfEmpty("")];

    [Fact]
    public void The_corpus_has_thirty_manifests()
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        MpdCorpus.Ids("mpd").Should().HaveCount(30);
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public void A_manifest_reads_as_stated(string id)
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        JsonElement item = MpdCorpus.Item(id);
        JsonElement facts = item.GetProperty("facts");
        Manifest manifest = ManifestReader.Read(MpdCorpus.Bytes(item), new Uri("https://content.example/a/manifest.mpd"));

        (manifest.IsDynamic ? "dynamic" : "static").Should().Be(facts.GetProperty("type").GetString());
        JsonElement counts = facts.GetProperty("counts");
        manifest.Periods.Count.Should().Be(counts.GetProperty("Period").GetInt32());
        manifest.Periods.Sum(static period => period.AdaptationSets.Count).Should().Be(counts.GetProperty("AdaptationSet").GetInt32());
        manifest.Periods.SelectMany(static period => period.AdaptationSets).Sum(static set => set.Representations.Count).Should().Be(counts.GetProperty("Representation").GetInt32());

        JsonElement[] expected = [.. facts.GetProperty("content_protection").EnumerateArray()];
        manifest.ContentProtections.Should().HaveCount(expected.Length);
        for (int i = 0; i < expected.Length; i++) Compare(manifest.ContentProtections[i], expected[i]);

        IEnumerable<string> ids = manifest.ContentProtections.Select(static protection => protection.DefaultKeyIdText).OfType<string>().Select(static text => text.ToLowerInvariant()).Distinct();
        ids.Should().BeEquivalentTo(facts.GetProperty("default_kids").EnumerateArray().Select(static kid => kid.GetString()!.ToLowerInvariant()));

        if (facts.TryGetProperty("prefixes_bound_by_hand", out JsonElement prefixes))
            foreach (JsonElement prefix in prefixes.EnumerateArray())
                manifest.Notes.Should().Contain(note => note.Text.Contains($"the prefix '{prefix.GetString()}' is used and never bound"));
        else manifest.Notes.Should().NotContain(static note => note.Text.Contains("never bound"));
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public void Every_representation_names_its_segments(string id)
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        JsonElement item = MpdCorpus.Item(id);
        Manifest manifest = ManifestReader.Read(MpdCorpus.Bytes(item), new Uri("https://content.example/a/manifest.mpd"));
        DateTimeOffset now = (manifest.AvailabilityStart ?? DateTimeOffset.UnixEpoch) + TimeSpan.FromHours(1);
        foreach (Representation each in manifest.Periods.SelectMany(static period => period.AdaptationSets).SelectMany(static set => set.Representations))
        {
            if (each.Segments.Addressing == SegmentAddressing.Index) each.Segments.IndexRange.Should().NotBeNull();
            else each.Segments.Enumerate(now).Take(3).Should().NotBeEmpty(each.Path).And.OnlyContain(static segment => segment.Address.Scheme == "https" || segment.Address.Scheme == "http");
        }

        TrackSelection.Choose(DashTimeline.Of(manifest)).Tracks.Should().NotBeEmpty();
        TrackSelection selection = TrackSelection.Choose(DashTimeline.Of(manifest));
        int all = manifest.Periods.SelectMany(static period => period.AdaptationSets).Sum(static set => set.Representations.Count);
        (selection.Tracks.Sum(static track => track.Renditions.Count) + selection.Others.Count).Should().Be(all, "everything not chosen is listed");
    }

    private static void Compare(ContentProtection actual, JsonElement expected)
    {
        actual.At.Should().Be(expected.GetProperty("at").GetString());
        actual.SchemeIdUri.Should().Be(expected.GetProperty("scheme_id_uri").GetString());
        actual.Value.Should().Be(expected.GetProperty("value").GetString());
        actual.DefaultKeyIdText.Should().Be(expected.TryGetProperty("default_kid", out JsonElement kid) ? kid.GetString() : null);

        JsonElement[] children = expected.TryGetProperty("children", out JsonElement list) ? [.. list.EnumerateArray()] : [];
        Queue<PsshElement> pssh = new(actual.Pssh);
        Queue<ProElement> pro = new(actual.Pro);
        Queue<LicenseUrlElement> urls = new(actual.LicenseUrls);
        foreach (JsonElement child in children)
        {
            switch (child.GetProperty("element").GetString())
            {
                case "pssh":
                    Compare(pssh.Dequeue(), [.. child.GetProperty("boxes").EnumerateArray()]);
                    break;
                case "pro":
                    pro.Dequeue().Content.Length.Should().Be(child.GetProperty("playready").GetProperty("length").GetInt32());
                    break;
                case "Laurl":
                    LicenseUrlElement url = urls.Dequeue();
                    url.Url!.OriginalString.Should().Be(child.GetProperty("text").GetString());
                    url.LicenseType.Should().Be(child.GetProperty("attributes").TryGetProperty("Lic_type", out JsonElement type) ? type.GetString() : null);
                    break;

                // The independent reader lists grandchildren too.
                case "MarlinContentId":
                    actual.Others.Should().NotBeEmpty();
                    break;
                case "SegmentEncryption" or "KeySystem" or "CryptoPeriod":
                    OtherElement other = actual.Others.Should().ContainSingle(each => each.Element == child.GetProperty("element").GetString()).Subject;
                    foreach (JsonProperty attribute in child.GetProperty("attributes").EnumerateObject())
                        other.Attributes.Should().Contain(new KeyValuePair<string, string>(attribute.Name, attribute.Value.GetString()!));
                    break;
                case string name:
                    throw new InvalidOperationException($"the corpus has a child {name} that this test does not know");
            }
        }

        (pssh.Count + pro.Count + urls.Count).Should().Be(0);
    }

    private static void Compare(PsshElement actual, JsonElement[] expected)
    {
        actual.Boxes.Should().HaveCount(expected.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            PsshBox box = actual.Boxes[i];
            if (expected[i].TryGetProperty("not_a_box", out _))
            {
                actual.IsBare.Should().BeTrue();
                box.Data.Length.Should().Be(expected[i].GetProperty("length").GetInt32());
                Sha256(box.Data).Should().Be(expected[i].GetProperty("sha256").GetString());
                continue;
            }

            actual.IsBare.Should().BeFalse();
            box.Version.Should().Be(expected[i].GetProperty("version").GetByte());
            box.System.ToString().Should().Be(expected[i].GetProperty("system_id").GetString());
            box.KeyIds.Select(static id => id.ToString()).Should().Equal(expected[i].GetProperty("kids").EnumerateArray().Select(static id => id.GetString()));
            box.Data.Length.Should().Be(expected[i].GetProperty("data_size").GetInt32());
            Sha256(box.Data).Should().Be(expected[i].GetProperty("data_sha256").GetString());
        }
    }

    private static string Sha256(ReadOnlyMemory<byte> data) => Convert.ToHexStringLower(SHA256.HashData(data.Span));
}
