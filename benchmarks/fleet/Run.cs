using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Keyway.Fleet.Processes;
using Keyway.Fleet.Service;

namespace Keyway.Fleet.Report;

/// <summary>The run: growth, five minutes of all streams, a silo killed, one asked to leave, the store away, hostile streams.</summary>
internal sealed class Run(Settings settings)
{
    private const int Silos = 3;

    private static readonly string Program = typeof(Run).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static each => each.Key == "Program").Value!;

    private readonly StringBuilder _report = new();
    private readonly List<FleetProcess> _silos = [];
    private StreamService _service = null!;
    private Store _store = null!;
    private int _started;

    private FleetProcess Any => _silos[0];

    public async Task<string> RunAsync()
    {
        await using StreamService service = _service = await StreamService.StartAsync(SampleKeys.Folder, hostile: HostileManifests.Read());
        await using Store store = _store = await Store.StartAsync(settings.Store, Path.Combine(Path.GetDirectoryName(Program)!, "schema.sql"));
        try
        {
            Line("# The fleet: ten thousand streams on three processes");
            Line();
            Line($"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC · {Machine()} · {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription} · load average {Load()} before");
            Line();
            Line($"Three silos of `hosts/fleet` with {settings.Store}, one look at each stream every {settings.PeriodSeconds} s. The origin (live DASH manifests of 3 KB, made when they are asked for), the licence service (Clear Key) and the store run on the same machine. {settings.KeySets} key sets, so that each is that of {settings.Streams / settings.KeySets} streams or so. Processor time is that of the silos alone.");
            Line();
            Line("```sh");
            Line("dotnet run -c Release --project benchmarks/fleet -- --out benchmarks/reports/fleet.md");
            Line("```");
            Line();
            for (int i = 0; i < Silos; i++) _silos.Add(await StartAsync());
            await GrowAsync();
            await WatchAsync();
            await KillAsync();
            await LeaveAsync();
            await AwayAsync();
            await HostileAsync();
            Line($"Load average {Load()} after.");
            return _report.ToString();
        }
        finally
        {
            foreach (FleetProcess silo in _silos) await silo.DisposeAsync();
        }
    }

    private async Task GrowAsync()
    {
        Line("## Growth");
        Line();
        Line("| streams | looks a second | processor of three silos | per stream | memory of three silos | per stream over the first step |");
        Line("|---|---|---|---|---|---|");
        int have = 0;
        (int Streams, double Memory) first = default;
        foreach (int wanted in (int[])[settings.Streams / 10, settings.Streams / 4, settings.Streams / 2, settings.Streams])
        {
            Say($"{wanted} streams");
            await PutAsync(have, wanted);
            have = wanted;
            await TickingAsync(wanted, 300);
            await Task.Delay(TimeSpan.FromSeconds(10));
            (double processor, double memory, double looks) = await MeasureAsync(settings.Step);
            string each = first.Streams == 0 ? "" : $"{(memory - first.Memory) * 1024 / (wanted - first.Streams):0.0} KiB";
            if (first.Streams == 0) first = (wanted, memory);
            Line($"| {wanted} | {looks:0} | {processor * 100:0.0} % of one core | {processor / wanted * 1e6:0.0} µs a second | {memory:0} MiB | {each} |");
        }

        Line();
        int asked = _service.Licenses.Values.Sum();
        Line($"Licences asked for: **{asked}**, of {settings.KeySets} key sets{(asked == settings.KeySets ? ", each once" : "")}.");
        Line();
    }

    private async Task WatchAsync()
    {
        Say("all of them, for long");
        (long ticks, long missed) = await TicksAsync();
        _service.Begin();
        (double processor, double memory, double looks) = await MeasureAsync(settings.Long);
        (long ticksAfter, long missedAfter) = await TicksAsync();
        Line($"## {settings.Streams} streams for {settings.Long.TotalMinutes:0.#} minutes");
        Line();
        Line("| | |");
        Line("|---|---|");
        Line($"| looks, as the fleet counts them (told every half a minute) | {ticksAfter - ticks} |");
        Line($"| looks a second, as the origin counts them | {looks:0} of {(double)settings.Streams / settings.PeriodSeconds:0} |");
        Line($"| looks that were missed | **{missedAfter - missed}** |");
        Line($"| the longest time between two looks at one stream, as the origin sees it | {_service.LongestGap().TotalSeconds:0.00} s |");
        Line($"| processor of the three silos | {processor * 100:0.0} % of one core |");
        Line($"| memory of the three silos | {memory:0} MiB |");
        Line();
    }

    private async Task KillAsync()
    {
        Say("one is killed");
        FleetProcess victim = _silos[^1];
        int held = await HoldersAsync(victim);
        int before = _service.Licenses.Values.Sum();
        long killed = Environment.TickCount64;
        victim.Kill();
        _silos.RemoveAt(_silos.Count - 1);
        await UntilAsync(() => _service.LastAsked.Values.All(asked => asked > killed), 300, "every stream is looked at again");
        double took = (Environment.TickCount64 - killed) / 1000d;
        await Task.Delay(TimeSpan.FromSeconds(90));
        int after = _service.Licenses.Values.Sum();
        Line("## A silo is killed (`kill -9`)");
        Line();
        Line("| | |");
        Line("|---|---|");
        Line($"| every stream is looked at again after | **{took:0.0} s** |");
        Line($"| key sets whose licence the dead silo held | {held} |");
        Line($"| licences asked for again | **{after - before}** |");
        Line();
    }

    private async Task LeaveAsync()
    {
        Say("one is asked to leave");
        _silos.Add(await StartAsync());
        await Task.Delay(TimeSpan.FromSeconds(40));
        FleetProcess leaver = _silos[1];
        int length = leaver.Said.Length;
        _service.Begin();
        long asked = Environment.TickCount64;
        int code = await leaver.TerminateAsync(90);
        double took = (Environment.TickCount64 - asked) / 1000d;
        await Task.Delay(TimeSpan.FromSeconds(3 * settings.PeriodSeconds));
        string said = leaver.Said[length..];
        _silos.RemoveAt(1);
        Line("## A silo is asked to leave (`SIGTERM`)");
        Line();
        Line("| | |");
        Line("|---|---|");
        Line($"| it ended after | {took:0.0} s, with exit code **{code}** |");
        Line($"| the longest time that a stream was silent | **{_service.LongestGap().TotalSeconds:0.0} s** ({2 * settings.PeriodSeconds} s are two periods) |");
        Line($"| errors in its log | {said.Split('\n').Count(static line => line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal))} |");
        Line();
    }

    private async Task AwayAsync()
    {
        Say("the store is away");
        await TickingAsync(settings.Streams, 120);
        _service.Begin();
        (long _, long missed) = await TicksAsync();
        await _store.StopAsync();
        (double _, double _, double looks) = await MeasureAsync(settings.Away);
        double gap = _service.LongestGap().TotalSeconds;
        await _store.ContinueAsync();
        await Task.Delay(TimeSpan.FromSeconds(20));
        (long _, long missedAfter) = await TicksAsync();
        Line($"## {settings.Store} is away for {settings.Away.TotalSeconds:0} s");
        Line();
        Line("| | |");
        Line("|---|---|");
        Line($"| looks a second meanwhile | {looks:0} of {(double)settings.Streams / settings.PeriodSeconds:0} |");
        Line($"| the longest time between two looks at one stream | {gap:0.00} s |");
        Line($"| looks that were missed | {missedAfter - missed} |");
        Line();
    }

    private async Task HostileAsync()
    {
        Say("a third is hostile");
        // A third of them leads elsewhere from now on.
        Dictionary<string, object> hostile = Enumerable.Range(0, settings.Streams).Where(static i => i % 3 == 0).ToDictionary(static i => $"s{i}", i => (object)new { address = new Uri(_service.Url, $"hostile/{i / 3}") });
        foreach (KeyValuePair<string, object>[] part in hostile.Chunk(1000))
            (await Any.PostAsync("api/streams", part.ToDictionary())).EnsureSuccessStatusCode();
        await Task.Delay(TimeSpan.FromSeconds(30));
        _service.Begin();
        (double processor, double memory, double looks) = await MeasureAsync(settings.Step);
        double gap = TimeSpan.FromMilliseconds(_service.Gaps.Where(static each => int.Parse(each.Key, CultureInfo.InvariantCulture) % 3 != 0).Max(static each => each.Value)).TotalSeconds;
        Line($"## A third of {settings.Streams} streams is hostile");
        Line();
        Line("Broken manifests of every kind that the checkout and the corpus have, answers that never end, answers that never come, redirects in a circle, errors.");
        Line();
        Line("| | |");
        Line("|---|---|");
        Line($"| looks a second at the others | {looks:0} of {settings.Streams * 2d / 3 / settings.PeriodSeconds:0} |");
        Line($"| the longest time between two looks at one of the others | {gap:0.00} s |");
        Line($"| processor, memory | {processor * 100:0.0} % of one core, {memory:0} MiB |");
        Line($"| silos that are still there | {_silos.Count(static silo => !silo.HasExited)} of {_silos.Count} |");
        Line();
    }

    private async Task<FleetProcess> StartAsync()
    {
        FleetProcess silo = FleetProcess.Start(
            Program,
            [.. _store.Settings, $"Fleet:PeriodSeconds={settings.PeriodSeconds}", "Fleet:SegmentEverySeconds=0", "Fleet:InspectEverySeconds=0", "Fleet:DecryptEverySeconds=86400", $"Fleet:Silo:Name=silo-{++_started}", "Fleet:Budget:RequestsPerOrigin=5000",
                "Fleet:Providers:direct:RequestsPerSecond=1000", "Fleet:Providers:direct:Burst=1000"]);
        try
        {
            await silo.ReadyAsync(300);
            return silo;
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    private async Task PutAsync(int from, int to)
    {
        foreach (int[] part in Enumerable.Range(from, to - from).Chunk(1000))
        {
            HttpResponseMessage answer = await Any.PostAsync("api/streams", part.ToDictionary(static i => $"s{i}", i => new { address = _service.Stream(i, settings.KeySets), keySystem = "clearkey", licenseUrl = new Uri(_service.Url, "clearkey") }));
            if (!answer.IsSuccessStatusCode) throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }
    }

    private async Task TickingAsync(int count, double seconds)
    {
        long from = Environment.TickCount64;
        await UntilAsync(() => _service.LastAsked.Count >= count && _service.LastAsked.Values.All(asked => asked > from), seconds, $"{count} streams are looked at");
    }

    private async Task<(double Processor, double Memory, double Looks)> MeasureAsync(TimeSpan time)
    {
        (TimeSpan Processor, long Memory)[] before = [.. _silos.Select(static silo => silo.Usage())];
        long manifests = _service.Manifests;
        long begun = Environment.TickCount64;
        await Task.Delay(time);
        double seconds = (Environment.TickCount64 - begun) / 1000d;
        (TimeSpan Processor, long Memory)[] after = [.. _silos.Select(static silo => silo.Usage())];
        return (after.Zip(before, static (now, then) => (now.Processor - then.Processor).TotalSeconds).Sum() / seconds, after.Sum(static each => each.Memory) / (double)(1 << 20), (_service.Manifests - manifests) / seconds);
    }

    private async Task<(long Ticks, long Missed)> TicksAsync()
    {
        // Rows are told every half a minute.
        await Task.Delay(TimeSpan.FromSeconds(5));
        JsonElement counts = (await Any.JsonAsync("api/overview")).GetProperty("counts");
        return (counts.GetProperty("ticks").GetInt64(), counts.GetProperty("missedTicks").GetInt64());
    }

    private static async Task<int> HoldersAsync(FleetProcess silo)
    {
        string metrics = await silo.TextAsync("metrics") ?? "";
        string? line = metrics.Split('\n').FirstOrDefault(static line => line.StartsWith("keyway_fleet_key_holders", StringComparison.Ordinal));
        return line is null ? 0 : (int)double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    private static async Task UntilAsync(Func<bool> holds, double seconds, string what)
    {
        long end = Environment.TickCount64 + (long)(seconds * 1000);
        while (!holds())
        {
            if (Environment.TickCount64 > end) throw new TimeoutException(what);
            await Task.Delay(100);
        }
    }

    private static string Machine() => $"{Environment.ProcessorCount} processors · {System.Runtime.InteropServices.RuntimeInformation.OSDescription}";

    private static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    private static void Say(string text) => Console.Error.WriteLine(text);

    private void Line(string text = "")
    {
        _report.Append(CultureInfo.InvariantCulture, $"{text}\n");
        // As it comes: a run that fails late has told what was before.
        if (text.Length > 0) Say("  " + text);
    }
}
