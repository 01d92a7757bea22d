using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Keyway.Hosting.Plugins;

public sealed class PluginBuilderTests
{
    private readonly PluginBuilder _builder = new(new PluginContext
    {
        PluginId = "acme",
        Settings = new ConfigurationBuilder().Build().GetSection("none"),
        Logging = NullLoggerFactory.Instance,
        Events = new InProcessBus(),
        Secrets = Substitute.For<ISecretReader>(),
        Http = new HttpMessageInvoker(new SocketsHttpHandler()),
        Clock = TimeProvider.System,
    });

    [Fact]
    public void Steps_carry_the_id_of_their_plugin_and_nothing_else_does()
    {
        _builder.AddKeySystem("drm", static _ => Substitute.For<IKeySystem>())
            .AddProvider("service", static _ => Substitute.For<ILicenseProvider>())
            .AddMiddleware("token", static _ => Substitute.For<ILicenseMiddleware>());
        _builder.KeySystems.Should().ContainSingle().Which.Name.Should().Be("drm");
        _builder.Providers.Should().ContainSingle().Which.Name.Should().Be("service");
        _builder.Middleware.Should().ContainSingle().Which.Name.Should().Be("acme.token");
    }

    [Fact]
    public void Registration_ends_with_Configure()
    {
        _builder.Close();
        Action late = () => _builder.AddProvider("service", static _ => Substitute.For<ILicenseProvider>());
        late.Should().Throw<InvalidOperationException>().WithMessage("plugin 'acme' registers 'service' after Configure has returned");
    }

    [Fact]
    public void Names_and_factories_are_asked_for()
    {
        Action nameless = () => _builder.AddProvider(" ", static _ => Substitute.For<ILicenseProvider>());
        nameless.Should().Throw<ArgumentException>();
        Action empty = () => _builder.AddKeySystem("drm", null!);
        empty.Should().Throw<ArgumentNullException>();
    }
}
