using System.Net;
using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Keyway.Hosting;

/// <summary>Configuration that changes under a running host: what is safe is used, what is wrong changes nothing, what needs a start says so.</summary>
public sealed class ConfigurationReloadTests : IAsyncDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    private readonly PluginFolder _plugins = new();
    private readonly ManualClock _clock = new();
    private readonly Lines _log = new();
    private readonly Refusing _service = new();
    private readonly HttpMessageInvoker _http;
    private readonly ILoggerFactory _logging;
    private readonly IConfigurationRoot _root;
    private readonly KeywayHost _host;

    public ConfigurationReloadTests()
    {
        _plugins.Drop("clearkey");
        _plugins.Drop("good");
        _root = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Keyway:Plugins:Directory"] = _plugins.Path,
            ["Keyway:Plugins:Allow:clearkey:Required"] = "true",
            ["Keyway:Plugins:Allow:good:Required"] = "true",
            ["Keyway:KeySystems:clearkey:Priority"] = "10",
            ["Keyway:Providers:acme:Endpoints:clearkey"] = "https://acme.example/l",
            ["Keyway:Routes:files:Provider"] = "acme",
            ["Keyway:Routes:files:Host"] = "*",
        }).Build();
        _http = new HttpMessageInvoker(_service);
        _logging = LoggerFactory.Create(builder => builder.AddProvider(_log));
        _host = new KeywayHost(_root, new KeywayHostOptions { Clock = _clock, Logging = _logging, LicenseHttp = _http });
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _logging.Dispose();
        _http.Dispose();
        _plugins.Dispose();
    }

    [Fact]
    public async Task New_presentations_use_what_changed_and_open_ones_keep_what_they_had()
    {
        await using Presentation before = await OpenAsync("acme");
        Set(("Providers:other:Endpoints:clearkey", "https://other.example/l"), ("Providers:acme:Endpoints:clearkey", "https://moved.example/l"), ("KeySystems:clearkey:Priority", "3"));
        (await _host.ReloadConfigurationAsync(Cancel)).Should().BeTrue();
        _host.KeySystems.Should().ContainSingle().Which.Priority.Should().Be(3);
        _host.Providers.Select(static provider => provider.Service.Name).Should().BeEquivalentTo("acme", "other");
        await using Presentation after = await OpenAsync("other");
        await using Presentation again = await OpenAsync("acme");
        await Eventually.Is(() => _service.Hosts.Length == 3);
        // Each asks when it gets to it: the first may ask after the change, and asks where it was opened for.
        _service.Hosts.Should().BeEquivalentTo("acme.example", "other.example", "moved.example");
        (await _host.ReloadConfigurationAsync(Cancel)).Should().BeFalse("nothing has changed since");
    }

    [Fact]
    public async Task Token_of_the_section_is_enough_and_two_of_them_are_one_change()
    {
        await _host.StartAsync(Cancel);
        _clock.Advance(Quiet);
        Set(("Providers:other:Endpoints:clearkey", "https://other.example/l"));
        _root.Reload();
        _root.Reload();
        _host.Providers.Should().ContainSingle("a file may be half there at the first token");
        _clock.Advance(Quiet);
        await Eventually.Is(() => _host.Providers.Count == 2 && _log.With("was read again").Length > 0);
        _root.Reload();
        _clock.Advance(Quiet);
        await _host.ReloadConfigurationAsync(Cancel);
        _log.With("was read again").Should().ContainSingle();
    }

    [Theory]
    [InlineData("Providers:acme:Endpoints:clearkey", "no address", "Keyway:Providers:acme:Endpoints:clearkey")]
    [InlineData("Providers:acme:Pipeline:0:Use", "no-such-step", "Keyway:Providers:acme:Pipeline:0")]
    [InlineData("Routes:files:Provider", "nobody", "Keyway:Routes:files")]
    [InlineData("KeySystems:clearkey:Priority", "first", "Keyway:KeySystems:clearkey:Priority")]
    [InlineData("KeySystems:clearkey:Plugin", "absent", "Keyway:KeySystems:clearkey")]
    public async Task Mistakes_are_told_once_and_the_last_good_configuration_stays(string path, string value, string at)
    {
        await _host.StartAsync(Cancel);
        KeywayOptions good = _host.Options;
        string? was = _root[$"Keyway:{path}"];
        Set((path, value));
        _root.Reload();
        _clock.Advance(Quiet);
        await Eventually.Is(() => _host.RefusedConfiguration.Count > 0);
        _host.RefusedConfiguration.Should().Contain(error => error.Path.StartsWith(at, StringComparison.Ordinal));
        _host.Options.Should().BeSameAs(good);
        _host.KeySystems.Should().ContainSingle().Which.KeySystem.Should().NotBeNull();
        await using Presentation presentation = await OpenAsync("acme");
        await Eventually.Is(() => _service.Hosts.Length == 1);
        _service.Hosts.Should().Equal("acme.example");

        // Put right, or as it was: both are good.
        _root[$"Keyway:{path}"] = was;
        Set(("Providers:other:Endpoints:clearkey", "https://other.example/l"));
        if (path.Contains("Pipeline", StringComparison.Ordinal)) Set((path, "challenge"));
        if (was is null && path.EndsWith("Plugin", StringComparison.Ordinal)) Set((path, "clearkey"));
        (await _host.ReloadConfigurationAsync(Cancel)).Should().BeTrue();
        _host.RefusedConfiguration.Should().BeEmpty();
        _host.Providers.Should().HaveCount(2);
        _log.With("is refused, and the last good one stays").Should().NotBeEmpty().And.OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("Plugins:Directory", "elsewhere")]
    [InlineData("Plugins:Unloadable", "true")]
    [InlineData("Plugins:PatienceSeconds", "3")]
    [InlineData("Plugins:Allow:good:Disabled", "true", "Plugins:Allow:good")]
    [InlineData("Plugins:Allow:good:Settings:Name", "x", "Plugins:Allow:good")]
    [InlineData("Secrets:Directory", "secrets")]
    [InlineData("Licenses:Store", "licenses")]
    public async Task What_needs_a_start_is_said_and_the_rest_is_used(string path, string value, string? said = null)
    {
        await _host.StartAsync(Cancel);
        Set((path, value), ("Providers:other:Endpoints:clearkey", "https://other.example/l"));
        (await _host.ReloadConfigurationAsync(Cancel)).Should().BeTrue();
        _host.Providers.Should().HaveCount(2);
        _host.Warnings.Should().ContainSingle(warning => warning.Reason.Contains("until the host starts again", StringComparison.Ordinal)).Which.Path.Should().Be($"Keyway:{said ?? path}");
        _host.Options.Plugins.Directory.Should().Be(_plugins.Path);
    }

    [Fact]
    public async Task Host_that_is_told_not_to_watch_does_not()
    {
        await using KeywayHost host = new(_root, new KeywayHostOptions { Clock = _clock, WatchConfiguration = false });
        await host.StartAsync(Cancel);
        Set(("Providers:other:Endpoints:clearkey", "https://other.example/l"));
        _root.Reload();
        _clock.Advance(Quiet);
        host.Providers.Should().ContainSingle();
        (await host.ReloadConfigurationAsync(Cancel)).Should().BeTrue();
        host.Providers.Should().HaveCount(2);
    }

    [Fact]
    public async Task After_the_end_nobody_looks()
    {
        await _host.StartAsync(Cancel);
        await _host.DisposeAsync();
        Set(("Providers:other:Endpoints:clearkey", "https://other.example/l"));
        _root.Reload();
        _clock.Advance(Quiet);
        _log.With("was read again").Should().BeEmpty();
        Func<Task> reload = async () => await _host.ReloadConfigurationAsync(Cancel);
        await reload.Should().ThrowAsync<ObjectDisposedException>();
    }

    private async Task<Presentation> OpenAsync(string provider)
    {
        Presentation presentation = await _host.OpenAsync(SampleContent.Manifest, new PresentationOptions { Provider = provider }, Cancel);
        presentation.Provider.Should().Be(provider);
        return presentation;
    }

    private void Set(params (string Path, string Value)[] settings)
    {
        foreach ((string path, string value) in settings) _root[$"Keyway:{path}"] = value;
    }


    /// <summary>Keeps what is logged.</summary>
    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly List<string> _texts = [];

        public string[] With(string text)
        {
            lock (_texts) return [.. _texts.Where(line => line.Contains(text, StringComparison.Ordinal))];
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_texts) _texts.Add(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }

    /// <summary>A licence service that gives nothing.</summary>
    private sealed class Refusing : HttpMessageHandler
    {
        private readonly List<string> _hosts = [];

        public string[] Hosts
        {
            get { lock (_hosts) return [.. _hosts]; }
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            lock (_hosts) _hosts.Add(request.RequestUri!.Host);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.Forbidden));
        }
    }
}
