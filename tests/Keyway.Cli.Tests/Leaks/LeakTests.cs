using System.IO.Pipelines;
using Keyway.Cli.Run;
using Keyway.Hosting;
using Keyway.Licensing;
using Keyway.Licensing.Recording;
using Keyway.Licensing.Transport;
using Keyway.Sessions;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Keyway.Cli.Leaks;

/// <summary>Whole runs of every key system, in an application and as a command, searched for everything that is secret in them.</summary>
public sealed class LeakTests(SharedSandbox sandbox)
{
    private enum Http
    {
        None = 0,
        OfTheHost,
        OfAFactory,
        LogsToo,
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Systems => [.. LeakCase.All];

    /// <summary>Those whose licences may be stored.</summary>
    public static TheoryData<string> Storing => [.. LeakCase.All.Where(static name => LeakCase.Of(name, "").Persistent is not null)];

    [Theory]
    [MemberData(nameof(Systems))]
    public async Task An_application_that_hears_everything_hears_no_secret(string system)
    {
        using LeakRun run = await LeakRun.PrepareAsync(system, sandbox.Url);
        using (LeakRecorder recorder = new(run.Scan))
        {
            await PlayAsync(run, recorder, run.Options());
            await RefuseAsync(run, recorder, run.Options());
        }

        run.Scan.Places.Should().Contain(
            ["log Keyway.Plugins", "fact LicenseReceived", "fact FragmentDecrypted", "fact SessionFailed", "activity System.Net.Http.HttpRequestOut", "instrument http.client.request.duration", "events System.Net.Http"],
            "what is not heard cannot be searched");
        run.Check();
    }

    [Theory]
    [MemberData(nameof(Systems))]
    public async Task An_application_with_http_clients_of_its_own_hears_no_secret(string system)
    {
        using LeakRun run = await LeakRun.PrepareAsync(system, sandbox.Url);
        using (LeakRecorder recorder = new(run.Scan))
        {
            await PlayAsync(run, recorder, run.Options(), Http.OfAFactory);
            await RefuseAsync(run, recorder, run.Options(), Http.OfAFactory);
        }

        run.Check();
    }

    [Theory]
    [MemberData(nameof(Systems))]
    public async Task A_service_that_says_in_plain_words_what_it_has_made_of_headers_is_quoted_without_them(string system)
    {
        using LeakRun run = await LeakRun.PrepareAsync(system, sandbox.Url);
        run.InPlainWords = true;
        using (LeakRecorder recorder = new(run.Scan)) await RefuseAsync(run, recorder, run.Options());
        run.Check();
    }

    [Fact]
    public async Task A_client_of_a_factory_that_keeps_its_loggers_tells_the_token_which_is_why_they_go()
    {
        // It masks headers in its messages, and hands their values to loggers that log values. KeywayHostOptions.LicenseHttp says so.
        using LeakRun run = await LeakRun.PrepareAsync("clearkey", sandbox.Url);
        using (LeakRecorder recorder = new(run.Scan)) await PlayAsync(run, recorder, run.Options(), Http.LogsToo);
        run.Scan.Find().Should().NotBeEmpty().And.OnlyContain(static leak => leak.Place.StartsWith("log System.Net.Http.HttpClient.licences.", StringComparison.Ordinal)
            && (leak.Secret == "the token" || leak.Secret == "the header"));
    }

    [Theory]
    [InlineData("axinom", "widevine", "header")]
    [InlineData("axinom", "playready", "customData")]
    [InlineData("expressplay", "widevine", "Query")]
    [InlineData("expressplay", "widevine", "Header")]
    [InlineData("expressplay", "playready", "CustomData")]
    public async Task The_token_of_a_pack_is_heard_nowhere(string provider, string system, string placement)
    {
        using LeakRun run = await LeakRun.PrepareAsync(system, sandbox.Url);
        run.UseProvider(provider, placement);
        using (LeakRecorder recorder = new(run.Scan))
        {
            PresentationOptions options = run.Options() with { CustomData = null };
            await PlayAsync(run, recorder, options);
            await RefuseAsync(run, recorder, options);
        }

        run.Check();
    }

