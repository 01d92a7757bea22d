using Keyway.Decryption;
using Keyway.Hosting.Plugins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

public sealed class KeywayOptionsTests
{
    // Something in every section, with the plugins and the route that it needs.
    internal const string Example = """
        {
          "Plugins": {
            "Directory": "addons", "Unknown": "Refuse", "Unloadable": true,
            "Allow": { "clearkey": {}, "widevine": { "Pin": "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF" }, "expressplay": { "Required": true, "Own": 1 }, "old": { "Disabled": true } }
          },
          "KeySystems": {
            "widevine": { "Plugin": "widevine", "Priority": 10, "Settings": { "PrivateKey": "secret:widevine-key", "ClientId": "secret:widevine-client-id" } },
            "clearkey": {}
          },
          "Providers": {
            "expressplay": {
              "Plugin": "expressplay",
              "KeySystems": [ "widevine" ],
              "Endpoints": { "widevine": "https://wv.example/?a=b" },
              "AllowedOrigins": [ "https://wv2.example", "http://127.0.0.1:8797/" ],
              "Pipeline": [
                { "Use": "retry", "Attempts": 3 },
                { "Use": "header", "Name": "X-Tenant", "Value": "acme" },
                { "Use": "expressplay.token", "Source": "secret:expressplay-token" },
                { "Use": "challenge" },
                { "Use": "timeout", "After": "00:00:10" }
              ]
            },
            "plain": { "Steps": { "retry": { "Attempts": 1 } }, "Settings": { "Anything": { "At": "all" } } }
          },
          "Routes": {
            "default": { "Provider": "expressplay" },
            "acme": { "Host": "*.acme.example", "Provider": "plain" },
            "one": { "Host": "media.acme.example", "Provider": "expressplay" }
          },
          "Licenses": { "Store": "/var/lib/keyway", "KeyWaitSeconds": 5 },
          "Decryption": { "Acceleration": "portable", "MaxParallelFragments": 4 },
          "Messaging": { "Transport": "MessagePipe" },
          "Secrets": { "Directory": "/run/secrets" },
          "Http": { "TrustedRoots": [] }
        }
        """;

    [Fact]
    public void Nothing_at_all_is_every_default()
    {
        KeywayOptions options = KeywayOptions.Read(new ConfigurationBuilder().Build().GetSection("Keyway"));

        options.Plugins.Should().BeEquivalentTo(new PluginOptions { Directory = "plugins", Unknown = UnknownPlugins.Refuse, Unloadable = false });
        options.KeySystems.Should().BeEmpty();
        options.Providers.Should().BeEmpty();
        options.Routes.Should().BeEmpty();
        options.Decryption.Should().Be(new DecryptionOptions { Acceleration = Acceleration.Auto, MaxParallelFragments = 0 });
        options.Messaging.Should().Be(new MessagingOptions { Transport = MessageTransport.InProcess });
        options.Secrets.Directory.Should().BeNull();
        options.Licenses.Store.Should().BeNull();
        options.Licenses.KeyWaitSeconds.Should().Be(30);
        options.Http.TrustedRoots.Should().BeEmpty();
    }

