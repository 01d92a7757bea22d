using System.Text;
using System.Text.Json;
using Keyway.Hosting.Configuration;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Packs;
using Keyway.Testing;

namespace Keyway.Hosting.Packs;

/// <summary>The schema of packs and their reader say the same.</summary>
public sealed class ProviderPackSchemaTests
{
    private static JsonSchema Schema { get; } = JsonSchema.Read(BuiltInPacks.Schema());

    public static TheoryData<string> BuiltIn => [.. BuiltInPacks.Names];

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void Built_in_pack_satisfies_the_schema(string name) =>
        Schema.Check(JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Root, "framework", "Keyway", "Licensing", "Packs", "BuiltIn", $"{name}.json"))).RootElement).Should().BeEmpty();

    [Fact]
    public void There_are_packs_for_the_services_of_the_survey() => BuiltInPacks.Names.Should().Contain(["axinom", "comcast", "doverunner", "drmtoday", "nagra", "playready-test", "vualto"]).And.HaveCountGreaterThan(15);

    [Fact]
    public void Words_of_the_schema_are_the_words_of_the_reader()
    {
        JsonElement definitions = JsonDocument.Parse(BuiltInPacks.Schema()).RootElement.GetProperty("$defs");
        Words(definitions.GetProperty("kind")).Should().Equal(Enum.GetNames<LicenseErrorKind>());
        Words(definitions.GetProperty("encoding")).Should().OnlyHaveUniqueItems().And.HaveCount(7);
        foreach (string encoding in Words(definitions.GetProperty("encoding"))) Mistakes($$"""{ "url": "https://a.example/{kid:{{encoding}}}" }""").Should().BeEmpty();
        definitions.GetProperty("layer").GetProperty("properties").GetProperty("kinds").GetProperty("propertyNames").GetProperty("pattern").GetString()
            .Should().Be($"^({string.Join('|', Enum.GetNames<ChallengeKind>().Skip(1))})$");
    }

    // What one refuses, so does the other; the reader knows more (names in templates, parameters, hosts).
    [Theory]
    [InlineData("""{ "url": 1 }""", false)]
    [InlineData("""{ "url": [] }""", false)]
    [InlineData("""{ "url": null }""", true)]
    [InlineData("""{ "colour": "red" }""", true)]
    [InlineData("""{ "method": "DELETE" }""", true)]
    [InlineData("""{ "headers": { "X-A": null } }""", false)]
    [InlineData("""{ "headers": [ "X-A" ] }""", true)]
    [InlineData("""{ "headers": { "X-A": { "value": "x", "encode": "base63" } } }""", true)]
    [InlineData("""{ "headers": { "X-A": { "value": "x", "when": {} } } }""", true)]
    [InlineData("""{ "body": "nothing" }""", true)]
    [InlineData("""{ "body": { "json": { "a": [ 1, null, true, { "b": "{challenge:decimal}" } ] } } }""", false)]
    [InlineData("""{ "body": { "json": {}, "contentTyp": "x" } }""", true)]
    [InlineData("""{ "response": "base64" }""", true)]
    [InlineData("""{ "response": [ "base63" ] }""", true)]
    [InlineData("""{ "response": [ { "if": "gzip", "then": [] } ] }""", true)]
    [InlineData("""{ "response": [ { "if": "json", "then": [ { "json": "a.b" }, "base64" ], "else": [] } ] }""", false)]
    [InlineData("""{ "errors": {} }""", true)]
    [InlineData("""{ "errors": [ { "status": 40 } ] }""", true)]
    [InlineData("""{ "errors": [ { "status": "4x" } ] }""", true)]
    [InlineData("""{ "errors": [ { "status": [ 401, "5xx" ], "kind": "TokenInvalid", "retryable": true } ] }""", false)]
    [InlineData("""{ "errors": [ { "json": {} } ] }""", true)]
    [InlineData("""{ "errors": [ { "json": { "code": "c" }, "codes": { "1": "TokenBad" } } ] }""", true)]
    [InlineData("""{ "errors": [ { "json": { "code": "c" }, "codes": { "1": { "advice": "x" } } } ] }""", true)]
    [InlineData("""{ "errors": [ { "header": "h", "texts": [ { "contains": "x" } ] } ] }""", true)]
    [InlineData("""{ "kinds": { "Licence": {} } }""", true)]
    [InlineData("""{ "kinds": { "Renewal": { "kinds": {} } } }""", true)]
    [InlineData("""{ "kinds": { "Renewal": { "customData": "x" } } }""", true)]
    [InlineData("""{ "customData": null }""", false)]
    public void Schema_and_reader_agree_about_requests(string layer, bool wrong)
    {
        Schema.Check(JsonDocument.Parse(Pack($$""" "keySystems": { "widevine": {{layer}} } """)).RootElement).Any().Should().Be(wrong);
        if (wrong) Mistakes(layer).Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("""{ "secret": "abc" }""")]
    [InlineData("""{ "perKey": { "00112233445566778899aabbccddeeff": "abc" } }""")]
    [InlineData("""{ "http": {} }""")]
    [InlineData("""{ "http": { "url": "https://a.example/", "body": "challenge" } }""")]
    [InlineData("""{ "http": { "url": [ "https://a.example/" ] } }""")]
    [InlineData("""{ "http": { "url": "https://a.example/", "retries": 3 } }""")]
    [InlineData("""{ "lifetime": "30" }""")]
    [InlineData("""{ "read": [ { "as": "xml" } ] }""")]
    [InlineData("""{ "read": [ {} ] }""")]
    [InlineData("""{ "tokens": 1 }""")]
    public void What_the_schema_refuses_of_tokens_the_reader_refuses(string token)
    {
        string pack = Pack($$""" "keySystems": { "widevine": {} }, "token": {{token}} """);
        Schema.Check(JsonDocument.Parse(pack).RootElement).Should().NotBeEmpty();
        Action read = () => ProviderPack.Read(Encoding.UTF8.GetBytes(pack), "a.json");
        read.Should().Throw<SettingsException>().Which.Errors.Should().OnlyContain(error => error.Path.StartsWith("a.json: $.token", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(""" "keySystems": {} """)]
    [InlineData(""" "keySystems": { "widevine": {} }, "urlFrom": [ "anywhere" ] """)]
    [InlineData(""" "keySystems": { "widevine": {} }, "origins": [ "https://a.example/x" ] """)]
    [InlineData(""" "keySystems": { "widevine": {} }, "parameters": { "a b": {} } """)]
    [InlineData(""" "keySystems": { "widevine": {} }, "parameters": { "a": { "per": "viewer" } } """)]
    [InlineData(""" "keySystems": { "widevine": {} }, "parameters": { "a": { "choice": [] } } """)]
    [InlineData(""" "keySystems": { "widevine": {} }, "redact": {} """)]
    [InlineData(""" "keySystem": { "widevine": {} } """)]
    public void What_the_schema_refuses_of_packs_the_reader_refuses(string members)
    {
        Schema.Check(JsonDocument.Parse(Pack(members)).RootElement).Should().NotBeEmpty();
        Action read = () => ProviderPack.Read(Encoding.UTF8.GetBytes(Pack(members)), "a.json");
        read.Should().Throw<SettingsException>();
    }

    private static string Pack(string members) => $$"""{ "name": "acme", "source": "a document", "tested": "never", {{members}} }""";

    private static IReadOnlyList<SettingError> Mistakes(string layer)
    {
        try
        {
            ProviderPack.Read(Encoding.UTF8.GetBytes(Pack($$""" "keySystems": { "widevine": {{layer}} } """)), "a.json");
            return [];
        }
        catch (SettingsException exception)
        {
            return exception.Errors;
        }
    }

    private static string[] Words(JsonElement schema) => [.. schema.GetProperty("enum").EnumerateArray().Select(word => word.GetString()!)];
}
