using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keyway.Dash;
using Keyway.Testing;

namespace Keyway.Protection;

/// <summary>Every header of the corpus that stands alone, as far as the framework reads it: the box. Its data belongs to the key systems.</summary>
public sealed class PsshCorpusTests
{
    public static TheoryData<string> Boxes => [.. MpdCorpus.Ids("pssh-string").DefaultIfEmpty("")];

    public static TheoryData<string> Objects => [.. MpdCorpus.Ids("pro-string").Where(static id => MpdCorpus.Item(id).GetProperty("encoding").GetString() == "base64").DefaultIfEmpty("")];

    [Theory]
    [MemberData(nameof(Boxes))]
    public void Boxes_read_as_stated(string id)
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        JsonElement item = MpdCorpus.Item(id);
        string text = Encoding.ASCII.GetString(MpdCorpus.Bytes(item)).Trim();
        JsonElement[] expected = [.. item.GetProperty("pssh").EnumerateArray()];
        if (!TryDecode(item, text, out byte[] bytes))
        {
            expected.Should().ContainSingle().Which.GetProperty("error").GetString().Should().Be("not base64");
            return;
        }

        bool whole = PsshBox.TryReadAll(bytes, out IReadOnlyList<PsshBox> boxes, out FormatError error);
        JsonElement[] good = [.. expected.Where(static box => !box.TryGetProperty("error", out _))];
        bool malformed = item.GetProperty("malformed").GetBoolean();
        whole.Should().Be(!malformed && good.Length == expected.Length, error.ToString());
        if (!malformed) boxes.Should().HaveCount(good.Length);
        for (int i = 0; i < Math.Min(boxes.Count, good.Length); i++)
        {
            boxes[i].Version.Should().Be(good[i].GetProperty("version").GetByte());
            boxes[i].System.ToString().Should().Be(good[i].GetProperty("system_id").GetString());
            boxes[i].KeyIds.Select(static kid => kid.ToString()).Should().Equal(good[i].GetProperty("kids").EnumerateArray().Select(static kid => kid.GetString()));
            bool truncated = good[i].TryGetProperty("truncated", out _);
            boxes[i].IsTruncated.Should().Be(truncated);
            if (!truncated) boxes[i].Data.Length.Should().Be(good[i].GetProperty("data_size").GetInt32());
            // Its size is what it is where the box itself leaves that open.
            bytes.AsSpan().IndexOf(boxes[i].Box.Span[4..]).Should().BeGreaterThanOrEqualTo(0, "the whole box is kept, byte for byte");
            BinaryPrimitives.ReadInt32BigEndian(boxes[i].Box.Span).Should().Be(boxes[i].Box.Length);
            Convert.ToHexStringLower(SHA256.HashData(boxes[i].Data.Span)).Should().Be(good[i].GetProperty("data_sha256").GetString());
        }
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public void PlayReady_objects_become_headers_of_the_PlayReady_system_byte_for_byte(string id)
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        JsonElement item = MpdCorpus.Item(id);
        string text = Encoding.ASCII.GetString(MpdCorpus.Bytes(item)).Trim();
        byte[] bytes = Convert.FromBase64String(text);
        string mpd = $"""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet mimeType="video/mp4"><ContentProtection schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95"><mspr:pro>{text}</mspr:pro></ContentProtection><Representation id="1"/></AdaptationSet></Period></MPD>""";
        Manifest manifest = ManifestReader.Read(Encoding.UTF8.GetBytes(mpd), new Uri("https://content.example/a.mpd"));
        if (item.GetProperty("facts").TryGetProperty("playready", out JsonElement facts)) bytes.Length.Should().Be(facts.GetProperty("length").GetInt32());

        ProtectionMap map = new ProtectionMapBuilder().Add(manifest).Build();
        ProtectionEntry entry = map.Headers.Should().ContainSingle().Subject;
        entry.System.Should().Be(SystemIds.PlayReady);
        entry.Data.ToArray().Should().Equal(bytes);
        entry.Sources.Should().Equal(new ProtectionSource(ProtectionOrigin.Manifest, "/MPD/Period[0]/AdaptationSet[0]/ContentProtection[0]/pro[0]"));
    }

    private static bool TryDecode(JsonElement item, string text, out byte[] bytes)
    {
        bytes = [];
        try
        {
            bytes = item.GetProperty("encoding").GetString() == "hex" ? Convert.FromHexString(text) : Convert.FromBase64String(text);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
