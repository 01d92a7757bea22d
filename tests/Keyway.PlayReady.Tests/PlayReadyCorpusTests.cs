using System.Text;
using System.Text.Json.Nodes;
using Keyway.Licensing;

namespace Keyway.PlayReady;

/// <summary>PlayReady Objects and boxes that other projects publish, against facts that an independent reader took from their bytes.</summary>
public sealed class PlayReadyCorpusTests
{
    private const string SystemId = "9a04f079-9840-4286-ab92-e65be0885f95";

    public static TheoryData<string> Items()
    {
        TheoryData<string> items = [];
        if (Testing.Corpus.Shared is null) items.Add("absent");
        else
        {
            foreach (JsonNode? item in SharedVectors.Corpus["items"]!.AsArray())
            {
                bool mine = item.Text("kind") == "pro-string"
                    || (item.Text("kind") == "pssh-string" && item!["pssh"] is JsonArray boxes && boxes.Any(box => box!["system_id"]?.GetValue<string>() == SystemId));
                if (mine) items.Add(item.Text("id"));
            }
        }

        return items;
    }

    [Theory]
    [MemberData(nameof(Items))]
    public void Item_decodes_to_the_stated_facts(string id)
    {
        JsonNode item = SharedVectors.Corpus["items"]!.AsArray().Single(entry => entry.Text("id") == id)!;
        byte[] bytes = File.ReadAllBytes(SharedVectors.PathOf("corpus/" + item.Text("file")));
        string encoding = item.Text("encoding");
        byte[] payload = encoding == "hex" ? Convert.FromHexString(Encoding.ASCII.GetString(bytes).Trim()) : bytes;

        if (id == "spl-pssh-valid-then-truncated")
        {
            // The box is sound, what it holds is eight bytes of nothing.
            Action read = () => PlayReadyHeader.Read(PlayReadyHeaderTests.Pssh(payload));
            read.Should().Throw<ProtectionHeaderException>();
            return;
        }

        PlayReadyHeader.TryOpen(payload, out _, out PlayReadyHeader? header, out PlayReadyFault fault).Should().BeTrue($"{id}: {fault.Reason}");
        JsonNode facts = FactsOf(item);
        header!.Version.Should().Be(facts.Text("version"));
        JsonArray keys = facts["kids"]!.AsArray();
        header.Keys.Select(key => key.Id).Should().Equal(keys.Select(key => SharedVectors.Id(key.Text("kid"))));
        for (int i = 0; i < keys.Count; i++)
        {
            string? checksum = (keys[i]!["checksum"] ?? (keys.Count == 1 ? facts["checksum"] : null))?.GetValue<string>();
            string? algorithm = (keys[i]!["algid"] ?? facts["algid"])?.GetValue<string>();
            (header.Keys[i].Checksum.IsEmpty ? null : Convert.ToBase64String(header.Keys[i].Checksum.Span)).Should().Be(checksum);
            header.Keys[i].Algorithm.Should().Be(algorithm switch { "AESCTR" => HeaderAlgorithm.AesCtr, "AESCBC" => HeaderAlgorithm.AesCbc, _ => HeaderAlgorithm.None });
        }

        header.LicenseUrl.Should().Be(facts["la_url"]?.GetValue<string>());
        header.PageUrl.Should().Be(facts["lui_url"]?.GetValue<string>());
        (header.DomainService is Guid service ? Convert.ToBase64String(service.ToByteArray(bigEndian: false)) : null).Should().Be(facts["ds_id"]?.GetValue<string>());
        (header.CustomAttributes is not null).Should().Be(facts["custom_attributes"]!.GetValue<bool>());
        header.OnDemand.Should().Be(facts["decryptorsetup"] is not null);

        ProtectionHeader read2 = PlayReadyHeader.Read(PlayReadyHeaderTests.Pssh(payload));
        if (item["kids"]!.AsArray() is { Count: > 0 } ids) read2.KeyIds.Should().BeEquivalentTo(ids.Select(entry => SharedVectors.Id(entry!.GetValue<string>())));
    }

    private static JsonNode FactsOf(JsonNode item)
    {
        if (item["facts"] is JsonNode facts) return facts["wrmheader"] ?? facts["wrmheader_when_tolerated"] ?? facts["playready"]!["records"]![0]!["wrmheader"]!;
        return item["pssh"]!.AsArray().Single(box => box!["playready"] is not null)!["playready"]!["records"]![0]!["wrmheader"]!;
    }
}
