using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

public sealed class EffectiveSettingsTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"keyway-{Guid.NewGuid():N}.json");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void A_variable_that_is_called_as_the_section_is_no_setting()
    {
        IConfigurationRoot root = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("Keyway", (string?)"1"), KeyValuePair.Create("Keyway:Decryption:Acceleration", (string?)"Auto")]).Build();
        EffectiveSettings.Of(root).Should().NotContain(static setting => setting.Path == "Keyway").And.Contain(static setting => setting.Path == "Keyway:Decryption:Acceleration");
    }

    [Fact]
    public void Each_setting_tells_who_set_it_and_what_nobody_set_is_a_default()
    {
        File.WriteAllText(_file, """{ "Keyway": { "Plugins": { "Allow": { "clearkey": {} }, "Directory": "here" }, "KeySystems": { "clearkey": { "Priority": 5 } }, "Decryption": { "MaxParallelFragments": 2 } }, "Other": 1 }""");
        string variable = $"KEYWAYTEST{Environment.ProcessId}_";
        Environment.SetEnvironmentVariable($"{variable}Keyway__Decryption__MaxParallelFragments", "3");
        try
        {
            IConfigurationRoot root = new ConfigurationBuilder()
                .AddConfiguration(new ConfigurationBuilder().AddJsonFile(_file).Build())   // as a host chains its own
                .AddEnvironmentVariables(variable)
                .AddCommandLine(["--Keyway:Plugins:Unloadable=true"])
                .AddInMemoryCollection([KeyValuePair.Create("Keyway:Messaging:Transport", (string?)"InProcess")])
                .Build();

            EffectiveSettings.Of(root).Select(setting => $"{setting.Path}={setting.Value} [{setting.Origin}]").Should().Equal(
                "Keyway:Decryption:Acceleration=Auto [default]",
                "Keyway:Decryption:MaxParallelFragments=3 [environment]",
                $"Keyway:KeySystems:clearkey:Plugin=clearkey [default]",
                $"Keyway:KeySystems:clearkey:Priority=5 [{_file}]",
                "Keyway:Licenses:KeyWaitSeconds=30 [default]",
                "Keyway:Licenses:RecordBodies=false [default]",
                "Keyway:Messaging:Transport=InProcess [memory]",
                "Keyway:Plugins:Allow:clearkey:Disabled=false [default]",
                "Keyway:Plugins:Allow:clearkey:Required=false [default]",
                "Keyway:Plugins:Allow:clearkey:WhenNamed=false [default]",
                $"Keyway:Plugins:Directory=here [{_file}]",
                "Keyway:Plugins:PatienceSeconds=15 [default]",
                "Keyway:Plugins:Unknown=Refuse [default]",
                "Keyway:Plugins:Unloadable=true [command line]");
        }
        finally
        {
            Environment.SetEnvironmentVariable($"{variable}Keyway__Decryption__MaxParallelFragments", null);
        }
    }

    [Fact]
    public void Each_setting_says_what_it_does_what_counts_without_it_and_what_it_overrides()
    {
        File.WriteAllText(_file, """
            {
              "Keyway": {
                "KeySystems": { "clearkey": { "Priority": 5, "Settings": { "Own": 1 } } },
                "Providers": { "shop": { "Pack": "nagra", "Settings": { "host": "h.example", "ApiKey": "hunter2", "Other": "https://me:hunter3@h.example/?t=hunter3" } }, "one": { "Pipeline": [ { "Use": "retry", "Attempts": 2 } ], "Endpoints": { "clearkey": "https://a.example" } } }
              }
            }
            """);
        IConfigurationRoot root = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("Keyway:KeySystems:clearkey:Priority", (string?)"9"), KeyValuePair.Create("Keyway:Providers:shop:Settings:ApiKey", (string?)"hunter1"), KeyValuePair.Create("Keyway:Providers:shop:Settings:Token", (string?)"hunter4"), KeyValuePair.Create("Keyway:Providers:shop:Settings:Other", (string?)"https://me:hunter5@h.example/?t=hunter5")])
            .AddJsonFile(_file).AddCommandLine(["--Keyway:KeySystems:clearkey:Priority=7", "--Keyway:Providers:shop:Settings:Token=secret:shop-token", "--Keyway:KeySystems:clearkey:Plugin=clearkey"]).Build();
        Dictionary<string, EffectiveSetting> settings = EffectiveSettings.Explain(root).ToDictionary(static setting => setting.Path["Keyway:".Length..]);

        EffectiveSetting priority = settings["KeySystems:clearkey:Priority"];
        (priority.Value, priority.Origin, priority.DefaultValue).Should().Be(("7", "command line", "100"));
        priority.Description.Should().Contain("lowest number");
        priority.Overrides.Should().Equal(new OverriddenSetting("5", _file), new OverriddenSetting("9", "memory"));
        settings["KeySystems:clearkey:Plugin"].DefaultValue.Should().Be("clearkey", "its name is the default");
        (settings["Licenses:KeyWaitSeconds"].Origin, settings["Licenses:KeyWaitSeconds"].DefaultValue).Should().Be(("default", "30"));
        settings["KeySystems:clearkey:Settings:Own"].Description.Should().Be("a setting that the plugin 'clearkey' reads by itself");
        settings["Providers:one:Pipeline:0:Attempts"].Description.Should().Contain("How often");
        settings["Providers:one:Pipeline:0:Attempts"].DefaultValue.Should().Be("3");
        settings["Providers:one:Pipeline:0:Use"].Description.Should().Contain("step");
        settings["Providers:one:Endpoints:clearkey"].Description.Should().NotBeNull();
        settings["Providers:shop:Settings:host"].Description.Should().Contain("host");
        settings["Providers:shop:Settings:ApiKey"].Overrides.Should().OnlyContain(static over => over.Value == "***", "what may be a secret is none elsewhere either");
        settings["Providers:shop:Settings:Token"].Should().BeEquivalentTo(new { Value = "secret:shop-token", Masked = false });
        settings["Providers:shop:Settings:Token"].Overrides.Should().Equal([new OverriddenSetting("***", "memory")], "a value beneath a reference may be what it refers to");
        settings.Values.SelectMany(static setting => setting.Overrides.Select(static over => over.Value).Append(setting.Value).Append(setting.DefaultValue)).Should().NotContain(static text => text != null && text.Contains("hunter", StringComparison.Ordinal));
        settings.Values.Should().OnlyContain(static setting => setting.Description != null, "of every setting it is said what it does");
    }

    [Fact]
    public void A_value_of_the_section_itself_is_no_setting() =>
        EffectiveSettings.Of(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("KEYWAY", (string?)"a variable of that name")]).Build()).Should().OnlyContain(static setting => setting.Origin == "default");

    [Theory]
    [InlineData("Keyway:Licenses:Store", true)]
    [InlineData("keyway:licenses", true)]
    [InlineData("Keyway:Plugins:", true)]
    [InlineData("Keyway:Plugin", false)]
    [InlineData("Keyway:Nosuch", false)]
    [InlineData("Other", false)]
    public void Those_below_a_path_are_explained_and_those_that_nobody_has_set(string path, bool isThere)
    {
        IReadOnlyList<EffectiveSetting> settings = EffectiveSettings.Explain(new ConfigurationBuilder().Build(), path);
        (settings.Count > 0).Should().Be(isThere);
        if (isThere) settings.Should().OnlyContain(setting => setting.Path.StartsWith(path.TrimEnd(':'), StringComparison.OrdinalIgnoreCase) && setting.Description != null);
        if (path.EndsWith("Store", StringComparison.Ordinal)) settings[0].Origin.Should().Be(EffectiveSettings.NotSet);
    }

    [Fact]
    public void References_are_shown_and_what_may_be_a_secret_is_not()
    {
        IConfigurationRoot root = Configured.Root("""
            {
              "Plugins": { "Allow": { "acme": { "Pin": "00", "Required": true, "ApiKey": "hunter2", "Tenant": "acme" } } },
              "KeySystems": { "clearkey": { "Priority": 7, "Settings": { "Keys": { "00000000000000000000000000000001": "hunter2", "00000000000000000000000000000002": "secret:film", "00000000000000000000000000000003": "secret:HUNTER2!" }, "Level": 3 } } },
              "Providers": { "one": {
                "Endpoints": { "clearkey": "https://user:hunter2@a.example/x?token=hunter2" },
                "Pipeline": [
                  { "Use": "header", "Name": "Authorization", "Value": "hunter2" },
                  { "Use": "header", "Name": "X-Tenant", "Value": "acme" },
                  { "Use": "acme.token", "Source": "secret:acme-token", "Password": "hunter2" },
                  { "Use": "query", "Name": "customData", "Value": "hunter2" }
                ],
                "Settings": { "Deep": { "PrivateKeys": [ "hunter2" ] }, "Url": "https://a.example/?q=hunter2" } } }
            }
            """);

        IReadOnlyList<EffectiveSetting> settings = EffectiveSettings.Of(root);

        settings.Should().NotContain(setting => setting.Value.Contains("hunter2", StringComparison.OrdinalIgnoreCase));
        Dictionary<string, string> shown = settings.ToDictionary(setting => setting.Path["Keyway:".Length..], setting => setting.Value);
        shown["Plugins:Allow:acme:Pin"].Should().Be("00");
        shown["Plugins:Allow:acme:Required"].Should().Be("true");
        shown["Plugins:Allow:acme:ApiKey"].Should().Be("***");
        shown["Plugins:Allow:acme:Tenant"].Should().Be("acme");
        shown["KeySystems:clearkey:Priority"].Should().Be("7");
        shown["KeySystems:clearkey:Settings:Keys:00000000000000000000000000000001"].Should().Be("***");
        shown["KeySystems:clearkey:Settings:Keys:00000000000000000000000000000002"].Should().Be("secret:film");
        shown["KeySystems:clearkey:Settings:Keys:00000000000000000000000000000003"].Should().Be("***");
        shown["KeySystems:clearkey:Settings:Level"].Should().Be("3");
        shown["Providers:one:Endpoints:clearkey"].Should().Be("https://a.example/x?***");
        shown["Providers:one:Pipeline:0:Use"].Should().Be("header");
        shown["Providers:one:Pipeline:0:Name"].Should().Be("Authorization");
        shown["Providers:one:Pipeline:0:Value"].Should().Be("***");
        shown["Providers:one:Pipeline:1:Value"].Should().Be("acme");
        shown["Providers:one:Pipeline:2:Source"].Should().Be("secret:acme-token");
        shown["Providers:one:Pipeline:2:Password"].Should().Be("***");
        shown["Providers:one:Pipeline:3:Value"].Should().Be("***");
        settings.Where(setting => setting.Masked).Should().OnlyContain(setting => setting.Value == "***");
    }

    [Fact]
    public void What_is_public_is_shown_and_a_private_key_in_its_place_is_not()
    {
        using RSA rsa = RSA.Create(2048);
        using ECDsa curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string spki = Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()), point = Convert.ToHexString(curve.ExportParameters(false).Q.X!) + Convert.ToHexString(curve.ExportParameters(false).Q.Y!);
        IConfigurationRoot root = Configured.Root($$$"""
            {
              "KeySystems": {
                "widevine": { "Settings": { "Roots": { "test": { "PublicKey": "{{{spki}}}", "Development": true } }, "ServiceCertificate": "CrcDCAUSEA==", "ServiceCertificateFile": "/etc/wv.bin", "ContentIdFromKeyId": true, "PrivateKey": "hunter2" } },
                "playready": { "Settings": { "Roots": { "test": { "PublicKey": "{{{point}}}" } }, "ServerKey": "{{{point}}}", "SignKey": "hunter2", "EncryptKey": "hunter2" } },
                "odd": { "Settings": { "Roots": {
                  "a": { "PublicKey": "{{{Convert.ToBase64String(rsa.ExportRSAPrivateKey())}}}" }, "b": { "PublicKey": "{{{Convert.ToBase64String(rsa.ExportPkcs8PrivateKey())}}}" },
                  "c": { "PublicKey": "{{{Convert.ToBase64String(curve.ExportECPrivateKey())}}}" }, "d": { "PublicKey": "-----BEGIN PRIVATE KEY-----" }, "e": { "PublicKey": "{{{Convert.ToHexString(curve.ExportParameters(true).D!)}}}" } },
                  "Token": { "PublicKey": "hunter2" } } }
              }
            }
            """);

        Dictionary<string, string> shown = EffectiveSettings.Of(root).ToDictionary(setting => setting.Path["Keyway:KeySystems:".Length..], setting => setting.Value);
        shown["widevine:Settings:Roots:test:PublicKey"].Should().Be(spki);
        shown["widevine:Settings:Roots:test:Development"].Should().Be("true");
        shown["widevine:Settings:ServiceCertificate"].Should().Be("CrcDCAUSEA==");
        shown["widevine:Settings:ServiceCertificateFile"].Should().Be("/etc/wv.bin");
        shown["widevine:Settings:ContentIdFromKeyId"].Should().Be("true");
        shown["playready:Settings:Roots:test:PublicKey"].Should().Be(point);
        shown["playready:Settings:ServerKey"].Should().Be(point);
        foreach (string path in (string[])["widevine:Settings:PrivateKey", "playready:Settings:SignKey", "playready:Settings:EncryptKey", .. "abcde".Select(static name => $"odd:Settings:Roots:{name}:PublicKey"), "odd:Settings:Token:PublicKey"])
            shown[path].Should().Be("***", path);
    }
}