    [Fact]
    public void Example_is_read()
    {
        KeywayOptions options = Configured.Options(Example);

        options.Plugins.Directory.Should().Be("addons");
        options.Plugins.Unloadable.Should().BeTrue();
        options.Plugins.Allow.Keys.Should().BeEquivalentTo("clearkey", "widevine", "expressplay", "old");
        options.Plugins.Allow["widevine"].Pin.Should().HaveLength(64);
        options.Plugins.Allow["expressplay"].Required.Should().BeTrue();
        options.Plugins.Allow["expressplay"].Settings!["Own"].Should().Be("1");
        options.Plugins.Allow["old"].Disabled.Should().BeTrue();

        options.KeySystems["WIDEVINE"].Priority.Should().Be(10);
        options.KeySystems["widevine"].Settings["PrivateKey"].Should().Be("secret:widevine-key");
        options.KeySystems["clearkey"].Plugin.Should().Be("clearkey", "the name stands for the plugin");
        options.KeySystems["clearkey"].Priority.Should().Be(100);

        ProviderOptions provider = options.Providers["expressplay"];
        provider.Plugin.Should().Be("expressplay");
        provider.KeySystems.Should().Equal("widevine");
        provider.Endpoints.Should().Equal(new Dictionary<string, Uri> { ["widevine"] = new("https://wv.example/?a=b") });
        provider.AllowedOrigins.Should().Equal(new Uri("https://wv2.example/"), new Uri("http://127.0.0.1:8797/"));
        provider.Pipeline.Select(step => step.Use).Should().Equal("retry", "header", "expressplay.token", "challenge", "timeout");
        provider.Pipeline[1].Section["Value"].Should().Be("acme");
        options.Providers["plain"].Plugin.Should().BeNull();

        options.Decryption.Should().Be(new DecryptionOptions { Acceleration = Acceleration.Portable, MaxParallelFragments = 4 });
        options.Messaging.Transport.Should().Be(MessageTransport.MessagePipe);
        options.Secrets.Directory.Should().Be("/run/secrets");
        options.Licenses.Store.Should().Be("/var/lib/keyway");
        options.Licenses.KeyWaitSeconds.Should().Be(5);
    }

    [Theory]
    [InlineData("media.acme.example", "one")]
    [InlineData("MEDIA.ACME.EXAMPLE", "one")]
    [InlineData("other.acme.example", "acme")]
    [InlineData("a.b.acme.example", "acme")]
    [InlineData("acme.example", "default")]
    [InlineData("evilacme.example", "default")]
    [InlineData("", "default")]
    public void Most_precise_route_is_found(string host, string route) => Configured.Options(Example).FindRoute(host)!.Name.Should().Be(route);

    [Fact]
    public void Without_a_route_for_a_host_there_is_none() =>
        Configured.Options("""{ "Providers": { "a": {} }, "Routes": { "r": { "Host": "a.example", "Provider": "a" } } }""").FindRoute("b.example").Should().BeNull();

    [Theory]
    [InlineData("Pins", "Pin")]
    [InlineData("pinn", "Pin")]
    [InlineData("Pni", "Pin")]
    [InlineData("Pi", "Pin")]
    [InlineData("Require", "Required")]
    [InlineData("Requierd", "Required")]
    [InlineData("Disable", "Disabled")]
    [InlineData("Dissabled", "Disabled")]
    public void Name_that_is_nearly_one_of_a_plugin_s_entry_is_an_error(string written, string meant) =>
        Configured.Errors($$"""{ "Plugins": { "Allow": { "acme": { "{{written}}": "00" } } } }""").Should().ContainSingle()
            .Which.Should().StartWith($"Keyway:Plugins:Allow:acme:{written}: ").And.Contain($"'{meant}'");

    [Theory]
    [InlineData("Own")]
    [InlineData("PinCode")]
    [InlineData("Tenant")]
    [InlineData("RequiredRegion")]
    [InlineData("Url")]
    public void Other_names_of_a_plugin_s_entry_are_its_own(string name) =>
        Configured.Options($$"""{ "Plugins": { "Allow": { "acme": { "{{name}}": "x" } } } }""").Plugins.Allow["acme"].Settings![name].Should().Be("x");

    [Fact]
    public void Host_called_loopback_is_no_origin_because_a_request_would_go_to_this_machine() =>
        Configured.Errors("""{ "Providers": { "a": { "AllowedOrigins": [ "http://loopback:8080", "http://localhost:8080" ] } } }""").Should().ContainSingle()
            .Which.Should().StartWith("Keyway:Providers:a:AllowedOrigins:0: ");

