using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Keyway.Dash;
using Keyway.Testing;

namespace Keyway.Protection;

/// <summary>The keys of PlayReady objects, compared with what an independent reader found in those of the corpus.</summary>
public sealed class PlayReadyKeysTests
{
    private const string Kid = "380ca5052c67408583770df861c91f64", Value = "BaUMOGcshUCDdw34YckfZA==";

    public static TheoryData<string> Items => [.. MpdCorpus.Ids("pro-string").DefaultIfEmpty("")];

    [Theory]
    [MemberData(nameof(Items))]
    public void Keys_read_as_stated(string id)
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        JsonElement item = MpdCorpus.Item(id), facts = item.GetProperty("facts");
        byte[] bytes = MpdCorpus.Bytes(item);
        PlayReadyKeys keys = PlayReadyKeys.Read(MpdCorpus.PathOf(item).EndsWith(".txt", StringComparison.Ordinal) ? Convert.FromBase64String(Encoding.ASCII.GetString(bytes).Trim()) : bytes);
        keys.Problem.Should().BeNull();
        JsonElement header = facts.TryGetProperty("playready", out JsonElement whole) ? whole.GetProperty("records")[0].GetProperty("wrmheader") : facts.EnumerateObject().Single().Value;
        JsonElement[] stated = [.. header.GetProperty("kids").EnumerateArray()];
        keys.KeyIds.Select(static key => key.ToString()).Should().Equal(stated.Select(static kid => kid.GetProperty("kid").GetString()!.Replace("-", "", StringComparison.Ordinal)));
        keys.IsChained.Should().Be(stated.Any(static kid => kid.TryGetProperty("algid", out JsonElement algorithm) && algorithm.GetString() == "AESCBC"));
    }

    [Theory]
    [InlineData("<DATA><KID>" + Value + "</KID></DATA>")]
    [InlineData("<DATA><KID> BaUMOGcshUCDdw34\n YckfZA </KID></DATA>")]
    [InlineData("<DATA><PROTECTINFO><KID VALUE=\"" + Value + "\" ALGID=\"AESCTR\"/></PROTECTINFO></DATA>")]
    [InlineData("<DATA><PROTECTINFO><KIDS><KID VALUE=\"" + Value + "\"></KID><KID VALUE=\"" + Value + "\"/></KIDS></PROTECTINFO></DATA>")]
    [InlineData("<DATA><KID>" + Value + "</KID><CUSTOMATTRIBUTES><KID>AAAAAAAAAAAAAAAAAAAAAA==</KID><x><KID VALUE=\"no\"/></x></CUSTOMATTRIBUTES></DATA>")]
    public void Every_version_names_them_in_its_own_way(string content)
    {
        foreach (byte[] data in (byte[][])[Object(content), Encoding.Unicode.GetBytes(Header(content)), Encoding.UTF8.GetBytes(Header(content))])
            PlayReadyKeys.Read(data).Should().BeEquivalentTo(new { Problem = (string?)null, IsChained = false, KeyIds = new[] { KeyId.TryParse(Kid, out KeyId id) ? id : default } });
    }

    [Fact]
    public void Keys_that_come_with_the_content_are_none_here() =>
        PlayReadyKeys.Read(Object("<DATA><PROTECTINFO/><DECRYPTORSETUP>ONDEMAND</DECRYPTORSETUP></DATA>")).Should().BeEquivalentTo(new { Problem = (string?)null, KeyIds = Array.Empty<KeyId>() });

    [Theory]
    [InlineData("", "0 bytes")]
    [InlineData("0A0000000100010008003C00", "cut short")]
    [InlineData("0600000001000100", "cut short")]
    public void Objects_that_are_cut_are_refused(string hex, string reason) => PlayReadyKeys.Read(Convert.FromHexString(hex)).Problem.Should().Contain(reason);

    [Theory]
    [InlineData("<DATA><KID>AAAA</KID></DATA>", "no key identifier")]
    [InlineData("<DATA><KID>!</KID></DATA>", "no key identifier")]
    [InlineData("<DATA>", "not well-formed")]
    public void Headers_that_make_no_sense_are_refused(string content, string reason) => PlayReadyKeys.Read(Object(content)).Problem.Should().Contain(reason);

    [Fact]
    public void A_header_without_end_is_refused()
    {
        PlayReadyKeys.Read(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<KID>", 1000)))).Problem.Should().Contain("nested");
        PlayReadyKeys.Read("<!DOCTYPE x><WRMHEADER/>"u8).Problem.Should().Contain("DTD");
    }

    private static string Header(string content) => $"<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.0.0.0\">{content}</WRMHEADER>";

    private static byte[] Object(string content)
    {
        byte[] markup = Encoding.Unicode.GetBytes(Header(content)), whole = [.. new byte[10], .. markup];
        BinaryPrimitives.WriteInt32LittleEndian(whole, whole.Length);
        BinaryPrimitives.WriteInt16LittleEndian(whole.AsSpan(4), 1);
        BinaryPrimitives.WriteInt16LittleEndian(whole.AsSpan(6), 1);
        BinaryPrimitives.WriteInt16LittleEndian(whole.AsSpan(8), (short)markup.Length);
        return whole;
    }
}
