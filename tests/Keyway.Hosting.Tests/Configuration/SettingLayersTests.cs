using System.Text;
using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

public sealed class SettingLayersTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Mistakes_name_the_value_and_the_layer()
    {
        string file = Path.Combine(_folder, "my.json");
        File.WriteAllText(file, """{ "Keyway": { "KeySystems": { "clearkey": { "Priority": "high" } }, "Decryption": { "Fast": { "Really": true } } } }""");
        IConfigurationRoot root = new ConfigurationBuilder()
            .AddJsonFile(file)
            .AddCommandLine(["--Keyway:Plugins:Unknown=Maybe"])
            .AddInMemoryCollection([new("Keyway:Messaging:Transport", "Redis")])
            .Build();
        Errors(root).Should().BeEquivalentTo(
            $"Keyway:KeySystems:clearkey:Priority: not a number from 0 to 10000 (it is 'high', from {file})",
            $"Keyway:Decryption:Fast: there is no such setting (there are Acceleration, MaxParallelFragments) (from {file})",
            "Keyway:Plugins:Unknown: none of Refuse, Load (it is 'Maybe', from command line)",
            "Keyway:Messaging:Transport: none of InProcess, MessagePipe (it is 'Redis', from memory)");
    }

    [Fact]
    public void Values_that_may_be_secrets_are_not_repeated()
    {
        IConfigurationRoot root = Configured.Root(
            """{ "KeySystems": { "a": { "Settings": "Hunter2", "Tokn": "Hunter2" } }, "Providers": { "p": { "Endpoints": { "a": "ftp://me:Hunter2@h/?t=Hunter2" }, "AllowedOrigins": [ "https://me:Hunter2@h.example/" ], "Settings": { "ApiKey": "secret:Hunter2!" } } } }""");
        string[] errors = Errors(root);
        errors.Should().HaveCount(5).And.NotContain(static error => error.Contains("Hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public void Host_that_is_given_the_whole_configuration_names_layers()
    {
        IConfigurationRoot root = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes("""{ "Keyway": { "KeySystems": { "clearkey": { "Priority": "high" } } } }"""))).Build();
        FluentActions.Invoking(() => new KeywayHost(root)).Should().Throw<KeywayConfigurationException>().Which.Errors.Should().ContainSingle()
            .Which.Should().Be(new SettingError("Keyway:KeySystems:clearkey:Priority", "not a number from 0 to 10000") { Value = "high", Origin = "JsonStreamConfigurationProvider" });
    }

    private static string[] Errors(IConfigurationRoot root) =>
        [.. FluentActions.Invoking(() => KeywayOptions.Read(root.GetSection("Keyway"), root)).Should().Throw<KeywayConfigurationException>().Which.Errors.Select(static error => error.ToString())];
}
