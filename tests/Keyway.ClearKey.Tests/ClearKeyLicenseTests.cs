using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Keyway.ClearKey.Fakes;
using Keyway.Licensing;

namespace Keyway.ClearKey;

public sealed class ClearKeyLicenseTests
{
    // W3C EME, Clear Key, example of a licence. The hexadecimal digits were made with coreutils' basenc.
    private const string W3C = """{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"LwVHf8JLtPrv2GUXFW2v_A"}],"type":"temporary"}""";
    private const string W3CPair = "2f05477fc24bb4faefd86517156daffc:b50d1b25559be9bd0a3cbe8ab59232fc";

    [Fact]
    public void Example_of_the_standard_is_read() => Read(W3C).Should().Equal(W3CPair);

    [Fact]
    public void Licences_of_the_corpus_hold_the_keys_that_its_manifest_lists()
    {
        int read = 0;
        foreach (JsonElement item in JsonCorpus.Items("json"))
        {
            if (!item.GetProperty("facts").TryGetProperty("keys", out JsonElement keys)) continue;
            Read(JsonCorpus.Bytes(item)).Should().Equal(
                keys.EnumerateArray().Select(key => $"{key.GetProperty("kid").GetString()}:{key.GetProperty("k").GetString()}"), JsonCorpus.Id(item));
            read++;
        }

        read.Should().Be(2);
    }

