using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Messaging;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway;

/// <content>The licence side: waiting, refusals, secrets, the end.</content>
public sealed partial class PresentationTests
{
    [Fact]
    public async Task Reader_waits_for_a_licence_that_comes_late()
    {
        await using PresentationBench bench = new();
        TaskCompletionSource<LicenseAnswer?> held = bench.Server.Hold();
        await using Presentation presentation = await OpenAsync(bench);
        Task<List<string>> reading = PresentationBench.ReadAsync(presentation, 0);
        // The reader's time limit is the only timer that is set here.
        await Eventually.Is(() => bench.Clock.Armed == 1);
        bench.Clock.Advance(TimeSpan.FromSeconds(29));
        reading.IsCompleted.Should().BeFalse();
        held.SetResult(null);
        (await reading).Should().Equal(PresentationBench.Table("video-360"));
        bench.Server.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Reader_that_has_waited_long_enough_gives_up_and_says_for_which_key()
    {
        await using PresentationBench bench = new(options => options with { KeyWait = TimeSpan.FromSeconds(7) });
        TaskCompletionSource<LicenseAnswer?> held = bench.Server.Hold();
        await using Presentation presentation = await OpenAsync(bench);
        Task<List<string>> reading = PresentationBench.ReadAsync(presentation, 0);
        await Eventually.Is(() => bench.Clock.Armed == 1);
        bench.Clock.NextDue.Should().Be(bench.Clock.GetUtcNow() + TimeSpan.FromSeconds(7));
        bench.Clock.Advance(TimeSpan.FromSeconds(7));
        KeyUnavailableException late = (await reading.Awaiting(static task => task).Should().ThrowAsync<KeyUnavailableException>()).Which;
        late.Reason.Should().Be(KeyUnavailableReason.TimedOut);
        late.Id.Should().Be(presentation.Tracks[0].KeyIds[0]);

        held.SetResult(null);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().HaveCount(500, "it was the reader who gave up, not the session");
        bench.Server.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Refused_licence_reaches_the_reader_with_its_cause_and_is_asked_for_again_by_the_next_only()
    {
        await using PresentationBench bench = new();
        TaskCompletionSource<LicenseAnswer?> held = bench.Server.Hold();
        await using Presentation presentation = await OpenAsync(bench);
        held.SetResult(FakeLicenseServer.Text("no", 403));
        await Eventually.Is(() => presentation.Sessions.Count == 0 || presentation.Sessions[0].State == SessionState.Failed);

        Func<Task> read = () => PresentationBench.ReadAsync(presentation, 0);
        KeyUnavailableException refused = (await read.Should().ThrowAsync<KeyUnavailableException>()).Which;
        refused.Reason.Should().Be(KeyUnavailableReason.LicenseFailed);
        refused.InnerException.Should().BeOfType<LicenseServiceException>().Which.Status.Should().Be(403);
        bench.Server.Received.Should().ContainSingle("who waits hears what became of the request, and causes no second one");
        await Eventually.Is(() => bench.Facts.OfType<SessionFailed>().Any());
        bench.Facts.OfType<SessionFailed>().Should().ContainSingle().Which.Terminal.Should().BeTrue();

        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        bench.Server.Received.Should().HaveCount(2);
        bench.System.Sessions[1].Request.Headers.Should().NotBeEmpty("a fresh session needs the headers as the first did");
    }

    [Fact]
    public async Task Waiting_for_keys_tells_a_refusal_and_may_be_tried_again()
    {
        await using PresentationBench bench = new();
        bench.Server.Next(FakeLicenseServer.Text("no", 403));
        await using Presentation presentation = await OpenAsync(bench);
        Func<Task> acquire = async () => await presentation.AcquireAsync(Cancel);
        await acquire.Should().ThrowAsync<KeyUnavailableException>();
        await acquire.Should().NotThrowAsync();
        presentation.Sessions.Should().ContainSingle().Which.Keys.Should().HaveCount(3).And.OnlyContain(key => key.Status == KeyStatus.Usable);
    }

    [Fact]
    public async Task Key_that_may_not_be_exported_serves_no_reader()
    {
        await using PresentationBench bench = new();
        bench.System.Policy = new KeyPolicy();
        await using Presentation presentation = await OpenAsync(bench);
        foreach (Func<Task> use in (Func<Task>[])[() => PresentationBench.ReadAsync(presentation, 0), async () => await presentation.AcquireAsync(Cancel)])
        {
            KeyUnavailableException refused = (await use.Should().ThrowAsync<KeyUnavailableException>()).Which;
            refused.Reason.Should().Be(KeyUnavailableReason.RefusedByPolicy);
            refused.Status.Should().Be(KeyStatus.OutputRestricted);
        }

        bench.Facts.OfType<FragmentDecrypted>().Should().BeEmpty();
        bench.Server.Received.Should().ContainSingle("a new licence would say the same");

        PresentationOptions screen = new() { Output = new OutputCapabilities { Kind = SinkKind.Render } };
        await using Presentation shown = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), screen, Cancel);
        (await PresentationBench.ReadAsync(shown, 0)).Should().HaveCount(500);
    }

