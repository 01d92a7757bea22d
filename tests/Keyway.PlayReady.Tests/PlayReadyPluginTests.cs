using System.Reflection;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.PlayReady.Issuer;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Keyway.PlayReady;

public sealed class PlayReadyPluginTests
{
    [Fact]
    public void Manifest_names_the_plugin()
    {
        KeywayPluginAttribute manifest = typeof(PlayReadyPlugin).Assembly.GetCustomAttribute<KeywayPluginAttribute>()!;
        manifest.Id.Should().Be("playready");
        manifest.EntryPoint.Should().Be<PlayReadyPlugin>();
    }

    [Fact]
    public void Only_the_entry_point_is_public() => typeof(PlayReadyPlugin).Assembly.GetExportedTypes().Should().Equal(typeof(PlayReadyPlugin));

    [Fact]
    public void Configure_adds_one_key_system_that_describes_itself()
    {
        Func<IConfigurationSection, IKeySystem>? create = null;
        IPluginBuilder builder = Substitute.For<IPluginBuilder>();
        builder.Context.Returns(new PluginContext
        {
            PluginId = "playready",
            Settings = TestWorld.Section(),
            Logging = NullLoggerFactory.Instance,
            Events = Substitute.For<IEventSource>(),
            Secrets = Substitute.For<ISecretReader>(),
            Http = new HttpMessageInvoker(new HttpClientHandler()),
            Clock = TimeProvider.System,
        });
        builder.AddKeySystem("playready", Arg.Do<Func<IConfigurationSection, IKeySystem>>(given => create = given)).Returns(builder);
        new PlayReadyPlugin().Configure(builder);

        KeySystemDescriptor descriptor = create!(TestWorld.Section()).Descriptor;
        descriptor.Name.Should().Be("playready");
        descriptor.Systems[0].Should().Be(new SystemId(new Guid("9a04f079-9840-4286-ab92-e65be0885f95")));
        descriptor.ChallengeIdentifiesDevice.Should().BeTrue();
        descriptor.Designators.Should().Contain("com.microsoft.playready").And.NotContain("com.microsoft.playready.recommendation.3000");
        create(TestWorld.Section(("Robustness", "3000"))).Descriptor.Designators.Should().Contain("com.microsoft.playready.recommendation.3000");
    }

    [Fact]
    public void No_key_of_anyone_is_in_the_assembly()
    {
        // 64 bytes of hexadecimal digits or base64 would be a point; the source has constants, names and addresses only.
        string source = string.Concat(Directory.GetFiles(Path.Combine(Testing.Corpus.Root, "plugins", "playready"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).Select(File.ReadAllText));
        source.Should().NotMatchRegex("\"[0-9A-Fa-f]{64,}\"").And.NotMatchRegex("\"[A-Za-z0-9+/]{43,}={0,2}\"");
    }
}
