using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Keyway.Hosting;

public sealed class KeywayServiceCollectionExtensionsTests : IDisposable
{
    private readonly PluginFolder _plugins = new();

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public async Task Container_that_is_disposed_synchronously_takes_the_host_along()
    {
        _plugins.Drop("clearkey");
        ServiceProvider provider = new ServiceCollection().AddKeyway(Section("""{ "KeySystems": { "clearkey": {} } }""")).BuildServiceProvider();
        KeywayHost host = provider.GetRequiredService<KeywayHost>();
        await host.StartAsync(TestContext.Current.CancellationToken);
        provider.Dispose();
        await host.Invoking(static gone => gone.StartAsync()).Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public void Adding_the_same_section_twice_makes_one_host()
    {
        ServiceCollection services = new();
        services.AddKeyway(Section("{}")).AddKeyway(Section("{}"));
        using ServiceProvider provider = services.BuildServiceProvider();
        provider.GetServices<IHostedService>().OfType<KeywayHost>().Should().ContainSingle().And.OnlyContain(host => ReferenceEquals(host, provider.GetRequiredService<KeywayHost>()));
        provider.GetServices<KeywayHost>().Should().ContainSingle();
    }

    [Fact]
    public void Adding_another_section_is_an_error()
    {
        ServiceCollection services = new();
        services.AddKeyway(Section("{}"));
        services.Invoking(static again => again.AddKeyway(Configured.Root("{}").GetSection("Other"))).Should().Throw<InvalidOperationException>().WithMessage("*'Keyway'*");
        services.Invoking(static again => again.AddKeyway(Section("{}"), static options => options)).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Bus_of_the_container_is_taken_where_configuration_wants_MessagePipe()
    {
        InProcessBus bus = new();
        ServiceCollection services = new();
        services.AddSingleton<IMessageBus>(bus);
        services.AddKeyway(Section("""{ "Messaging": { "Transport": "MessagePipe" } }"""), static (provider, options) => options with { MessagePipe = options.MessagePipe ?? throw new InvalidOperationException() });
        using ServiceProvider provider = services.BuildServiceProvider();
        provider.GetRequiredService<KeywayHost>().Should().NotBeNull();

        FluentActions.Invoking(static () => new KeywayHost(Section("""{ "Messaging": { "Transport": "MessagePipe" } }"""))).Should().Throw<KeywayConfigurationException>().WithMessage("*AddKeywayMessagePipe*");
    }

    [Fact]
    public void Missing_section_is_said()
    {
        using KeywayHost host = new(new ConfigurationBuilder().Build());
        host.Warnings.Should().ContainSingle().Which.Reason.Should().Contain("there is no such section");
    }

    [Fact]
    public async Task Text_and_relative_address_name_a_file_from_the_working_directory()
    {
        _plugins.Drop("clearkey");
        await using KeywayHost host = new(Configured.Root("""{ "KeySystems": { "clearkey": {} } }""", ("Keyway:Plugins:Directory", _plugins.Path)));
        string relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), SampleContent.Manifest.LocalPath);
        (await host.InspectAsync(relative, cancellationToken: TestContext.Current.CancellationToken)).Source.Should().Be(SampleContent.Manifest);
        (await host.InspectAsync(new Uri(relative, UriKind.Relative), cancellationToken: TestContext.Current.CancellationToken)).Source.Should().Be(SampleContent.Manifest);
    }

    private static IConfigurationSection Section(string keyway) => Configured.Section(keyway);
}