    [Theory]
    [InlineData(HdcpLevel.V2_2, HdcpLevel.V2_2, 0, true)]
    [InlineData(HdcpLevel.V2_2, HdcpLevel.NoDigitalOutput, 0, true)]
    [InlineData(HdcpLevel.V2_2, HdcpLevel.V2_1, 0, false)]
    [InlineData(HdcpLevel.None, HdcpLevel.None, 270, false)]
    [InlineData(HdcpLevel.None, HdcpLevel.None, 100, true)]
    public async Task Sink_of_the_application_s_own_gets_keys_whose_demands_it_meets(HdcpLevel asked, HdcpLevel given, int level, bool served)
    {
        await using PresentationBench bench = new();
        bench.System.Policy = new KeyPolicy { Output = new OutputRequirement { Hdcp = asked, Levels = new ProtectionLevels { UncompressedVideo = level } } };
        PresentationOptions screen = new() { Output = new OutputCapabilities { Kind = SinkKind.Render, Hdcp = given } };
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), screen, Cancel);
        if (served)
        {
            (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
            return;
        }

        Func<Task> read = () => PresentationBench.ReadAsync(presentation, 0);
        (await read.Should().ThrowAsync<KeyUnavailableException>()).Which.Status.Should().Be(KeyStatus.OutputRestricted);
        bench.Facts.OfType<FragmentDecrypted>().Should().BeEmpty();
    }

    [Fact]
    public async Task Key_that_the_licence_leaves_out_stops_its_track_and_no_other()
    {
        await using PresentationBench bench = new();
        bench.Server.Keys.TryRemove(PresentationBench.SampleKeys[0].Id, out _);
        await using Presentation presentation = await OpenAsync(bench);
        Func<Task> read = () => PresentationBench.ReadAsync(presentation, 0);
        (await read.Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.NotInLicense);
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
    }

    [Fact]
    public async Task Disposal_closes_the_sessions_and_zeroes_every_key()
    {
        await using PresentationBench bench = new();
        Presentation presentation = await OpenAsync(bench);
        await presentation.AcquireAsync(Cancel);
        bench.Engine.Sessions.Should().ContainSingle();
        bench.Memory.Live.Should().BeGreaterThan(0);

        await presentation.DisposeAsync();
        await Eventually.Is(() => bench.Engine.Sessions.Count == 0);
        bench.System.Sessions.Should().OnlyContain(session => session.IsDisposed);
        bench.Memory.ShouldBeCleanAfter(3);
        presentation.Sessions.Should().BeEmpty();
        Func<Task> read = () => PresentationBench.ReadAsync(presentation, 0);
        await read.Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task Disposal_of_the_engine_ends_whoever_still_waits()
    {
        PresentationBench bench = new();
        bench.Server.Hold();
        Presentation presentation = await OpenAsync(bench);
        Task<List<string>> reading = PresentationBench.ReadAsync(presentation, 0);
        await Eventually.Is(() => bench.Clock.Armed == 1);
        await bench.DisposeAsync();
        await reading.Awaiting(static task => task).Should().ThrowAsync<ObjectDisposedException>();
        bench.Memory.Live.Should().Be(0);
    }

    [Fact]
    public async Task Cancelling_ends_a_reader_and_leaves_the_presentation_as_it_was()
    {
        await using PresentationBench bench = new();
        TaskCompletionSource<LicenseAnswer?> held = bench.Server.Hold();
        await using Presentation presentation = await OpenAsync(bench);
        using CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task waiting = presentation.AcquireAsync(source.Token).AsTask();
        await Eventually.Is(() => bench.Clock.Armed == 1);
        await source.CancelAsync();
        await waiting.Awaiting(static task => task).Should().ThrowAsync<OperationCanceledException>();
        held.SetResult(null);
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
    }

    [Fact]
    public async Task What_the_caller_gives_for_licences_goes_into_the_request()
    {
        await using PresentationBench bench = new();
        PresentationOptions options = new()
        {
            LicenseUrl = new Uri("https://mine.example/l"),
            LicenseHeaders = new Dictionary<string, string> { ["X-Token"] = "t0ken" },
            CustomData = "cu5tom",
        };
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), options, Cancel);
        await presentation.AcquireAsync(Cancel);
        ReceivedRequest received = bench.Server.Received.Should().ContainSingle().Subject;
        received.Request.Url.Should().Be(options.LicenseUrl);
        received.Request.Headers.Should().Contain("X-Token", "t0ken");
        received.Body.Should().EndWith("[cu5tom]");
    }

    [Fact]
    public void Options_show_no_secret_as_text()
    {
        PresentationOptions options = new()
        {
            Provider = "acme",
            LicenseUrl = new Uri("https://mine.example/l?auth=s3cret"),
            LicenseHeaders = new Dictionary<string, string> { ["X-Token"] = "s3cret" },
            Values = new Dictionary<string, string> { ["user"] = "s3cret" },
            CustomData = "s3cret",
        };
        options.ToString().Should().Contain("acme").And.Contain("mine.example").And.NotContain("s3cret");
        KeyRingOptions ring = new()
        {
            Presentation = PresentationId.Create(),
            KeySystem = new FakeKeySystem(),
            Service = LicenseService.Direct(new LicenseSteps(), Settings.Context(), new FakeLicenseServer()),
            LicenseUrl = options.LicenseUrl,
            CustomData = "s3cret",
        };
        ring.ToString().Should().Contain("fake").And.NotContain("s3cret");
        new ChallengeRequest { Kind = ChallengeKind.License, CustomData = "s3cret" }.ToString().Should().Contain("License").And.NotContain("s3cret");
        new LicenseRequest { Url = options.LicenseUrl, Headers = options.LicenseHeaders }.ToString().Should().Contain("mine.example/l").And.NotContain("s3cret");
    }

    // ---- where secrets may go (docs/trust.md), as a caller sees it

    [Theory]
    [InlineData(true, false, "https://content.example/l")]
    [InlineData(false, true, "https://content.example/l")]
    [InlineData(false, false, "http://content.example/l")]
    public async Task Licence_url_of_a_manifest_gets_nothing(bool identifies, bool secrets, string url)
    {
        HttpLicenseTransportTests.Wire wire = new((_, _) => throw new InvalidOperationException("something was sent"));
        FakeKeySystem system = PresentationBench.Fake(identifies: identifies);
        await using PresentationBench bench = new(options => options with { KeySystems = [Protection.KeySystemCandidate.Of("fake", 1, system)], Route = _ => null }, wire.Transport);
        PresentationOptions[] ways = secrets
            ? [new() { CustomData = "cu5tom" }, new() { LicenseHeaders = new Dictionary<string, string> { ["X-Token"] = "t0ken" } }]
            : [new()];
        foreach (PresentationOptions options in ways)
        {
            await using Presentation presentation = await bench.Engine.OpenAsync(WithLicenseUrl(bench, url), options, Cancel);
            Func<Task> acquire = async () => await presentation.AcquireAsync(Cancel);
            KeyUnavailableException refused = (await acquire.Should().ThrowAsync<KeyUnavailableException>()).Which;
            refused.InnerException.Should().BeOfType<LicenseServiceException>().Which.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
            refused.Message.Should().Contain("/MPD", "it says who named the URL").And.NotContain("t0ken").And.NotContain("cu5tom");
        }

        wire.Sent.Should().BeEmpty();
    }

    [Fact]
    public async Task Licence_url_of_a_manifest_gets_a_bare_request_of_a_key_system_that_identifies_nobody()
    {
        string license = string.Concat(PresentationBench.SampleKeys.Select(key => $"{key.Id} {Convert.ToHexStringLower(key.Key)}\n"));
        HttpLicenseTransportTests.Wire wire = new((_, _) => HttpLicenseTransportTests.Answer(200, license));
        FakeKeySystem system = PresentationBench.Fake(identifies: false);
        await using PresentationBench bench = new(options => options with { KeySystems = [Protection.KeySystemCandidate.Of("fake", 1, system)], Route = _ => null }, wire.Transport);
        PresentationOptions options = new() { Values = new Dictionary<string, string> { ["user"] = "me" }, ContentHeaders = [new("X-Content", "mine")] };
        await using Presentation presentation = await bench.Engine.OpenAsync(WithLicenseUrl(bench, "https://content.example/l"), options, Cancel);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        HttpLicenseTransportTests.Sent sent = wire.Sent.Should().ContainSingle().Subject;
        sent.Url.Should().Be("https://content.example/l");
        sent.Untrusted.Should().BeTrue();
        sent.Headers.Should().Be($"Accept-Encoding: gzip, deflate, br\nContent-Type: text/plain\nContent-Length: {sent.Body.Length}");
    }

    private static async Task<Presentation> OpenAsync(PresentationBench bench) =>
        await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);

    /// <summary>The sample with a licence server named in its manifest, by a member of DASH-IF's.</summary>
    private static Uri WithLicenseUrl(PresentationBench bench, string url) => bench.PlaceSample((name, bytes) => name != "manifest.mpd" ? bytes : Encoding.UTF8.GetBytes(
        Encoding.UTF8.GetString(bytes).Replace(
            """<ContentProtection schemeIdUri="urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b">""",
            $"""<ContentProtection schemeIdUri="urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"><dashif:Laurl xmlns:dashif="https://dashif.org/CPS">{url}</dashif:Laurl>""", StringComparison.Ordinal)));
}
