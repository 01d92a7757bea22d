using System.Text.Json;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>The schema beside the host and the reader say the same.</summary>
public sealed class ConfigurationSchemaTests
{
    private static readonly JsonDocumentOptions Commented = new() { CommentHandling = JsonCommentHandling.Skip };

    private static string Cli(string file) => Path.Combine(Corpus.Root, "hosts", "cli", file);

    private static string SchemaFile => Path.Combine(Corpus.Root, "framework", "Keyway.Hosting", "configuration-schema.json");

    private static JsonSchema Schema { get; } = JsonSchema.Load(SchemaFile);

    [Fact]
    public void Settings_that_the_host_ships_satisfy_schema_and_reader()
    {
        Schema.Check(JsonDocument.Parse(File.ReadAllBytes(Cli("appsettings.json")), Commented).RootElement).Should().BeEmpty();

        KeywayOptions options = KeywayOptions.Read(new ConfigurationBuilder().AddJsonFile(Cli("appsettings.json")).Build().GetSection("Keyway"));
        options.Plugins.Allow.Keys.Should().BeEquivalentTo("clearkey", "widevine", "playready", "expressplay", "cdm");
        options.KeySystems["clearkey"].Priority.Should().Be(100);
        options.Providers.Should().BeEmpty();
    }

    [Fact]
    public void Settings_that_the_host_ships_as_comments_are_good_too()
    {
        // Uncommented, with the commas that JSON wants between what was not there before.
        string text = File.ReadAllText(Cli("appsettings.json"))
            .Replace("\"Priority\": 100\n", "\"Priority\": 100,\n", StringComparison.Ordinal)
            .Replace("\"InProcess\"\n    }\n", "\"InProcess\"\n    },\n", StringComparison.Ordinal)
            .Replace("\"TrustedRoots\": [ \"acme-root.pem\" ]", "\"TrustedRoots\": []", StringComparison.Ordinal);
        string uncommented = string.Join('\n', text.Split('\n').Select(line =>
        {
            string rest = line.TrimStart();
            return rest.StartsWith("// \"", StringComparison.Ordinal) || rest.StartsWith("//  ", StringComparison.Ordinal) || rest.StartsWith("// }", StringComparison.Ordinal) ? rest[3..] : line;
        }));
        JsonElement document = JsonDocument.Parse(uncommented, Commented).RootElement;

        Schema.Check(document).Should().BeEmpty();
        KeywayOptions options = Configured.Options(document.GetProperty("Keyway").GetRawText());
        options.Providers["acme"].Pipeline.Should().HaveCount(4);
        options.FindRoute("media.acme.example")!.Provider.Should().Be("acme");
        options.Secrets.Directory.Should().NotBeNull();
        options.KeySystems["clearkey"].Settings.GetSection("Keys").GetChildren().Should().ContainSingle();
    }

