using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using Keyway.Content;
using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Keyway.Hosting;

/// <summary>Manifest, dropped-in plugin, licence service, clear samples: everything real but the wire.</summary>
public sealed class EndToEndTests : IDisposable
{
    private const string Configuration =
        """
        {
          "Plugins": { "Unknown": "Refuse", "Allow": { "clearkey": { "Required": true }, "throws-in-parse-header": {}, "throws-in-write-challenge": {} } },
          "KeySystems": {
            "clearkey": { "Plugin": "clearkey", "Priority": 100 },
            "throws-in-parse-header": { "Priority": 1, "Settings": { "System": "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b" } },
            "throws-in-write-challenge": { "Priority": 200, "Settings": { "System": "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b" } }
          },
          "Providers": {
            "acme": {
              "Endpoints": { "clearkey": "https://acme.example/clearkey", "throws-in-write-challenge": "https://acme.example/other" },
              "Pipeline": [ { "Use": "retry", "Attempts": 3 }, { "Use": "header", "Name": "X-Tenant", "Value": "{tenant}" }, { "Use": "challenge" }, { "Use": "timeout", "After": "00:00:10" } ]
            }
          },
          "Routes": { "default": { "Host": "*", "Provider": "acme" } }
        }
        """;

    private static readonly PresentationOptions Tenant = new() { Values = new Dictionary<string, string> { ["tenant"] = "north" } };

