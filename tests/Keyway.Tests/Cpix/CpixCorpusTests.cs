using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Dash;
using Keyway.Protection;
using Keyway.Testing;

namespace Keyway.Cpix;

/// <summary>CPIX documents of other projects, compared with what an independent reader found in them.</summary>
public sealed class CpixCorpusTests
{
    public static TheoryData<string> Items => [.. MpdCorpus.Ids("cpix").DefaultIfEmpty("")];

    [Fact]
    public void The_corpus_has_two_documents()
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        MpdCorpus.Ids("cpix").Should().HaveCount(2);
    }

    [Theory]
    [MemberData(nameof(Items))]
    public void Documents_are_read_as_stated(string id)
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        JsonElement item = MpdCorpus.Item(id), facts = item.GetProperty("facts");
        using CpixDocument document = CpixDocument.Read(MpdCorpus.Bytes(item), id);
        document.Notes.Should().BeEmpty();
        (document.ContentId ?? document.Id).Should().Be(facts.GetProperty("content_id").GetString());
        document.Version.Should().Be(facts.GetProperty("version").GetString());

        List<JsonElement> keys = [.. facts.GetProperty("content_keys").EnumerateArray()];
        document.ContentKeys.Should().HaveCount(keys.Count);
        List<(KeyId, byte[])> given = [];
        foreach ((JsonElement stated, CpixContentKey key) in keys.Zip(document.ContentKeys))
        {
            key.Id.Should().Be(KeyOf(stated));
            key.SchemeText.Should().Be(Text(stated, "scheme"));
            key.HasInitializationVector.Should().Be(Text(stated, "explicit_iv") is not null);
            byte[] vector = new byte[16];
            if (document.TryGetInitializationVector(key.Id, vector)) Convert.ToBase64String(vector).Should().Be(Text(stated, "explicit_iv"));
            key.State.Should().Be(Text(stated, "key") is null ? CpixKeyState.Absent : CpixKeyState.Clear);
            if (Text(stated, "key") is { } value) given.Add((key.Id, Convert.FromHexString(value)));
        }

        if (given.Count > 0) document.ShouldGive([.. given]);
        else document.ShouldGiveNothing();
        List<JsonElement> systems = [.. facts.GetProperty("drm_systems").EnumerateArray()];
        document.Systems.Should().HaveCount(systems.Count);
        foreach ((JsonElement stated, CpixDrmSystem system) in systems.Zip(document.Systems)) AssertSystem(stated, system);
        document.UsageRules.Should().ContainSingle().Which.Problem.Should().BeNull();
    }

    private static void AssertSystem(JsonElement stated, CpixDrmSystem system)
    {
        system.System.ToString().Should().Be(Text(stated, "system_id"));
        system.KeyId.Should().Be(KeyOf(stated));
        system.Signals.Where(static signal => signal.Name == "HLSSignalingData").Select(static signal => signal.Playlist).Should().Equal(stated.TryGetProperty("hls", out JsonElement hls) ? [.. hls.EnumerateArray().Select(static each => each.GetString())] : []);
        system.Signals.Count(static signal => signal.Name == "HLSSignalingData" && signal.Facts.Count != 1).Should().Be(0);
        if (!stated.TryGetProperty("pssh", out JsonElement boxes)) return;
        foreach (JsonElement box in boxes.EnumerateArray())
        {
            CpixHeader header = system.Headers.Single(each => Convert.ToHexStringLower(SHA256.HashData(each.Box.Data.Span)) == Text(box, "data_sha256"));
            header.Box.System.ToString().Should().Be(Text(box, "system_id"));
            header.Places.Should().Contain("PSSH").And.Contain("ContentProtectionData").And.Contain("HLSSignalingData media").And.Contain("HLSSignalingData master", "every place says the same");
            if (system.System == SystemIds.PlayReady) header.Places.Should().Contain("SmoothStreamingProtectionHeaderData");
        }
    }

    private static KeyId KeyOf(JsonElement stated) => KeyId.TryParse(Text(stated, "kid")!, out KeyId id) ? id : default;

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