    [Theory]
    [MemberData(nameof(Storing))]
    public async Task A_stored_licence_shows_no_secret(string system)
    {
        using LeakRun run = await LeakRun.PrepareAsync(system, sandbox.Url);
        run.Persist();
        using (LeakRecorder recorder = new(run.Scan))
        {
            PresentationOptions options = run.Options() with { Kind = SessionKind.PersistentLicense };
            await PlayAsync(run, recorder, options);
            int exchanges = run.Exchanges;
            await PlayAsync(run, recorder, options);
            run.Exchanges.Should().Be(exchanges, "the second time it comes from the store");
        }

        Directory.GetFiles(Path.Combine(run.Left, "store")).Should().HaveCountGreaterThan(1);
        run.Check();
    }

    [Theory]
    [MemberData(nameof(Systems))]
    public async Task A_record_of_exchanges_shows_no_secret_with_bodies_or_without(string system)
    {
        using LeakRun run = await LeakRun.PrepareAsync(system, sandbox.Url);
        foreach (bool bodies in (bool[])[false, true])
        {
            string[] Recorded(string name) => ["--record", Path.Combine(run.Left, name), .. bodies ? (string[])["--record-bodies"] : [], .. run.Arguments()];
            string good = $"good-{bodies}.har", bad = $"bad-{bodies}.har";
            run.Refuses = false;
            await InProcessAsync(run, ExitCode.Done, ["license", Sample.Manifest, .. Recorded(good)]);
            run.Refuses = true;
            await InProcessAsync(run, ExitCode.NoLicense, ["license", Sample.Manifest, .. Recorded(bad)]);
            foreach (string name in (string[])[good, bad])
            {
                LicenseRecord record = LicenseRecord.Read(await File.ReadAllBytesAsync(Path.Combine(run.Left, name), Cancel));
                // Of two sessions the one is given up when the other has failed.
                record.Exchanges.Should().Contain(static each => each.Status > 0).And.OnlyContain(each => each.HasBody == (bodies && each.Status > 0) && each.KeySystem == system, "what is not recorded cannot be searched");
                record.Exchanges.Any(static each => each.Failure is not null).Should().Be(name == bad);
                await InProcessAsync(run, ExitCode.Done, ["explain", Path.Combine(run.Left, name)]);
            }
        }

        run.Check();
    }

    [Theory]
    [MemberData(nameof(Systems))]
    public async Task The_command_shows_no_secret(string system)
    {
        using LeakRun run = await LeakRun.PrepareAsync(system, sandbox.Url);
        string[] arguments = run.Arguments();
        await InProcessAsync(run, ExitCode.Done, ["play", Sample.Manifest, "--to", Path.Combine(run.Left, "tracks/"), .. arguments]);
        await ProgramAsync(run, ExitCode.Done, ["play", Sample.Manifest, "--to", Path.Combine(run.Left, "out.mp4"), "--json", .. arguments]);
        foreach (string[] command in (string[][])[["license", Sample.Manifest, .. arguments], ["inspect", Sample.Manifest, .. arguments[..2]], ["config", .. arguments[..2]], ["plugins", .. arguments[..2]]])
        {
            await InProcessAsync(run, ExitCode.Done, command);
            await InProcessAsync(run, ExitCode.Done, [.. command, "--json"]);
        }

        run.Refuses = true;
        await InProcessAsync(run, ExitCode.NoLicense, ["play", Sample.Manifest, "--to", Path.Combine(run.Left, "no.mp4"), .. arguments]);
        await InProcessAsync(run, ExitCode.NoLicense, ["license", Sample.Manifest, "--json", .. arguments]);
        run.Check();
    }

