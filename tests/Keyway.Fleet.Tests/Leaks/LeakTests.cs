using System.Net;
using System.Net.Sockets;
using System.Text;
using Keyway.Fleet.Processes;
using Keyway.Fleet.Service;
using Keyway.Testing;

namespace Keyway.Fleet.Leaks;

/// <summary>Two silos that talk through a recorder, with logs at Trace and the dashboard on: no key and no token is anywhere but where it belongs.</summary>
public sealed class LeakTests
{
    private const string Token = "tok-7f3a91c4e85d2b60";

    /// <summary>Each store in a long run; else the one that the other test has not.</summary>
    public static TheoryData<string> Kinds => LongRun.IsOn ? ["Redis", "PostgreSql"] : ["Redis"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task No_key_token_or_licence_is_in_store_logs_dashboard_measurements_webhooks_or_between_silos(string kind)
    {
        await using Store store = await Prerequisite.StoreAsync(kind);
        await using StreamService service = await StreamService.StartAsync(SampleKeys.Folder);
        using TcpListener hook = new(IPAddress.Loopback, 0);
        hook.Start();
        StringBuilder told = new();
        _ = TakeAsync(hook, told);
        await using OtlpCollector collector = await OtlpCollector.StartAsync();
        const int sets = 4;
        LeakScan scan = new();
        for (int i = 0; i < sets; i++) scan.Plant($"key {i}", StreamService.KeyOf(StreamService.IdOf(i)));
        foreach (string id in (string[])["c5d31c60dee014a6f849c8f291262343", "d2aca19319b8ca2fa0315b7842893e3a", "e4c06923e61b099ad7346945b908a3af"]) scan.Plant($"key {id}", SampleKeys.Find(id)!);
        scan.Plant("token", Token);

        int[] listen = [FleetProcess.FreePort(), FleetProcess.FreePort()];
        await using RecordingProxy first = new(listen[0]);
        await using RecordingProxy second = new(listen[1]);
        int dashboard = FleetProcess.FreePort();
        DirectoryInfo secrets = Directory.CreateTempSubdirectory("keyway-fleet-secrets-");
        File.WriteAllText(Path.Combine(secrets.FullName, "cdn"), Token);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path.Combine(secrets.FullName, "cdn"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string[] settings =
        [
            .. store.Settings, "Fleet:PeriodSeconds=1", "Fleet:SegmentEverySeconds=1", "Fleet:DecryptEverySeconds=2", "Fleet:Silo:ProbeSeconds=1", "Fleet:Alerts:ForSeconds=0", "Fleet:Telemetry:StreamSeries=true", "Logging:LogLevel:Default=Trace",
            "Logging:LogLevel:Orleans.Runtime=Trace", "Logging:LogLevel:Orleans.Messaging=Trace", "Logging:LogLevel:Orleans.Networking=Trace", "Logging:LogLevel:Keyway.Fleet=Trace", $"Keyway:Secrets:Directory={secrets.FullName}", $"Fleet:Secrets:cdn:Origins:0={service.Url.GetLeftPart(UriPartial.Authority)}",
            $"Fleet:Telemetry:Otlp={collector.Url}", $"Fleet:Alerts:Webhooks:hook:Url=http://127.0.0.1:{((IPEndPoint)hook.LocalEndpoint).Port}/?key={Token}",
        ];
        try
        {
            await using FleetProcess one = FleetProcess.Start(Prerequisite.Program, [.. settings, "Fleet:Silo:Name=one", $"Fleet:Silo:Port={first.Port}", $"Fleet:Silo:ListenPort={listen[0]}", $"Fleet:Web:DashboardPort={dashboard}"]);
            await using FleetProcess two = FleetProcess.Start(Prerequisite.Program, [.. settings, "Fleet:Silo:Name=two", $"Fleet:Silo:Port={second.Port}", $"Fleet:Silo:ListenPort={listen[1]}"]);
            await one.ReadyAsync();
            await two.ReadyAsync();
            using TcpClient? monitor = kind == "Redis" ? await MonitorAsync(store.Port) : null;
            Task<string>? seen = monitor is null ? null : new StreamReader(monitor.GetStream()).ReadToEndAsync(Stop);
            for (int i = 0; i < 16; i++)
                (await one.PutAsync($"api/streams/s{i}", new { address = service.Stream(i, sets).AbsoluteUri + "&token={secret:cdn}", keySystem = "clearkey", licenseUrl = new Uri(service.Url, "clearkey"), headers = new { Authorization = "secret:cdn" } })).EnsureSuccessStatusCode();
            (await one.PutAsync("api/streams/film", new { address = new Uri(service.Url, "film/manifest.mpd"), keySystem = "clearkey", licenseUrl = new Uri(service.Url, "clearkey") })).EnsureSuccessStatusCode();
            await Cluster.FleetCluster.UntilAsync(async () => (await one.TextAsync("api/streams/film"))?.Contains("samples decrypted", StringComparison.Ordinal) == true && service.Licenses.Count >= sets + 3, "keys are in use", 90);
            await Cluster.FleetCluster.UntilAsync(() => Task.FromResult(told.Length > 0), "a webhook is told", 60);

            foreach (string path in (string[])["", "api/overview", "api/streams", "api/streams/s1", "api/streams/film", "api/alerts", "metrics", "metrics/streams", "probe?stream=s1", "openapi/v1.json"]) scan.Add(path, await one.TextAsync(path));
            using HttpClient http = new();
            foreach (string path in (string[])["", "DashboardCounters", "ClusterStats", "Reminders", "SiloProperties", "TopGrainMethods"]) scan.Add($"dashboard {path}", await (await http.GetAsync(new Uri($"http://127.0.0.1:{dashboard}/{path}"), Stop)).Content.ReadAsStringAsync(Stop));
            scan.Add("webhook", told.ToString());
            (first.Seen.Length + second.Seen.Length).Should().BePositive("silos talk through them");
            (await one.TerminateAsync()).Should().Be(0);
            (await two.TerminateAsync()).Should().Be(0);
            // What was not sent yet is sent at the end.
            collector.Seen.AsSpan().IndexOf("keyway.fleet.streams"u8).Should().BePositive("a collector is told");
            scan.Add("collector", collector.Seen);
            scan.Add("log one", one.Said);
            scan.Add("log two", two.Said);
            one.Said.Should().Contain("trce:", "everything is logged");
            scan.Add("between silos", first.Seen);
            scan.Add("between silos", second.Seen);
            await store.StopAsync();
            if (seen is not null) scan.Add("MONITOR", await seen);
            // PostgreSQL logs its statements into nothing here; what it keeps is in its files.
            if (kind == "Redis") scan.AddFolder("store", store.Folder.FullName);
            else scan.AddFolder("store", Path.Combine(store.Folder.FullName, "data"));
            // The address of a webhook is configuration, and its token goes where it leads.
            scan.Check();
            scan.Places.Should().Contain(["log one", "between silos", "webhook", "collector"]).And.Contain(static place => place.StartsWith("store/", StringComparison.Ordinal));
        }
        finally
        {
            secrets.Delete(recursive: true);
        }
    }

    private static async Task<TcpClient> MonitorAsync(int port)
    {
        TcpClient client = new();
        await client.ConnectAsync("127.0.0.1", port, Stop);
        await client.GetStream().WriteAsync("MONITOR\r\n"u8.ToArray(), Stop);
        return client;
    }

    /// <summary>Takes what a webhook is told: bodies, without the address that they came to.</summary>
    private static async Task TakeAsync(TcpListener listener, StringBuilder told)
    {
        while (true)
        {
            using TcpClient client = await listener.AcceptTcpClientAsync(CancellationToken.None);
            NetworkStream stream = client.GetStream();
            byte[] buffer = new byte[256 << 10];
            int length = 0;
            while (true)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(length), CancellationToken.None);
                if (read == 0) break;
                length += read;
                string text = Encoding.UTF8.GetString(buffer, 0, length);
                int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (end < 0 || length < end + 4 + ContentLength(text)) continue;
                lock (told) told.Append(text.AsSpan(end + 4));
                break;
            }

            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), CancellationToken.None);
        }
    }

    private static int ContentLength(string head)
    {
        foreach (string line in head.Split("\r\n"))
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) return int.Parse(line["Content-Length:".Length..].Trim(), System.Globalization.CultureInfo.InvariantCulture);
        return 0;
    }
}
