using System.Reflection;
using Keyway.ClearKey.Fakes;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Keyway.ClearKey;

public sealed class ClearKeyPluginTests
{
    [Fact]
    public void Assembly_says_what_it_is()
    {
        KeywayPluginAttribute manifest = typeof(ClearKeyPlugin).Assembly.GetCustomAttribute<KeywayPluginAttribute>()!;
        manifest.Id.Should().Be("clearkey");
        manifest.EntryPoint.Should().Be<ClearKeyPlugin>();
        manifest.Contract.Should().Be(KeywayContract.Version);
        typeof(ClearKeyPlugin).Assembly.GetExportedTypes().Should().Equal(typeof(ClearKeyPlugin));
    }

    [Fact]
    public async Task Plugin_brings_one_key_system_that_identifies_nobody()
    {
        using HttpMessageInvoker http = new(Substitute.For<HttpMessageHandler>());
        IPluginBuilder builder = Substitute.For<IPluginBuilder>();
        builder.Context.Returns(new PluginContext
        {
            PluginId = "clearkey",
            Settings = Given.Settings(),
            Logging = NullLoggerFactory.Instance,
            Events = Substitute.For<IEventSource>(),
            Secrets = new MemorySecrets(),
            Http = http,
            Clock = TimeProvider.System,
        });
        Func<IConfigurationSection, IKeySystem>? create = null;
        builder.AddKeySystem("clearkey", Arg.Do<Func<IConfigurationSection, IKeySystem>>(factory => create = factory));

        await using IAsyncDisposable plugin = new ClearKeyPlugin();
        ((IPlugin)plugin).Configure(builder);

        await using IKeySystem system = create!(Given.Settings());
        system.Descriptor.Name.Should().Be("clearkey");
        system.Descriptor.Systems.Select(id => id.ToString()).Should().Equal("e2719d58-a985-b3c9-781a-b030af78d30e", "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b");
        system.Descriptor.Designators.Should().Equal("org.w3.clearkey");
        system.Descriptor.Schemes.Should().BeEmpty("a clear key opens every scheme");
        system.Descriptor.ChallengeIdentifiesDevice.Should().BeFalse();
    }
}