    private readonly PluginFolder _plugins = new();
    private readonly Service _service = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _plugins.Dispose();
        _service.Dispose();
    }

    [Fact]
    public async Task Sample_plays_through_the_dropped_plugin_and_equals_the_original()
    {
        _plugins.Drop("clearkey");
        await using ServiceProvider services = Build();
        KeywayHost host = services.GetRequiredService<KeywayHost>();
        List<string> facts = [];
        using IDisposable subscription = host.Events.Subscriber<KeysChanged>().Subscribe(fact =>
        {
            lock (facts) facts.Add($"{fact.Usable} of {fact.Keys}");
        });

        await using Presentation presentation = await host.OpenAsync(SampleContent.Manifest, Tenant, Cancel);
        (await SampleContent.ReadAsync(presentation, 0)).Should().Equal(SampleContent.Table("video-360"));
        (await SampleContent.ReadAsync(presentation, 1)).Should().Equal(SampleContent.Table("audio"));

        presentation.Facts.KeySystem.Chosen!.Name.Should().Be("clearkey");
        SessionReport session = presentation.Sessions.Should().ContainSingle().Subject;
        (session.Provider, session.KeySystem, session.LicenseUrl).Should().Be(("acme", "clearkey", "https://acme.example/clearkey"));
        session.Keys.Should().OnlyContain(key => key.Status == KeyStatus.Usable);
        HttpRequestMessage request = _service.Requests.Should().ContainSingle().Subject;
        (request.Method, request.RequestUri).Should().Be((HttpMethod.Post, new Uri("https://acme.example/clearkey")));
        request.Headers.GetValues("X-Tenant").Should().Equal("north");
        await Eventually.Is(() => facts.Count == 1);
        facts.Should().Equal("3 of 3");
    }

    [Fact]
    public async Task Story_is_logged_step_by_step_and_a_refusal_with_its_reason()
    {
        _plugins.Drop("clearkey");
        StoryRecorder story = new();
        await using ServiceProvider services = Build(options => options with { Logging = story });
        await using (Presentation presentation = await services.GetRequiredService<KeywayHost>().OpenAsync(SampleContent.Manifest, Tenant, Cancel))
        {
            await presentation.AcquireAsync(Cancel);
            await Eventually.Is(() => story.Lines.Any(static line => line.Contains("3 of 3 keys are usable", StringComparison.Ordinal)));
        }

        story.Lines.Should().ContainMatch("Information Keyway.Presentation: *: clearkey opens it; * keys are asked for")
            .And.ContainMatch("Debug Keyway.Exchange: *: exchange 1 is needed (License)").And.ContainMatch("Debug Keyway.Exchange: *: challenge of exchange 1 written (License, * bytes)")
            .And.ContainMatch("Information Keyway.Exchange: *: exchange 1 answered with * bytes after * ms").And.ContainMatch("Debug Keyway.Sessions: *: Acquiring → Usable");

        _service.Fail(HttpStatusCode.Forbidden);
        await using Presentation refused = await services.GetRequiredService<KeywayHost>().OpenAsync(SampleContent.Manifest, Tenant, Cancel);
        await refused.Invoking(static it => it.AcquireAsync().AsTask()).Should().ThrowAsync<KeyUnavailableException>();
        await Eventually.Is(() => story.Lines.Any(static line => line.StartsWith("Warning Keyway.Sessions", StringComparison.Ordinal)));
        story.Lines.Should().ContainMatch("Warning Keyway.Sessions: * has failed*");
    }

    [Fact]
    public async Task Facts_travel_on_MessagePipe_where_the_container_has_it()
    {
        _plugins.Drop("clearkey");
        ServiceCollection services = new();
        services.AddKeywayMessagePipe();
        services.AddKeyway(
            Configured.Root(Configuration, ("Keyway:Plugins:Directory", _plugins.Path), ("Keyway:Messaging:Transport", "MessagePipe")).GetSection("Keyway"),
            options => options with { LicenseHttp = new HttpMessageInvoker(_service, disposeHandler: false) });
        await using ServiceProvider provider = services.BuildServiceProvider();
        int direct = 0;
        using IDisposable subscription = provider.GetRequiredService<MessagePipe.ISubscriber<FragmentDecrypted>>().Subscribe(new Counter(() => direct++));
        await using Presentation presentation = await provider.GetRequiredService<KeywayHost>().OpenAsync(SampleContent.Manifest, Tenant, Cancel);
        (await SampleContent.ReadAsync(presentation, 0)).Should().Equal(SampleContent.Table("video-360"));
        direct.Should().BePositive("who listens to MessagePipe hears what the engine says");
    }

    [Fact]
    public async Task Merged_file_holds_the_same_samples()
    {
        _plugins.Drop("clearkey");
        await using ServiceProvider services = Build();
        await using Presentation presentation = await services.GetRequiredService<KeywayHost>().OpenAsync(SampleContent.Manifest, Tenant, Cancel);
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        Mp4Summary summary = await presentation.MergeAsync(presentation.Tracks, pipe, Cancel);
        await pipe.FlushAsync(Cancel);
        summary.BytesWritten.Should().Be(output.Length);
        string path = Path.Combine(_plugins.Path, "merged.mp4");
        await File.WriteAllBytesAsync(path, output.ToArray(), Cancel);

        await using Presentation clear = await services.GetRequiredService<KeywayHost>().OpenAsync(new Uri(path), Tenant, Cancel);
        (await SampleContent.ReadAsync(clear, 0)).Should().Equal(SampleContent.Table("video-360"));
        (await SampleContent.ReadAsync(clear, 1)).Should().Equal(SampleContent.Table("audio"));
        clear.Sessions.Should().BeEmpty();
    }

    [Fact]
    public async Task Service_that_falters_is_asked_again_with_a_fresh_challenge_and_one_that_refuses_is_not()
    {
        _plugins.Drop("clearkey");
        await using ServiceProvider services = Build(options => options with { Clock = new HurriedClock() });
        KeywayHost host = services.GetRequiredService<KeywayHost>();
        _service.Fail(HttpStatusCode.ServiceUnavailable, HttpStatusCode.InternalServerError);
        await using (Presentation presentation = await host.OpenAsync(SampleContent.Manifest, Tenant, Cancel))
            await presentation.AcquireAsync(Cancel);
        _service.Requests.Should().HaveCount(3);

        _service.Fail(HttpStatusCode.Forbidden);
        await using Presentation refused = await host.OpenAsync(SampleContent.Manifest, Tenant, Cancel);
        Func<Task> acquire = async () => await refused.AcquireAsync(Cancel);
        KeyUnavailableException told = (await acquire.Should().ThrowAsync<KeyUnavailableException>()).Which;
        told.InnerException.Should().BeOfType<LicenseServiceException>().Which.Status.Should().Be(403);
        _service.Requests.Should().HaveCount(4);
    }

    [Fact]
    public async Task Plugin_that_throws_in_ParseHeader_loses_the_choice_to_the_next()
    {
        _plugins.Drop("clearkey");
        _plugins.Drop("throws-in-parse-header");
        await using ServiceProvider services = Build();
        KeywayHost host = services.GetRequiredService<KeywayHost>();
        await using Presentation presentation = await host.OpenAsync(SampleContent.Manifest, Tenant, Cancel);
        presentation.Facts.KeySystem.Chosen!.Name.Should().Be("clearkey");
        KeySystemRejection faulty = presentation.Facts.KeySystem.Others.Should().Contain(other => other.Name == "throws-in-parse-header").Subject;
        faulty.Reason.Should().Contain("ZooException").And.NotContain("of the zoo", "a plugin's own words may hold anything");
        (await SampleContent.ReadAsync(presentation, 1)).Should().Equal(SampleContent.Table("audio"));

        Func<Task> named = async () => await host.OpenAsync(SampleContent.Manifest, Tenant with { KeySystem = "throws-in-parse-header" }, Cancel);
        await named.Should().ThrowAsync<NoKeySystemException>();
        ContentFacts facts = await host.InspectAsync(SampleContent.Manifest, Tenant, Cancel);
        facts.Protection.Conflicts.Should().Contain(conflict => conflict.Kind == ProtectionConflictKind.UnreadableHeader);
        facts.KeySystem.Chosen!.Name.Should().Be("clearkey");
    }

    [Fact]
    public async Task Plugin_that_throws_in_WriteChallenge_fails_its_session_and_the_host_goes_on()
    {
        _plugins.Drop("clearkey");
        _plugins.Drop("throws-in-write-challenge");
        await using ServiceProvider services = Build();
        KeywayHost host = services.GetRequiredService<KeywayHost>();
        await using Presentation failed = await host.OpenAsync(SampleContent.Manifest, Tenant with { KeySystem = "throws-in-write-challenge" }, Cancel);
        Func<Task> read = () => SampleContent.ReadAsync(failed, 0);
        KeyUnavailableException told = (await read.Should().ThrowAsync<KeyUnavailableException>()).Which;
        told.Reason.Should().Be(KeyUnavailableReason.LicenseFailed);
        told.InnerException.Should().BeOfType<LicenseServiceException>().Which.Message.Should().Contain("writing a challenge").And.Contain("ZooException");
        told.ToString().Split(Environment.NewLine)[0].Should().NotContain("of the zoo");
        _service.Requests.Should().BeEmpty("half a challenge is none");

        await using Presentation presentation = await host.OpenAsync(SampleContent.Manifest, Tenant, Cancel);
        (await SampleContent.ReadAsync(presentation, 1)).Should().Equal(SampleContent.Table("audio"));
    }

    [Fact]
    public async Task Keys_of_configuration_need_no_server()
    {
        _plugins.Drop("clearkey");
        string secrets = Directory.CreateDirectory(Path.Combine(_plugins.Path, "secrets")).FullName;
        foreach ((string name, string key) in new[] { ("hd", "1ad800b533458b71332d079ebb47c7dd"), ("sd", "23e4bf1e5af0e97ae92b38b6971edf19"), ("audio", "35ba5fc50100a9577c8d46a44e58a13b") })
        {
            string path = Path.Combine(secrets, name);
            await File.WriteAllTextAsync(path, key, Cancel);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await using ServiceProvider services = Build(
            null,
            ("Keyway:Secrets:Directory", secrets),
            ("Keyway:KeySystems:clearkey:Settings:Keys:d2aca193-19b8-ca2f-a031-5b7842893e3a", "secret:hd"),
            ("Keyway:KeySystems:clearkey:Settings:Keys:e4c06923-e61b-099a-d734-6945b908a3af", "secret:sd"),
            ("Keyway:KeySystems:clearkey:Settings:Keys:c5d31c60-dee0-14a6-f849-c8f291262343", "secret:audio"));
        await using Presentation presentation = await services.GetRequiredService<KeywayHost>().OpenAsync(SampleContent.Manifest, Tenant, Cancel);
        (await SampleContent.ReadAsync(presentation, 0)).Should().Equal(SampleContent.Table("video-360"));
        (await SampleContent.ReadAsync(presentation, 1)).Should().Equal(SampleContent.Table("audio"));
        _service.Requests.Should().BeEmpty();
    }

    private ServiceProvider Build(Func<KeywayHostOptions, KeywayHostOptions>? change = null, params (string Path, string Value)[] over)
    {
        IConfigurationSection section = Configured.Root(Configuration, [("Keyway:Plugins:Directory", _plugins.Path), .. over]).GetSection("Keyway");
        ServiceCollection services = new();
        services.AddKeyway(section, options =>
        {
            options = options with { LicenseHttp = new HttpMessageInvoker(_service, disposeHandler: false) };
            return change is null ? options : change(options);
        });
        return services.BuildServiceProvider();
    }

    /// <summary>A licence service of W3C Clear Key that is a handler.</summary>
    private sealed class Service : HttpMessageHandler
    {
        private readonly List<HttpRequestMessage> _requests = [];
        private readonly Queue<HttpStatusCode> _failures = new();

        public IReadOnlyList<HttpRequestMessage> Requests
        {
            get
            {
                lock (_requests) return [.. _requests];
            }
        }

        public void Fail(params ReadOnlySpan<HttpStatusCode> next)
        {
            foreach (HttpStatusCode status in next) _failures.Enqueue(status);
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Content!.Headers.ContentType!.MediaType.Should().Be("application/json");
            byte[] body = await request.Content.ReadAsByteArrayAsync(cancellationToken);
            lock (_requests) _requests.Add(request);
            if (_failures.TryDequeue(out HttpStatusCode failure)) return new HttpResponseMessage(failure) { Content = new ByteArrayContent([]) };
            ByteArrayContent license = new(SampleContent.License(body));
            license.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = license };
        }
    }

    private sealed class Counter(Action count) : MessagePipe.IMessageHandler<FragmentDecrypted>
    {
        public void Handle(FragmentDecrypted message) => count();
    }

    private sealed class StoryRecorder : ILoggerFactory
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public IReadOnlyList<string> Lines => [.. _lines];

        public ILogger CreateLogger(string categoryName) => new Category(_lines, categoryName);

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
        }

        private sealed class Category(System.Collections.Concurrent.ConcurrentQueue<string> lines, string name) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull
                => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue($"{logLevel} {name}: {formatter(state, exception)}");
        }
    }

    /// <summary>A clock on which short waits are over at once and long ones never.</summary>
    private sealed class HurriedClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime < TimeSpan.FromSeconds(5) && dueTime > TimeSpan.Zero ? TimeSpan.Zero : dueTime, period);
    }
}
