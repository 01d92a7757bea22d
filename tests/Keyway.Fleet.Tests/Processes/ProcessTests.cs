using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Keyway.Fleet.Service;

namespace Keyway.Fleet.Processes;

/// <summary>Three silos as three processes. What takes minutes is in the report (benchmarks/fleet).</summary>
public sealed class ProcessTests
{
    /// <summary>Each store in a long run; else the one that the other test has not.</summary>
    public static TheoryData<string> Kinds => LongRun.IsOn ? ["Redis", "PostgreSql"] : ["PostgreSql"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Three_processes_share_the_streams_one_that_is_killed_loses_none_and_one_that_is_asked_to_leave_says_nothing_wrong(string kind)
    {
        await using Store store = await Prerequisite.StoreAsync(kind);
        await using StreamService service = await StreamService.StartAsync(SampleKeys.Folder);
        string[] settings = [.. store.Settings, "Fleet:PeriodSeconds=1", "Fleet:SegmentEverySeconds=0", "Fleet:InspectEverySeconds=0", "Fleet:Silo:ProbeSeconds=1", "Fleet:DecryptEverySeconds=3600"];
        FleetProcess[] silos = [.. Enumerable.Range(0, 3).Select(i => FleetProcess.Start(Prerequisite.Program, [.. settings, $"Fleet:Silo:Name=silo-{i}"]))];
        try
        {
            foreach (FleetProcess silo in silos) await silo.ReadyAsync();
            const int count = 90, sets = 9;
            HttpResponseMessage put = await silos[0].PostAsync("api/streams", Enumerable.Range(0, count).ToDictionary(static i => $"s{i}", i => new { address = service.Stream(i, sets), keySystem = "clearkey", licenseUrl = new Uri(service.Url, "clearkey") }));
            put.StatusCode.Should().Be(HttpStatusCode.OK, await put.Content.ReadAsStringAsync(Stop));
            await TickingAsync(count);
            await EventuallyAsync(() => service.Licenses.Count == sets, "every key set has been asked for");
            service.Licenses.Values.Sum().Should().Be(sets, "each of them once");
            JsonElement counts = default;
            await EventuallyAsync(async () => (counts = (await silos[1].JsonAsync("api/overview")).GetProperty("counts")).GetProperty("silos").EnumerateObject().Sum(static each => each.Value.GetInt32()) == count, "the table has them");
            counts.GetProperty("silos").EnumerateObject().Should().HaveCount(3);

            silos[2].Kill();
            await TickingAsync(count);
            service.Licenses.Should().OnlyContain(static each => each.Value <= 2).And.HaveCount(sets);

            int before = silos[1].Said.Length;
            (await silos[1].TerminateAsync()).Should().Be(0, silos[1].Said);
            silos[1].Said[before..].Should().NotContain("fail:").And.NotContain("crit:");
            await TickingAsync(count);

            // The store goes away for a while: what is watched is watched on.
            await store.StopAsync();
            await Task.Delay(2000, Stop);
            await TickingAsync(count);
            await store.ContinueAsync();
            await EventuallyAsync(async () => (await silos[0].PutAsync("api/streams/late", new { address = service.Stream(1000, sets) })).IsSuccessStatusCode, "something can be stored again");

            // What was stored is there for those that come.
            (await silos[0].TerminateAsync()).Should().Be(0, silos[0].Said);
            await using FleetProcess next = FleetProcess.Start(Prerequisite.Program, [.. settings, "Fleet:Silo:Name=next"]);
            await next.ReadyAsync();
            await TickingAsync(count);
        }
        finally
        {
            foreach (FleetProcess silo in silos) await silo.DisposeAsync();
        }

        async Task TickingAsync(int count)
        {
            long from = Environment.TickCount64 + 200;
            await EventuallyAsync(() => service.LastAsked.Count >= count && service.LastAsked.Values.All(asked => asked > from), "every stream is looked at");
        }
    }

    [Fact]
    public async Task A_second_silo_of_a_local_cluster_is_refused_with_a_sentence_and_wrong_settings_with_all_of_theirs()
    {
        string cluster = $"Fleet:ClusterId=test-{Guid.NewGuid():n}";
        await using FleetProcess first = FleetProcess.Start(Prerequisite.Program, cluster, "Fleet:Sandbox=false");
        await first.ReadyAsync();
        await using (FleetProcess second = FleetProcess.Start(Prerequisite.Program, cluster, "Fleet:Sandbox=false"))
        {
            (await second.ExitAsync()).Should().Be(2);
            second.Said.Should().Contain("a local cluster is one silo").And.NotContain("   at ");
        }

        await using (FleetProcess wrong = FleetProcess.Start(Prerequisite.Program, "Fleet:Clster=Redis", "Fleet:PeriodSeconds=no"))
        {
            (await wrong.ExitAsync()).Should().Be(2);
            wrong.Said.Should().Contain("Fleet:Clster: ").And.Contain("Fleet:PeriodSeconds: ").And.NotContain("   at ");
        }

        (await first.TerminateAsync()).Should().Be(0);
    }

    [Fact]
    public async Task Without_streams_it_brings_a_sandbox_and_really_decrypts_each_of_its_channels()
    {
        await using FleetProcess fleet = FleetProcess.Start(Prerequisite.Program, $"Fleet:ClusterId=test-{Guid.NewGuid():n}");
        await fleet.ReadyAsync();
        string[] names = [.. (await fleet.JsonAsync("api/streams")).GetProperty("rows").EnumerateArray().Select(static row => row.GetProperty("name").GetString()!)];
        names.Should().HaveCountGreaterThanOrEqualTo(6);
        foreach (string name in names)
        {
            JsonElement report = default;
            await EventuallyAsync(async () => (report = await fleet.JsonAsync($"api/streams/{name}")).GetProperty("keys").EnumerateArray().Any(static key => key.GetProperty("decrypt").GetString() == "Clear"), $"a segment of {name} is decrypted");
            report.GetProperty("story").EnumerateArray().Select(static entry => entry.GetProperty("text").GetString()).Should().Contain(static text => text!.Contains("samples decrypted", StringComparison.Ordinal), name);
            report.GetProperty("checks").EnumerateArray().Where(static check => check.GetProperty("state").GetString() == "Failing" && check.GetProperty("severity").GetString() == "Critical").Should().BeEmpty(name);
        }

        (await fleet.TerminateAsync()).Should().Be(0, fleet.Said);
    }

    [Fact]
    public async Task With_a_certificate_silos_talk_over_TLS_and_with_another_one_nobody_is_talked_to()
    {
        await using Store store = await Prerequisite.StoreAsync("Redis");
        await using StreamService service = await StreamService.StartAsync(SampleKeys.Folder);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("keyway-fleet-tls-");
        try
        {
            string pem = WriteCertificate(Path.Combine(folder.FullName, "fleet.pem")), other = WriteCertificate(Path.Combine(folder.FullName, "other.pem"));
            int[] listen = [FleetProcess.FreePort(), FleetProcess.FreePort()];
            await using Leaks.RecordingProxy first = new(listen[0]);
            await using Leaks.RecordingProxy second = new(listen[1]);
            string[] settings = [.. store.Settings, "Fleet:PeriodSeconds=1", "Fleet:SegmentEverySeconds=0", "Fleet:Silo:ProbeSeconds=1"];
            await using FleetProcess one = FleetProcess.Start(Prerequisite.Program, [.. settings, "Fleet:Silo:Name=one", $"Fleet:Silo:Port={first.Port}", $"Fleet:Silo:ListenPort={listen[0]}", $"Fleet:Silo:Certificate={pem}"]);
            await one.ReadyAsync();
            await using FleetProcess two = FleetProcess.Start(Prerequisite.Program, [.. settings, "Fleet:Silo:Name=two", $"Fleet:Silo:Port={second.Port}", $"Fleet:Silo:ListenPort={listen[1]}", $"Fleet:Silo:Certificate={pem}"]);
            await two.ReadyAsync();
            (await one.PostAsync("api/streams", Enumerable.Range(0, 20).ToDictionary(static i => $"certainly-plain-{i}", i => new { address = service.Stream(i, 2), keySystem = "clearkey", licenseUrl = new Uri(service.Url, "clearkey") }))).StatusCode.Should().Be(HttpStatusCode.OK);
            await EventuallyAsync(async () => (await two.JsonAsync("api/overview")).GetProperty("counts").GetProperty("silos").EnumerateObject().Count() == 2, "both watch some");
            await EventuallyAsync(() => service.Licenses.Count == 2, "both key sets have their licence");
            service.Licenses.Values.Sum().Should().Be(2, "each of them once, whoever holds it");
            byte[] seen = [.. first.Seen, .. second.Seen];
            seen.Length.Should().BePositive("silos talk through them");
            seen.AsSpan().IndexOf("certainly-plain"u8).Should().Be(-1, "what they say is not to be read");

            await using FleetProcess stranger = FleetProcess.Start(Prerequisite.Program, [.. settings, "Fleet:Silo:Name=stranger", $"Fleet:Silo:Certificate={other}"]);
            await FluentActions.Awaiting(() => stranger.ReadyAsync(seconds: 8)).Should().ThrowAsync<Exception>("nobody talks to it");
            (await one.JsonAsync("api/overview")).GetProperty("counts").GetProperty("silos").EnumerateObject().Select(static silo => silo.Name).Should().BeEquivalentTo(["one", "two"]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_interface_takes_shows_and_takes_away_streams_and_describes_itself()
    {
        await using StreamService service = await StreamService.StartAsync(SampleKeys.Folder);
        await using FleetProcess fleet = FleetProcess.Start(Prerequisite.Program, $"Fleet:ClusterId=test-{Guid.NewGuid():n}", "Fleet:Sandbox=false", "Fleet:PeriodSeconds=1", "Fleet:SegmentEverySeconds=1", "Fleet:DecryptEverySeconds=4", "Fleet:Telemetry:StreamSeries=true");
        await fleet.ReadyAsync();
        (await fleet.PutAsync("api/streams/film", new { address = new Uri(service.Url, "film/manifest.mpd"), keySystem = "clearkey", licenseUrl = new Uri(service.Url, "clearkey") })).StatusCode.Should().Be(HttpStatusCode.OK);
        HttpResponseMessage refused = await fleet.PutAsync("api/streams/bad", new { adress = "x", periodSeconds = 0 });
        refused.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await refused.Content.ReadAsStringAsync(Stop)).Should().Contain("bad:adress").And.Contain("did you mean");

        JsonElement report = default;
        await EventuallyAsync(async () => (report = await fleet.JsonAsync("api/streams/film")).GetProperty("keys") is { } keys && keys.GetArrayLength() == 1 && keys[0].GetProperty("decrypt").GetString() == "Clear", "a segment is decrypted");
        report.GetProperty("checks").EnumerateArray().Where(static check => check.GetProperty("state").GetString() == "Failing").Should().BeEmpty();
        await EventuallyAsync(async () => await fleet.TextAsync("probe?stream=film") is { } probe && probe.Contains("probe_success 1\n", StringComparison.Ordinal) && probe.Contains("keyway_fleet_check_ok{check=\"decrypt.failed\",severity=\"critical\"} 1\n", StringComparison.Ordinal), "a probe says so");
        (await fleet.TextAsync("metrics/streams")).Should().Contain("keyway_fleet_stream_state{stream=\"film\"}");
        (await fleet.TextAsync("metrics")).Should().Contain("keyway_fleet_streams").And.NotContain("film\"");
        (await fleet.TextAsync("")).Should().Contain("<title>Keyway fleet</title>");
        JsonElement openApi = await fleet.JsonAsync("openapi/v1.json");
        JsonObject document = JsonObject.Create(openApi)!;
        document.Remove("servers");   // the port of this run
        OpenApiFile.ShouldBeCommitted("fleet", document.ToJsonString(Indented) + "\n");
        openApi.GetProperty("paths").EnumerateObject().Select(static path => path.Name).Should().Contain(["/api/streams", "/api/streams/{name}", "/api/alerts", "/api/overview", "/probe", "/health/ready"]);
        (await fleet.DeleteAsync("api/streams/film")).StatusCode.Should().Be(HttpStatusCode.NoContent);
        (await fleet.DeleteAsync("api/streams/film")).StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await fleet.TextAsync("probe?stream=film")).Should().Contain("no such stream");

        // A name of somebody else's that leads here is not answered to.
        using HttpClient http = new();
        using HttpRequestMessage rebound = new(HttpMethod.Get, new Uri(fleet.Url, "api/streams")) { Headers = { Host = "evil.example" } };
        (await http.SendAsync(rebound, Stop)).StatusCode.Should().Be(HttpStatusCode.MisdirectedRequest);
    }

    private static string WriteCertificate(string path)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=fleet.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        File.WriteAllText(path, $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
        return path;
    }

    private static Task EventuallyAsync(Func<bool> holds, string what) => EventuallyAsync(() => Task.FromResult(holds()), what);

    private static Task EventuallyAsync(Func<Task<bool>> holds, string what) => Cluster.FleetCluster.UntilAsync(holds, what, seconds: 90);
}