    [Fact]
    public void Fallback_is_a_list_of_key_systems_and_providers()
    {
        Configured.Options("""
            { "KeySystems": { "a": {} }, "Providers": { "p": {} }, "Licenses": { "Fallback": [ { "KeySystem": "a" }, { "Provider": "p" }, { "KeySystem": "A", "Provider": "direct" } ] } }
            """).Licenses.Fallback.Should().Equal(new LicenseFallback { KeySystem = "a" }, new LicenseFallback { Provider = "p" }, new LicenseFallback { KeySystem = "A", Provider = "direct" });
        Configured.Errors("""
            { "KeySystems": { "a": {} }, "Licenses": { "Fallback": [ "a", {}, { "KeySystem": "b" }, { "Provider": "p" }, { "KeySystem": "a", "Url": "https://a.example" } ] } }
            """).Should().BeEquivalentTo(
            "Keyway:Licenses:Fallback:0: an object is expected: { \"KeySystem\": \"…\", \"Provider\": \"…\" }, or one of the two",
            "Keyway:Licenses:Fallback:1: it names neither a KeySystem nor a Provider: what is to be tried?",
            "Keyway:Licenses:Fallback:2:KeySystem: there is no key system 'b' in Keyway:KeySystems; did you mean 'a'?",
            "Keyway:Licenses:Fallback:3:Provider: there is no provider 'p' in Keyway:Providers",
            "Keyway:Licenses:Fallback:4:Url: there is no such setting (there are KeySystem, Provider)");
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_together_with_its_path()
    {
        Configured.Errors("""
            {
              "Plugin": {},
              "Plugins": { "Directory": "", "Unknown": "Maybe", "Unloadable": "yes", "Allow": { "clearkey": { "Pin": "abc", "Required": 1 }, "acme_x": {}, "drm": 5 } },
              "KeySystems": { "clearkey": { "Priority": -1, "Priorty": 2 }, "widevine": { "Plugin": "widevine" }, "text": "x", "set": { "Settings": "x" } },
              "Providers": {
                "one": {
                  "Plugin": "gone", "KeySystems": [ "playready", "clearkey", "" ],
                  "Endpoints": { "clearkey": "ftp://a.example", "fairplay": "https://a.example", "widevine": "https://a.example" },
                  "AllowedOrigins": [ "https://a.example/path", "https://a.example" ],
                  "Pipeline": [ { "Use": "retry" }, "challenge", { "Use": "challange" }, { "Name": "x" }, { "Use": "gne.token" }, { "Use": "clearkey.step" } ]
                },
                "two": { "Pipeline": { "first": { "Use": "retry" } }, "KeySystems": "clearkey" }
              },
              "Routes": { "a": { "Host": "*", "Provider": "three" }, "b": { "Host": "*", "Provider": "two" }, "c": { "Host": "a b" }, "d": { "Provider": { "x": 1 } } },
              "Decryption": { "Acceleration": 1, "MaxParallelFragments": "many" },
              "Messaging": { "Transport": "Redis" },
              "Secrets": { "Directory": [ "a" ] },
              "Http": { "TrustedRoots": [ "/nowhere/root.pem" ] }
            }
            """).Should().BeEquivalentTo(
            "Keyway:Plugins:Directory: empty",
            "Keyway:Plugins:Unknown: none of Refuse, Load",
            "Keyway:Plugins:Unloadable: neither true nor false",
            "Keyway:Plugins:Allow:acme_x: not the id of a plugin: lower-case letters, digits and dashes",
            "Keyway:Plugins:Allow:clearkey:Pin: not 64 hexadecimal digits, as 'keyway plugins --pin' prints them",
            "Keyway:Plugins:Allow:clearkey:Required: neither true nor false",
            "Keyway:Plugins:Allow:drm: an object is expected, not a value",
            "Keyway:KeySystems:clearkey:Priority: not a number from 0 to 10000",
            "Keyway:KeySystems:clearkey:Priorty: there is no such setting (there are Plugin, Priority, Settings); did you mean 'Priority'?",
            "Keyway:KeySystems:set:Settings: an object is expected, not a value",
            "Keyway:KeySystems:text: an object is expected, not a value",
            "Keyway:Providers:one:KeySystems:2: not a text",
            "Keyway:Providers:one:Endpoints:clearkey: not an http or https URL without a user name",
            "Keyway:Providers:one:AllowedOrigins:0: not an origin (https://host or https://host:port)",
            "Keyway:Providers:one:Pipeline:1: a step is an object whose 'Use' names it",
            "Keyway:Providers:one:Pipeline:3: a step is an object whose 'Use' names it",
            "Keyway:Providers:two:KeySystems: a list is expected, not a value",
            "Keyway:Providers:two:Pipeline:first: a list is expected, whose items are numbered from 0",
            "Keyway:Routes:c:Host: not a host, '*.' and a domain, or '*'",
            "Keyway:Routes:c:Provider: missing: which provider serves these manifests?",
            "Keyway:Routes:d:Provider: a value is expected, not an object or a list",
            "Keyway:Routes:d:Provider: missing: which provider serves these manifests?",
            "Keyway:Decryption:Acceleration: none of Auto, Portable",
            "Keyway:Decryption:MaxParallelFragments: not a number from 0 to 1024",
            "Keyway:Messaging:Transport: none of InProcess, MessagePipe",
            "Keyway:Secrets:Directory: a value is expected, not an object or a list",
            "Keyway:Http:TrustedRoots:0: there is no file /nowhere/root.pem",
            "Keyway:Plugin: there is no such setting (there are Plugins, KeySystems, Providers, Routes, Licenses, Decryption, Messaging, Secrets, Http); did you mean 'Plugins'?",
            "Keyway:Providers:one:KeySystems:0: there is no key system 'playready' in Keyway:KeySystems",
            "Keyway:Providers:one:Endpoints:fairplay: there is no key system 'fairplay' in Keyway:KeySystems",
            "Keyway:Providers:one:Endpoints:widevine: the provider's KeySystems do not name 'widevine'",
            "Keyway:Providers:one:Pipeline:2: no step is named 'challange' (there are base64, challenge, customdata, error.json, errors, header, json.unwrap, json.wrap, pack, query, request, response, retry, timeout, token, and those of plugins, as PLUGIN.STEP); did you mean 'challenge'?",
            "Keyway:Providers:one:Pipeline:4: plugin 'gne' is not in Keyway:Plugins:Allow; did you mean 'gone'?",
            "Keyway:Routes:a:Provider: there is no provider 'three' in Keyway:Providers",
            "Keyway:Routes:b:Host: the route 'a' is for '*' already",
            "Keyway:Routes:d:Host: the route 'a' is for '*' already");
    }

    [Fact]
    public void Reference_to_a_secret_with_no_proper_name_is_told_and_not_repeated()
    {
        string[] errors = Configured.Errors("""{ "Plugins": { "Allow": { "a": { "X": [ "secret:good-name.1", "secret:Hunter2!" ] } } } }""");
        errors.Should().ContainSingle().Which.Should().StartWith("Keyway:Plugins:Allow:a:X:1: not 'secret:' and a name").And.NotContain("Hunter2");
    }

    [Fact]
    public void Plugins_that_are_not_named_may_be_referred_to_where_unknown_ones_are_loaded() =>
        Configured.Errors("""{ "Plugins": { "Unknown": "Load" }, "KeySystems": { "x": {} }, "Providers": { "p": { "Pipeline": [ { "Use": "x.y" } ] } } }""").Should().BeEmpty();

    [Fact]
    public void A_plugin_that_waits_to_be_named_waits_no_more_when_it_is()
    {
        const string allowed = """ "Plugins": { "Allow": { "a": { "WhenNamed": true, "Pin": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" }, "b": { "WhenNamed": true } } } """;
        Configured.Options($"{{ {allowed} }}").Plugins.Allow.Values.Should().OnlyContain(static plugin => plugin.WhenNamed);
        KeywayOptions options = Configured.Options($$"""{ {{allowed}}, "KeySystems": { "x": { "Plugin": "A" } } }""");
        (options.Plugins.Allow["a"].WhenNamed, options.Plugins.Allow["b"].WhenNamed).Should().Be((false, true));
        options.Plugins.Allow["a"].Pin.Should().NotBeNull("all else that is said of it stays");
    }

    [Fact]
    public void Who_names_a_plugin_for_a_key_system_or_a_provider_allows_it()
    {
        KeywayOptions options = Configured.Options("""{ "Plugins": { "Allow": { "c": { "Disabled": true } } }, "KeySystems": { "a": {}, "x": { "Plugin": "B" }, "c": {} }, "Providers": { "p": { "Plugin": "Acme" } } }""");
        options.Plugins.Allow.Keys.Should().BeEquivalentTo("a", "b", "c", "acme");
        options.Plugins.Allow["c"].Disabled.Should().BeTrue("an entry of its own counts");
        options.KeySystems["x"].Plugin.Should().Be("b", "ids have no case");
        options.Providers["p"].Plugin.Should().Be("acme");
    }

    [Theory]
    [InlineData("""{ "KeySystems": { "a_b": {} } }""", "Keyway:KeySystems:a_b:Plugin: not the id of a plugin: lower-case letters, digits and dashes")]
    [InlineData("""{ "Providers": [ { "Name": "acme" } ] }""", """Keyway:Providers: a list stands here; an object is expected, whose members are named after what they describe: { "acme": { … } }""")]
    [InlineData("""{ "Plugins": { "Allow": [ "clearkey" ] } }""", """Keyway:Plugins:Allow: a list stands here; an object is expected, whose members are named after what they describe: { "clearkey": { … } }""")]
    [InlineData("""{ "Plugins": { "Allow": { "clearkey": true } } }""", """Keyway:Plugins:Allow:clearkey: an object is expected, not a value; without settings of its own it is "clearkey": {}""")]
    [InlineData("""{ "KeySystems": { "clearkey": {} }, "Providers": { "p": { "KeySystems": [ "clearky" ] } } }""", "Keyway:Providers:p:KeySystems:0: there is no key system 'clearky' in Keyway:KeySystems; did you mean 'clearkey'?")]
    [InlineData("""{ "Providers": { "acme": {} }, "Routes": { "r": { "Provider": "amce" } } }""", "Keyway:Routes:r:Provider: there is no provider 'amce' in Keyway:Providers; did you mean 'acme'?")]
    [InlineData("""{ "Providers": { "p": { "Pipeline": [ { "Use": "json.wrp" } ] } } }""", "Keyway:Providers:p:Pipeline:0: no step is named 'json.wrp' (there are base64, challenge, customdata, error.json, errors, header, json.unwrap, json.wrap, pack, query, request, response, retry, timeout, token, and those of plugins, as PLUGIN.STEP); did you mean 'json.wrap'?")]
    public void Mistake_says_what_is_right(string keyway, string error) => Configured.Errors(keyway).Should().Equal(error);

    [Fact]
    public void Names_of_steps_have_no_case() => Configured.Errors("""{ "Providers": { "p": { "Pipeline": [ { "Use": "Retry" }, { "Use": "CHALLENGE" } ] } } }""").Should().BeEmpty();

    [Fact]
    public void Later_layers_win_by_name()
    {
        IConfigurationRoot root = Configured.Root(Example, ("Keyway:KeySystems:CLEARKEY:Priority", "1"), ("keyway:plugins:allow:Widevine:disabled", "TRUE"));
        KeywayOptions options = KeywayOptions.Read(root.GetSection("Keyway"));
        options.KeySystems["clearkey"].Priority.Should().Be(1);
        options.Plugins.Allow["widevine"].Disabled.Should().BeTrue();
        options.Plugins.Allow.Should().HaveCount(4);
    }

    [Fact]
    public void Sections_of_a_plugin_are_its_own_and_no_others()
    {
        KeywayOptions options = Configured.Options(Example);
        options.SectionsOf("widevine").Select(section => section.Path).Should().BeEquivalentTo("Keyway:Plugins:Allow:widevine", "Keyway:KeySystems:widevine:Settings");
        options.SectionsOf("expressplay").Select(section => section.Path).Should().BeEquivalentTo("Keyway:Plugins:Allow:expressplay", "Keyway:Providers:expressplay");

        KeywayOptions step = Configured.Options("""{ "Plugins": { "Allow": { "acme": {}, "other": {} } }, "Providers": { "p": { "Plugin": "other", "Pipeline": [] }, "q": { "Pipeline": [ { "Use": "acme.x" }, { "Use": "header" } ] } } }""");
        step.SectionsOf("acme").Select(section => section.Path).Should().BeEquivalentTo("Keyway:Plugins:Allow:acme", "Keyway:Providers:q:Pipeline:0");
    }
}