    [Fact]
    public void Example_satisfies_the_schema()
    {
        // The reader takes enumerations without regard to case; the schema has the one spelling that editors offer.
        string example = KeywayOptionsTests.Example.Replace("\"portable\"", "\"Portable\"", StringComparison.Ordinal);
        Check(example).Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{ "Plugin": {} }""")]
    [InlineData("""{ "Plugins": [ 1 ] }""", true)]
    [InlineData("""{ "Plugins": { "Directory": "" } }""")]
    [InlineData("""{ "Plugins": { "Unknown": "Maybe" } }""")]
    [InlineData("""{ "Plugins": { "Allow": { "acme_x": {} } } }""")]
    [InlineData("""{ "Plugins": { "Allow": { "acme": true } } }""")]
    [InlineData("""{ "Plugins": { "Allow": [ "acme" ] } }""")]
    [InlineData("""{ "Providers": [ { "Name": "a" } ] }""")]
    [InlineData("""{ "KeySystems": { "acme": { "Token": {} } } }""")]
    [InlineData("""{ "Plugins": { "Allow": { "acme": { "Pin": "00" } } } }""")]
    [InlineData("""{ "Plugins": { "Allow": { "acme": {} } }, "KeySystems": { "acme": { "Priority": 10001 } } }""")]
    [InlineData("""{ "Plugins": { "Allow": { "acme": {} } }, "KeySystems": { "acme": { "Prio": 1 } } }""")]
    [InlineData("""{ "Providers": { "a": { "Endpoint": {} } } }""")]
    [InlineData("""{ "Providers": { "a": { "AllowedOrigins": [ "https://user@a.example" ] } } }""")]
    [InlineData("""{ "Providers": { "a": { "AllowedOrigins": [ "https://a.example/x" ] } } }""")]
    [InlineData("""{ "Providers": { "a": { "Pipeline": [ {} ] } } }""")]
    [InlineData("""{ "Providers": { "a": { "Pipeline": [ { "Use": "challange" } ] } } }""")]
    [InlineData("""{ "Providers": { "a": {} }, "Routes": { "r": { "Host": "*x", "Provider": "a" } } }""")]
    [InlineData("""{ "Routes": { "r": { "Host": "a.example" } } }""")]
    [InlineData("""{ "Decryption": { "Acceleration": "Fast" } }""")]
    [InlineData("""{ "Decryption": { "MaxParallelFragments": 2000 } }""")]
    [InlineData("""{ "Messaging": { "Transport": "Redis" } }""")]
    [InlineData("""{ "Secrets": { "Path": "x" } }""")]
    [InlineData("""{ "Http": { "TrustAll": true } }""")]
    [InlineData("""{ "Licenses": { "Folder": "x" } }""")]
    [InlineData("""{ "Licenses": { "Store": "" } }""")]
    public void What_the_schema_refuses_the_reader_refuses(string keyway, bool list = false)
    {
        Check(keyway).Should().NotBeEmpty();
        Configured.Errors(keyway).Should().NotBeEmpty(list ? "its items look like settings named 0, 1, …" : "");
    }

    // The step's name, settings that are good, settings that are not.
    [Theory]
    [InlineData("retry", """{ "Attempts": 3, "Delay": "00:00:00.5", "MaxDelay": "00:01:00" }""", """{ "Attempts": 11 }""")]
    [InlineData("retry", "{}", """{ "Attempt": 3 }""")]
    [InlineData("timeout", """{ "After": "00:00:10" }""", """{ "After": "10s" }""")]
    [InlineData("header", """{ "Name": "X-A", "Value": "secret:a", "Encode": "Base64" }""", """{ "Name": "X-A" }""")]
    [InlineData("query", """{ "Name": "a", "Value": "b", "Verbatim": true }""", """{ "Value": "b" }""")]
    [InlineData("customdata", """{ "Value": "b" }""", """{ "Value": "b", "Encode": "Hex" }""")]
    [InlineData("token", """{ "Source": "secret:a", "Placement": "Query", "Name": "t" }""", """{ "Source": "abc" }""")]
    [InlineData("token", """{ "Placement": "None", "Http": { "Url": "https://s.example/" }, "Lifetime": "00:05:00", "Read": [ { "As": "raw" } ] }""", """{ "Placement": "Nowhere" }""")]
    [InlineData("customdata", """{ "KeySystems": { "playready": { "Value": { "Json": "{ \"a\": 1 }" } } } }""", """{ "Encode": "Base64" }""")]
    [InlineData("request", """{ "Url": "https://l.example/{kid}", "Headers": { "X-A": "{kid:hex}", "X-B": { "Value": "b", "Optional": true } }, "Body": { "Text": "{challenge:base64}" }, "Kinds": { "ServerCertificate": { "Method": "GET" } } }""", """{ "Method": "HEAD" }""")]
    [InlineData("request", """{ "UrlFrom": [ "caller", "manifest" ], "KeySystems": { "widevine": {} } }""", """{ "UrlFrom": [ "nobody" ] }""")]
    [InlineData("response", """{ "Operations": [ { "Json": "a" }, "base64" ] }""", "{}")]
    [InlineData("errors", """{ "Probes": [ { "Status": "4xx", "Kind": "TokenExpired" } ] }""", """{ "Probe": [] }""")]
    [InlineData("base64", """{ "Apply": "Response" }""", """{ "Apply": "Neither" }""")]
    [InlineData("json.wrap", """{ "Member": "a.b", "Members": { "c": "d" } }""", """{ "Members": {} }""")]
    [InlineData("json.unwrap", """{ "Member": "a", "Encode": "Numbers" }""", """{ "Member": "a", "Code": 1 }""")]
    [InlineData("error.json", """{ "Code": "c", "Message": "m", "Success": [ "OK" ], "Retryable": [ "R" ], "Kinds": { "E1": "TokenExpired" } }""", """{ "Kinds": { "E1": "TokenIsOld" } }""")]
    public void Settings_of_steps_are_in_the_schema_as_the_steps_read_them(string step, string good, string bad)
    {
        string Pipeline(string settings) => $$"""{ "Providers": { "a": { "Pipeline": [ {{(step == "customdata" ? "" : """{ "Use": "challenge" }, """)}}{ "Use": "{{step}}"{{(settings == "{}" ? "" : ",")}} {{settings[1..]}} ] } } }""";
        Check(Pipeline(good)).Should().BeEmpty();
        Check(Pipeline(bad)).Should().NotBeEmpty();

        Read(Pipeline(good)).Should().NotThrow();
        Read(Pipeline(bad)).Should().Throw<SettingsException>();

        static Action Read(string keyway) => () =>
        {
            StepContext context = new() { Secrets = new SecretReader(new SecretOptions(), [Configured.Section(keyway)]) };
            LicenseService.Read(Configured.Section(keyway).GetSection("Providers:a"), null, new LicenseSteps(), context, new HttpLicenseTransport(new HttpMessageInvoker(new HttpClientHandler())));
        };
    }

    [Fact]
    public void Schema_is_in_the_assembly()
    {
        using Stream stream = ConfigurationSchema.Open();
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        bytes.ToArray().Should().Equal(File.ReadAllBytes(SchemaFile));
    }

    [Fact]
    public void Schema_offers_the_steps_that_there_are()
    {
        JsonElement step = JsonDocument.Parse(File.ReadAllBytes(SchemaFile)).RootElement
            .GetProperty("$defs").GetProperty("provider").GetProperty("properties").GetProperty("Pipeline").GetProperty("items").GetProperty("properties").GetProperty("Use");
        step.GetProperty("anyOf")[0].GetProperty("enum").EnumerateArray().Select(name => name.GetString()).Should().Equal(new LicenseSteps().Names);
    }

    private static IReadOnlyList<string> Check(string keyway) => Schema.Check(JsonDocument.Parse($$"""{ "Keyway": {{keyway}} }""").RootElement);
}
