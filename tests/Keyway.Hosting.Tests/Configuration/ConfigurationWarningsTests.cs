using Keyway.Hosting.Plugins;
using Keyway.Licensing.Configuration;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

public sealed class ConfigurationWarningsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Nothing_is_said_of_what_the_command_ships()
    {
        IConfigurationRoot root = new ConfigurationBuilder().AddJsonFile(Path.Combine(Corpus.Root, "hosts", "cli", "appsettings.json")).AddInMemoryCollection([new("Keyway:Plugins:Directory", _folder)]).Build();
        KeywayOptions.Read(root.GetSection("Keyway"), root).Warnings.Should().BeEmpty();
    }

    [Theory]
    [InlineData("http://licence.example/ck", true)]
    [InlineData("http://93.184.216.34/ck", true)]
    [InlineData("http://[2001:4860:4860::8888]/ck", true)]
    [InlineData("https://licence.example/ck", false)]
    [InlineData("http://localhost:8080/ck", false)]
    [InlineData("http://127.0.0.1/ck", false)]
    [InlineData("http://192.168.1.2/ck", false)]
    [InlineData("http://10.0.0.2/ck", false)]
    [InlineData("http://licences/ck", false)]
    [InlineData("http://licences.internal/ck", false)]
    public void Licence_service_without_encryption_is_a_warning(string url, bool warned)
    {
        IReadOnlyList<SettingError> warnings = Warnings($$"""{ "Plugins": { "Directory": "{{_folder}}" }, "KeySystems": { "clearkey": {} }, "Providers": { "a": { "Endpoints": { "clearkey": "{{url}}" } } } }""");
        warnings.Select(static warning => warning.Path).Should().Equal(warned ? ["Keyway:Providers:a:Endpoints:clearkey"] : []);
    }

    [Fact]
    public void Secret_that_is_not_there_is_a_warning_and_one_that_is_there_is_none()
    {
        File.WriteAllText(Path.Combine(_folder, "there"), "x");
        IReadOnlyList<SettingError> warnings = Warnings($$"""{ "Plugins": { "Directory": "{{_folder}}" }, "Secrets": { "Directory": "{{_folder}}" }, "KeySystems": { "clearkey": { "Settings": { "A": "secret:there", "B": "secret:gone" } } } }""");
        warnings.Should().ContainSingle().Which.Should().Match<SettingError>(static warning => warning.Path == "Keyway:KeySystems:clearkey:Settings:B" && warning.Reason.Contains("KEYWAY_SECRET_GONE", StringComparison.Ordinal));
    }

    [Fact]
    public void Folders_that_are_not_there_are_warnings() =>
        Warnings("""{ "Plugins": { "Directory": "/nowhere/plugins" }, "Secrets": { "Directory": "/nowhere/secrets" }, "KeySystems": { "clearkey": {} } }""")
            .Select(static warning => warning.Path).Should().Equal("Keyway:Plugins:Directory", "Keyway:Secrets:Directory");

    [Theory]
    [InlineData("""{ "KeySystems": { "clearkey": {} } }""", "KeySystems", "outside of the member \"Keyway\"")]
    [InlineData("""{ "KeyWay2": { "KeySystems": {} , "x": 1 } }""", "KeyWay2", "the section is called \"Keyway\"")]
    public void File_whose_settings_stand_outside_of_the_section_is_a_warning(string json, string path, string reason)
    {
        string file = Path.Combine(_folder, "a.json");
        File.WriteAllText(file, json);
        IConfigurationRoot root = new ConfigurationBuilder().AddJsonFile(file).Build();
        IReadOnlyList<SettingError> warnings = KeywayOptions.Read(root.GetSection("Keyway"), root).Warnings;
        warnings.Select(static warning => warning.Path).Should().Equal(path, "Keyway");
        warnings[0].Reason.Should().Contain(reason);
        warnings[0].Origin.Should().Be(file);
    }

    [Fact]
    public void File_of_another_application_s_settings_is_none()
    {
        string file = Path.Combine(_folder, "a.json");
        File.WriteAllText(file, """{ "Logging": { "LogLevel": { "Default": "Debug" } }, "Keyway": { "Plugins": { "Directory": "plugins" } } }""");
        IConfigurationRoot root = new ConfigurationBuilder().AddJsonFile(file).Build();
        KeywayOptions.Read(root.GetSection("Keyway"), root).Warnings.Should().BeEmpty();
    }

    [Fact]
    public void Plugins_that_half_an_entry_names_are_warnings()
    {
        KeywayOptions options = Configured.Options($$"""{ "Plugins": { "Directory": "{{_folder}}", "Allow": { "acme": {}, "clearky": {} } }, "KeySystems": { "clearkey": { "Plugin": "clearky" } } }""");
        PluginRecord[] plugins =
        [
            new() { Id = "acme", State = PluginState.Loaded, KeySystems = ["acme"] },
            new() { Id = "drm", State = PluginState.Loaded, KeySystems = ["drmx"] },
            new() { Id = "clearkey", State = PluginState.Refused, Problem = new PluginProblem(PluginFault.NotAllowed, "not named") },
            new() { Id = "clearky", State = PluginState.Absent, Problem = new PluginProblem(PluginFault.NotFound, "not found") },
        ];
        ConfigurationWarnings.Of(options, plugins).Select(static warning => warning.ToString()).Should().Equal(
            "Keyway:KeySystems: plugin 'acme' is loaded, and no entry here uses its key system: add \"acme\": {}",
            "Keyway:KeySystems: plugin 'drm' is loaded, and no entry here uses its key system: add \"drmx\": { \"Plugin\": \"drm\" }",
            "Keyway:Plugins:Allow:clearky: not found; did you mean 'clearkey'?");
    }

    private static IReadOnlyList<SettingError> Warnings(string keyway)
    {
        IConfigurationRoot root = Configured.Root(keyway);
        return KeywayOptions.Read(root.GetSection("Keyway"), root).Warnings;
    }
}
