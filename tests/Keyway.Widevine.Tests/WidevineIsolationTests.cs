using System.Runtime.Loader;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Plugins;
using Keyway.Widevine.Issuing;
using Microsoft.Extensions.Configuration;
using NSubstitute;

namespace Keyway.Widevine;

/// <summary>The plugin as a host has it: a dropped folder in a load context of its own.</summary>
public sealed class WidevineIsolationTests
{
    [Fact]
    public async Task Two_plugins_with_two_versions_of_protobuf_work_side_by_side()
    {
        InProcessBus bus = new();
        using HttpMessageInvoker http = new(new SocketsHttpHandler());
        await using PluginHost host = await PluginHost.LoadAsync(
            new PluginOptions
            {
                Directory = Path.Combine(AppContext.BaseDirectory, "dropped"),
                Allow = new Dictionary<string, AllowedPlugin> { ["widevine"] = new(), ["other-protobuf"] = new() },
            },
            new PluginServices { Bus = bus, Events = bus, Secrets = _ => Substitute.For<ISecretReader>(), Http = http },
            TestContext.Current.CancellationToken);
        host.Plugins.Should().OnlyContain(plugin => plugin.State == PluginState.Loaded);

        ProtectionHeader ours = Parse(host, "widevine", new Proto().Bytes(2, Bench.Kid).Text(3, "acme"));
        ProtectionHeader other = Parse(host, "other-protobuf", new Proto().Text(1, "read by the other"));
        ours.Facts.Should().Contain(new HeaderFact { Name = "provider", Value = "acme" });
        other.ContentId.Should().Be("read by the other");

        Version[] versions = [.. AssemblyLoadContext.All.Where(context => context != AssemblyLoadContext.Default)
            .SelectMany(context => context.Assemblies).Where(assembly => assembly.GetName().Name == "Google.Protobuf").Select(assembly => assembly.GetName().Version!).Order()];
        versions.Should().HaveCount(2).And.OnlyHaveUniqueItems();
        other.Facts.Single().Value.Should().Be(versions[0].ToString(3));
    }

    private static ProtectionHeader Parse(PluginHost host, string name, byte[] payload) =>
        host.KeySystems[name].Create(new ConfigurationBuilder().Build().GetSection("none")).ParseHeader(new InitializationData
        {
            Kind = InitializationDataKind.Pssh,
            System = WidevineConstants.System,
            Payload = payload,
        });
}