    /// <summary>Opens, inspects, asks for the licence, reads, writes, and says what there is to say about it.</summary>
    private static async Task PlayAsync(LeakRun run, LeakRecorder recorder, PresentationOptions options, Http http = Http.OfTheHost)
    {
        await using ServiceProvider services = Build(run, recorder, http);
        KeywayHost host = services.GetRequiredService<KeywayHost>();
        recorder.Listen(host.Events);
        await host.StartAsync(Cancel);
        run.Scan.AddValue("text of options", options);
        foreach (object part in (object[])[host.Options, .. host.KeySystems, .. host.Providers, .. host.Plugins]) run.Scan.AddValue("texts of the host", part);
        Uri source = new(Sample.Manifest);
        run.Scan.AddValue("text of facts", await host.InspectAsync(source, options, Cancel));
        await using (Presentation presentation = await host.OpenAsync(source, options, Cancel))
        {
            await presentation.AcquireAsync(Cancel);
            string target = Path.Combine(run.Left, $"{Guid.NewGuid():N}.mp4");
            await using (FileStream file = File.Create(target))
            {
                PipeWriter pipe = PipeWriter.Create(file);
                await presentation.MergeAsync(presentation.Tracks, pipe, Cancel);
                await pipe.CompleteAsync();
            }

            await Sample.ShouldHoldAsync(target, "video-360", "audio");
            foreach (object part in (object[])[presentation, presentation.Facts, .. presentation.Sessions, .. presentation.Sessions.SelectMany(static session => session.Keys), .. presentation.Tracks])
                run.Scan.AddValue("texts of the presentation", part);
        }

        await Eventually.Is(() => run.Scan.Places.Contains("fact FragmentDecrypted"));
    }

    /// <summary>Is refused by a service that repeats everything it was told.</summary>
    private static async Task RefuseAsync(LeakRun run, LeakRecorder recorder, PresentationOptions options, Http http = Http.OfTheHost)
    {
        run.Refuses = true;
        await using ServiceProvider services = Build(run, recorder, http);
        KeywayHost host = services.GetRequiredService<KeywayHost>();
        recorder.Listen(host.Events);
        await using Presentation presentation = await host.OpenAsync(new Uri(Sample.Manifest), options, Cancel);
        Func<Task> acquire = async () => await presentation.AcquireAsync(Cancel);
        run.Scan.Add("exception", (await acquire.Should().ThrowAsync<KeyUnavailableException>()).Which);
        foreach (SessionReport session in presentation.Sessions)
        {
            run.Scan.AddValue("text of a session", session);
            if (session.Error is { } error) run.Scan.Add("error of a session", error);
        }

        await Eventually.Is(() => run.Scan.Places.Contains("fact SessionFailed"));
    }

    private static ServiceProvider Build(LeakRun run, LeakRecorder recorder, Http http)
    {
        ServiceCollection services = new();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(recorder));
        if (http != Http.OfTheHost)
        {
            IHttpClientBuilder licences = services.AddHttpClient("licences");
            if (http == Http.OfAFactory) licences.RemoveAllLoggers();
            licences.ConfigurePrimaryHttpMessageHandler(HttpLicenseTransport.CreateHandler);
            services.AddHttpClient("content").ConfigurePrimaryHttpMessageHandler(HttpLicenseTransport.CreateHandler);
        }

        IConfigurationRoot settings = new ConfigurationBuilder().AddInMemoryCollection(run.Settings).Build();
        IHttpClientFactory? clients = null;
        services.AddKeyway(settings.GetSection("Keyway"), options => clients is null
            ? options
            : options with { LicenseHttp = clients.CreateClient("licences"), ContentHttp = clients.CreateClient("content") });
        ServiceProvider provider = services.BuildServiceProvider();
        clients = provider.GetService<IHttpClientFactory>();
        return provider;
    }

    private static async Task ProgramAsync(LeakRun run, int code, string[] arguments)
    {
        await using ProgramRun program = ProgramRun.Start(arguments);
        string output = await program.Out.ReadToEndAsync(Cancel);
        (await program.EndAsync()).Should().Be(code, output + await program.Error);
        run.Scan.Add($"standard output of {arguments[0]}", output);
        run.Scan.Add($"standard error of {arguments[0]}", await program.Error);
    }

    private static async Task InProcessAsync(LeakRun run, int code, string[] arguments)
    {
        CommandRun command = (await CommandRun.OfAsync(arguments)).ShouldEndWith(code);
        run.Scan.Add($"standard output of {arguments[0]}", command.Out);
        run.Scan.Add($"standard error of {arguments[0]}", command.Error);
    }
}
