using System.Reflection;
using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using NSubstitute;

namespace Keyway.Widevine;

public sealed class WidevinePluginTests
{
    [Fact]
    public void Manifest_names_the_plugin()
    {
        KeywayPluginAttribute manifest = typeof(WidevinePlugin).Assembly.GetCustomAttribute<KeywayPluginAttribute>()!;
        (manifest.Id, manifest.EntryPoint, manifest.Contract).Should().Be(("widevine", typeof(WidevinePlugin), KeywayContract.Version));
    }

    [Fact]
    public void Plugin_brings_one_key_system_by_its_name()
    {
        Bench bench = new();
        Func<IConfigurationSection, IKeySystem>? create = null;
        IPluginBuilder builder = Substitute.For<IPluginBuilder>();
        builder.Context.Returns(bench.Context(new Secrets(bench.SecretValues)));
        builder.AddKeySystem("widevine", Arg.Do<Func<IConfigurationSection, IKeySystem>>(given => create = given)).Returns(builder);

        new WidevinePlugin().Configure(builder);

        KeySystemDescriptor descriptor = create!(new ConfigurationBuilder().Build().GetSection("none")).Descriptor;
        descriptor.Name.Should().Be("widevine");
        descriptor.Systems.Should().Equal(WidevineConstants.System);
        descriptor.Designators.Should().Contain("com.widevine.alpha");
    }

    [Fact]
    public void Nothing_but_the_plugin_is_public() =>
        typeof(WidevinePlugin).Assembly.GetExportedTypes().Should().Equal(typeof(WidevinePlugin));

    [Fact]
    public void Nothing_of_the_contract_is_shipped_in_the_folder()
    {
        string folder = Path.Combine(Testing.Corpus.Root, "plugins", "widevine", "bin");
        string[] files = [.. Directory.EnumerateFiles(folder, "*.dll", SearchOption.AllDirectories).Select(file => Path.GetFileName(file)).Distinct().Order()];
        files.Should().Equal("BouncyCastle.Cryptography.dll", "Google.Protobuf.dll", "Keyway.Widevine.dll");
    }

    [Fact]
    public void No_root_and_no_credential_is_bundled()
    {
        Assembly plugin = typeof(WidevinePlugin).Assembly;
        plugin.GetManifestResourceNames().Should().BeEmpty();
        byte[] bytes = File.ReadAllBytes(plugin.Location);
        byte[] rsaPublicKey = [0x30, 0x82, 0x01, 0x8A, 0x02, 0x82, 0x01, 0x81];   // how a 3072-bit RSAPublicKey begins
        bytes.AsSpan().IndexOf(rsaPublicKey).Should().Be(-1);
        bytes.AsSpan().IndexOf("MIIBigKCAYEA"u8).Should().Be(-1);
        bytes.AsSpan().IndexOf(System.Text.Encoding.Unicode.GetBytes("MIIBigKCAYEA")).Should().Be(-1);
    }
}