    [Theory]
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A==","kid":"LwVHf8JLtPrv2GUXFW2v_A=="}]}""")]   // padded, and no type
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy/A","kid":"LwVHf8JLtPrv2GUXFW2v/A"}]}""")]   // the alphabet of plain base64
    [InlineData("""{"keys":[{"k\u0074y":"o\u0063t","k":"\u0074Q0bJVWb6b0KPL6KtZIy\/A","kid":"LwVHf8JLtPrv2GUXFW2v\u005fA"}]}""")]   // escapes
    [InlineData("""{"a":{"keys":[1,[{}]]},"keys":[{"kid":"LwVHf8JLtPrv2GUXFW2v_A","use":"enc","x":{"k":[]},"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","alg":null}],"z":1e9}""")]
    [InlineData(" \r\n\t" + W3C + "\n")]
    [InlineData("\uFEFF" + W3C)]   // a byte order mark
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"LwVHf8JLtPrv2GUXFW2v_A"},{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"LwVHf8JLtPrv2GUXFW2v_A"}]}""")]   // twice, alike
    public void Licence_in_the_forms_that_are_met_is_read(string json) => Read(json).Should().Equal(W3CPair);

    [Fact]
    public void Licence_without_keys_is_empty() => Read("""{"keys":[]}""").Should().BeEmpty();

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("<html>", "not valid JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("null", "not a JSON object")]
    [InlineData("{}", "no member 'keys'")]
    [InlineData("""{"keys":{}}""", "'keys' is not a list")]
    [InlineData("""{"keys":[[]]}""", "key 0 is not a JSON object")]
    [InlineData("""{"keys":[{}]}""", "key 0 lacks 'kty'")]
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A"}]}""", "key 0 lacks 'kid'")]
    [InlineData("""{"keys":[{"kty":"oct","kid":"LwVHf8JLtPrv2GUXFW2v_A"}]}""", "key 0 lacks 'k'")]
    [InlineData("""{"keys":[{"kty":"RSA","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"AA"}]}""", "not of type 'oct'")]
    [InlineData("""{"keys":[{"kty":"OCT","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"AA"}]}""", "not of type 'oct'")]
    [InlineData("""{"keys":[{"kty":["oct"],"k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"AA"}]}""", "not of type 'oct'")]
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy","kid":"AA"}]}""", "key 0 is not 16 bytes")]
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_P8","kid":"AA"}]}""", "key 0 is not 16 bytes")]
    [InlineData("""{"keys":[{"kty":"oct","k":"","kid":"AA"}]}""", "key 0 is not 16 bytes")]
    [InlineData("""{"keys":[{"kty":"oct","k":null,"kid":"AA"}]}""", "key 0 is not 16 bytes")]
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0K PL6KtZIy_A","kid":"AA"}]}""", "key 0 is not 16 bytes")]
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A===","kid":"AA"}]}""", "key 0 is not 16 bytes")]
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":""}]}""", "key 0 has no identifier")]
    [InlineData("""{"keys":[{"kty":"oct","kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"AA"}]}""", "'kty' stands twice")]
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","\u006b":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"AA"}]}""", "'k' stands twice")]
    [InlineData("""{"keys":[],"keys":[]}""", "'keys' stands twice")]
    [InlineData("""{"keys":[],"type":"temporary","type":"temporary"}""", "'type' stands twice")]
    [InlineData("""{"keys":[],"type":"persistent-license"}""", "'type' is not the one that was asked for")]
    [InlineData("""{"keys":[],"type":1}""", "'type' is not the one that was asked for")]
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"AA"},{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_w","kid":"AA"}]}""", "key 1 is not 16 bytes|two different keys")]
    [InlineData("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"AA"},{"kty":"oct","k":"AQ0bJVWb6b0KPL6KtZIy_A","kid":"AA=="}]}""", "two different keys")]
    [InlineData("""{"keys":[]} {"keys":[]}""", "not valid JSON")]
    [InlineData("""{"keys":[],}""", "not valid JSON")]
    [InlineData("""{"keys":[/* */]}""", "not valid JSON")]
    [InlineData("""{"keys":[{"kty":"\udc00","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"AA"}]}""", "not of type 'oct'|not UTF-8")]
    [InlineData("""{"keys":[{"kty":"oct","k":"\udc00","kid":"AA"}]}""", "not UTF-8")]
    public void Licence_that_is_something_else_is_refused_and_its_text_is_not_repeated(string json, string reasons)
    {
        LicenseServiceException refusal = Refused(Encoding.UTF8.GetBytes(json));
        reasons.Split('|').Should().Contain(reason => refusal.Message.Contains(reason, StringComparison.Ordinal), refusal.Message);
        refusal.ToString().Should().NotContain("tQ0b").And.NotContain("<html>");
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("\r\n  ", "empty")]
    [InlineData("<!DOCTYPE html><html><body>Please sign in</body></html>", "HTML")]
    [InlineData("\n<HTML><h1>Sign in</h1>", "HTML")]
    [InlineData("<?xml version=\"1.0\"?><error>sign in</error>", "XML")]
    [InlineData("eyJrZXlzIjpbeyJrdHkiOiJvY3QiLCJraWQiOiJBQSIsImsiOiJ0UTBiIn1dfQ==", "base64")]
    [InlineData("eyJrZXlzIjpbeyJr\r\ndHkiOiJvY3Qi", "base64")]
    [InlineData("\"eyJrZXlzIjpbXX0\"", "quotes")]
    [InlineData("Access denied, sign in", "plain text")]
    [InlineData("\u001f\u0001\u0002sign", "binary")]
    public void What_is_no_json_is_named_for_what_it_looks_like(string body, string named)
    {
        string message = Refused(Encoding.UTF8.GetBytes(body)).Message;
        message.Should().Contain(named).And.NotContain("sign").And.NotContain("eyJ").And.NotContain("line 1");
    }

    [Fact]
    public void Compressed_and_utf16_answers_are_named()
    {
        Refused([0x1F, 0x8B, 8, 0, 0, 0, 0, 0]).Message.Should().Contain("gzip");
        Refused([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("{\"keys\":[]}")]).Message.Should().Contain("UTF-16");
    }

    [Fact]
    public void Text_that_is_not_utf8_is_refused() => Refused([.. "{\"keys\":[{\"k\":\""u8, 0xFF, 0xFE, .. "\"}]}"u8]);

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public void Deep_nesting_is_refused_and_not_followed(string open, string close)
    {
        StringBuilder json = new("{\"x\":");
        for (int i = 0; i < 50_000; i++) json.Append(open);
        json.Append('1');
        for (int i = 0; i < 50_000; i++) json.Append(close);
        Refused(Encoding.UTF8.GetBytes(json.Append(",\"keys\":[]}").ToString()));
    }

    [Fact]
    public void Very_long_texts_are_refused_where_they_matter_and_passed_over_where_not()
    {
        string text = new('A', 900_000);
        Refused(Encoding.UTF8.GetBytes($$"""{"keys":[{"kty":"oct","kid":"AA","k":"{{text}}"}]}""")).Message.Should().Contain("key 0 is not 16 bytes");
        Refused(Encoding.UTF8.GetBytes($$"""{"keys":[{"kty":"oct","kid":"{{text}}"}]}""")).Message.Should().Contain("key 0 has no identifier");
        Read($$"""{"{{text}}":"{{text}}","keys":[]}""").Should().BeEmpty();
    }

    [Fact]
    public void Ten_thousand_keys_are_read()
    {
        StringBuilder json = new("{\"keys\":[");
        for (int i = 0; i < 10_000; i++)
            json.Append(i == 0 ? "" : ",").Append("{\"kty\":\"oct\",\"k\":\"tQ0bJVWb6b0KPL6KtZIy_A\",\"kid\":\"").Append(Convert.ToBase64String(BitConverter.GetBytes(i))).Append("\"}");
        Read(json.Append("]}").ToString()).Should().HaveCount(10_000);
    }

    [Fact]
    public void Keys_are_cleared_when_the_licence_is_disposed()
    {
        ClearKeyLicense license = ClearKeyLicense.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(W3C)));
        byte[] key = license.Keys.Single().Key;
        key.Should().Contain(value => value != 0);

        license.Dispose();

        key.Should().OnlyContain(value => value == 0);
        license.Keys.Should().BeEmpty();
    }

    [Fact]
    public void Pieces_read_like_the_whole()
    {
        byte[] json = Encoding.UTF8.GetBytes(W3C);
        for (int length = 1; length < json.Length; length++)
        {
            using ClearKeyLicense license = ClearKeyLicense.Read(Given.Pieces(json, length));
            Pairs(license).Should().Equal(W3CPair);
        }
    }

    [Fact]
    public void Any_key_set_that_another_writer_makes_is_read_back() =>
        Gen.Select(Gen.Byte.Array[1, 40], Gen.Byte.Array[16], Gen.Bool, Gen.Bool).Sample((id, key, padded, plain) =>
        {
            string Text(byte[] bytes)
            {
                string text = Convert.ToBase64String(bytes);   // the runtime's base64, not the one under test
                if (!plain) text = text.Replace('+', '-').Replace('/', '_');
                return padded ? text : text.TrimEnd('=');
            }

            string json = JsonSerializer.Serialize(new { keys = new[] { new { kty = "oct", kid = Text(id), k = Text(key) } } });
            Read(json).Should().Equal($"{KeyId.FromOpaque(id)}:{Convert.ToHexStringLower(key)}");
        });

    [Fact]
    public void Damaged_licence_is_read_or_refused_and_nothing_else() =>
        Gen.Select(Gen.Int[0, W3C.Length - 1], Gen.Byte, Gen.Int[0, W3C.Length]).Sample((at, value, cut) =>
        {
            byte[] damaged = Encoding.UTF8.GetBytes(W3C);
            damaged[at] = value;
            try
            {
                ClearKeyLicense.Read(new ReadOnlySequence<byte>(damaged.AsMemory(0, cut))).Dispose();
            }
            catch (LicenseServiceException e)
            {
                e.Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
            }
        });

    private static string[] Read(string json) => Read(Encoding.UTF8.GetBytes(json));

    private static string[] Read(byte[] json)
    {
        using ClearKeyLicense license = ClearKeyLicense.Read(new ReadOnlySequence<byte>(json));
        return Pairs(license);
    }

    private static string[] Pairs(ClearKeyLicense license) => [.. license.Keys.Select(key => $"{key.Id}:{Convert.ToHexStringLower(key.Key)}")];

    private static LicenseServiceException Refused(byte[] json)
    {
        Action read = () => ClearKeyLicense.Read(new ReadOnlySequence<byte>(json)).Dispose();
        LicenseServiceException refusal = read.Should().Throw<LicenseServiceException>().Which;
        refusal.Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
        return refusal;
    }
}
