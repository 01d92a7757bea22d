using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>The table of <see cref="KeyRules"/>: a row for each thing that a policy can say. Times are seconds from a moment.</summary>
public sealed class KeyRulesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly OutputCapabilities Screen = new() { Kind = SinkKind.Render };
    private static readonly Guid Known = new("11111111-2222-3333-4444-555555555555");

    private static readonly Dictionary<string, KeyPolicy> TimePolicies = new()
    {
        ["nothing said"] = new(),
        ["not before 10"] = new() { NotBefore = At(10) },
        ["not after 10"] = new() { NotAfter = At(10) },
        ["not after 10, grace 5"] = new() { NotAfter = At(10), RenewalGrace = TimeSpan.FromSeconds(5) },
        ["first use before 10"] = new() { FirstUseBefore = At(10) },
        ["10 after first use"] = new() { AfterFirstUse = TimeSpan.FromSeconds(10) },
        ["10 after first use, counted 3 later"] = new() { AfterFirstUse = TimeSpan.FromSeconds(10), FirstUseGrace = TimeSpan.FromSeconds(3) },
        ["10 after first use, may finish"] = new() { AfterFirstUse = TimeSpan.FromSeconds(10), MayFinish = true },
        ["10 after first use, may finish, not after 30"] = new() { AfterFirstUse = TimeSpan.FromSeconds(10), MayFinish = true, NotAfter = At(30) },
        ["rental: first use before 20, then 10"] = new() { FirstUseBefore = At(20), AfterFirstUse = TimeSpan.FromSeconds(10) },
        ["not before 10, not after 5"] = new() { NotBefore = At(10), NotAfter = At(5) },
        ["windows beyond the end of time"] = new() { NotAfter = DateTimeOffset.MaxValue, AfterFirstUse = TimeSpan.MaxValue, RenewalGrace = TimeSpan.MaxValue },
    };

    [Theory]
    // policy, now, first use, running, renewal failing, status, changes at
    [InlineData("nothing said", 0, null, false, false, KeyStatus.Usable, null)]
    [InlineData("not before 10", 9, null, false, false, KeyStatus.UsableInFuture, 10)]
    [InlineData("not before 10", 10, null, false, false, KeyStatus.Usable, null)]
    [InlineData("not after 10", 9, null, false, false, KeyStatus.Usable, 10)]
    [InlineData("not after 10", 10, null, false, false, KeyStatus.Expired, null)]
    [InlineData("not after 10", 10, null, true, true, KeyStatus.Expired, null)]
    [InlineData("not after 10, grace 5", 9, null, false, false, KeyStatus.Usable, 10)]
    [InlineData("not after 10, grace 5", 10, null, false, false, KeyStatus.Expired, null)]
    [InlineData("not after 10, grace 5", 10, null, false, true, KeyStatus.Usable, 15)]
    [InlineData("not after 10, grace 5", 14, null, false, true, KeyStatus.Usable, 15)]
    [InlineData("not after 10, grace 5", 15, null, false, true, KeyStatus.Expired, null)]
    [InlineData("first use before 10", 9, null, false, false, KeyStatus.Usable, 10)]
    [InlineData("first use before 10", 10, null, false, false, KeyStatus.Expired, null)]
    [InlineData("first use before 10", 99, 9, false, false, KeyStatus.Usable, null)]
    [InlineData("10 after first use", 99, null, false, false, KeyStatus.Usable, null)]
    [InlineData("10 after first use", 14, 5, false, false, KeyStatus.Usable, 15)]
    [InlineData("10 after first use", 15, 5, false, false, KeyStatus.Expired, null)]
    [InlineData("10 after first use", 15, 5, true, false, KeyStatus.Expired, null)]
    [InlineData("10 after first use, counted 3 later", 17, 5, false, false, KeyStatus.Usable, 18)]
    [InlineData("10 after first use, counted 3 later", 18, 5, false, false, KeyStatus.Expired, null)]
    [InlineData("10 after first use, may finish", 15, 5, false, false, KeyStatus.Expired, null)]
    [InlineData("10 after first use, may finish", 15, 5, true, false, KeyStatus.Usable, null)]
    [InlineData("10 after first use, may finish, not after 30", 29, 5, true, false, KeyStatus.Usable, 30)]
    [InlineData("10 after first use, may finish, not after 30", 30, 5, true, false, KeyStatus.Expired, null)]
    [InlineData("rental: first use before 20, then 10", 19, null, false, false, KeyStatus.Usable, 20)]
    [InlineData("rental: first use before 20, then 10", 20, null, false, false, KeyStatus.Expired, null)]
    [InlineData("rental: first use before 20, then 10", 25, 19, false, false, KeyStatus.Usable, 29)]
    [InlineData("rental: first use before 20, then 10", 29, 19, false, false, KeyStatus.Expired, null)]
    [InlineData("not before 10, not after 5", 0, null, false, false, KeyStatus.UsableInFuture, 10)]
    [InlineData("not before 10, not after 5", 7, null, false, false, KeyStatus.Expired, null)]
    public void Time_is_judged_by_the_policy(
        string policy, int now, int? firstUse, bool running, bool renewalFailing, KeyStatus status, int? changesAt)
    {
        KeyHistory use = new() { FirstUse = firstUse is { } used ? At(used) : null, Running = running, RenewalFailing = renewalFailing };
        KeyVerdict verdict = KeyRules.Evaluate(TimePolicies[policy], use, At(now), Screen, null);
        verdict.Status.Should().Be(status);
        verdict.ChangesAt.Should().Be(changesAt is { } change ? At(change) : null);
    }

    [Fact]
    public void Spans_that_run_over_the_end_of_time_end_there()
    {
        KeyHistory use = new() { FirstUse = At(0), RenewalFailing = true };
        KeyRules.Evaluate(TimePolicies["windows beyond the end of time"], use, At(1), Screen, null)
            .Should().Be(new KeyVerdict { Status = KeyStatus.Usable, ChangesAt = DateTimeOffset.MaxValue });
    }

    private static readonly Dictionary<string, OutputRequirement> Requirements = new()
    {
        ["nothing"] = OutputRequirement.None,
        ["export"] = new() { ClearExport = true },
        ["export, hdcp 2.2"] = new() { ClearExport = true, Hdcp = HdcpLevel.V2_2 },
        ["export, levels that pass unprotected"] = new()
        {
            ClearExport = true,
            Levels = new() { CompressedVideo = 500, UncompressedVideo = 250, AnalogVideo = 150, CompressedAudio = 100, UncompressedAudio = 200 },
        },
        ["export, uncompressed video 251"] = new() { ClearExport = true, Levels = new() { UncompressedVideo = 251 } },
        ["export, analogue video 151"] = new() { ClearExport = true, Levels = new() { AnalogVideo = 151 } },
        ["export, compressed audio 101"] = new() { ClearExport = true, Levels = new() { CompressedAudio = 101 } },
        ["export, uncompressed audio 201"] = new() { ClearExport = true, Levels = new() { UncompressedAudio = 201 } },
        ["export, up to 100 pixels"] = new() { ClearExport = true, Resolutions = [new() { MinPixels = 0, MaxPixels = 100, Hdcp = HdcpLevel.V2_3 }] },
        ["export, known restriction"] = new() { ClearExport = true, Restrictions = [new OutputRestriction { Id = Known }] },
        ["hdcp 1"] = new() { Hdcp = HdcpLevel.V1 },
        ["hdcp 2.2"] = new() { Hdcp = HdcpLevel.V2_2 },
        ["no digital output"] = new() { Hdcp = HdcpLevel.NoDigitalOutput },
        ["uncompressed video 100"] = new() { Levels = new() { UncompressedVideo = 100 } },
        ["uncompressed video 270"] = new() { Levels = new() { UncompressedVideo = 270 } },
        ["compressed video 500"] = new() { Levels = new() { CompressedVideo = 500 } },
        ["analogue video 150"] = new() { Levels = new() { AnalogVideo = 150 } },
        ["uncompressed audio 250"] = new() { Levels = new() { UncompressedAudio = 250 } },
        ["compressed audio 300"] = new() { Levels = new() { CompressedAudio = 300 } },
        ["hdcp 2.2 above 100 pixels"] = new()
        {
            Resolutions = [new() { MinPixels = 0, MaxPixels = 100 }, new() { MinPixels = 101, MaxPixels = 1000, Hdcp = HdcpLevel.V2_2 }],
        },
        ["hdcp 1 and 2.2 over each other"] = new()
        {
            Resolutions = [new() { MinPixels = 0, MaxPixels = 100, Hdcp = HdcpLevel.V1 }, new() { MinPixels = 50, MaxPixels = 1000, Hdcp = HdcpLevel.V2_2 }],
        },
        ["known restriction"] = new() { Restrictions = [new OutputRestriction { Id = Known }] },
        ["known and unknown restriction"] = new() { Restrictions = [new OutputRestriction { Id = Known }, new OutputRestriction { Id = new Guid("99999999-2222-3333-4444-555555555555") }] },
    };

    private static readonly Dictionary<string, OutputCapabilities> Sinks = new()
    {
        ["export"] = OutputCapabilities.None,
        ["export that knows"] = new() { Restrictions = [Known] },
        ["export that guarantees 270"] = new() { Levels = new() { UncompressedVideo = 270 } },
        ["bare screen"] = Screen,
        ["hdcp 1 screen"] = new() { Kind = SinkKind.Render, Hdcp = HdcpLevel.V1 },
        ["hdcp 2.2 screen"] = new() { Kind = SinkKind.Render, Hdcp = HdcpLevel.V2_2 },
        ["panel"] = new()
        {
            Kind = SinkKind.Render,
            Hdcp = HdcpLevel.NoDigitalOutput,
            Levels = new() { CompressedVideo = 999, UncompressedVideo = 999, AnalogVideo = 999, CompressedAudio = 999, UncompressedAudio = 999 },
        },
        ["screen that knows"] = new() { Kind = SinkKind.Render, Restrictions = [Known] },
        ["level 270 screen"] = new() { Kind = SinkKind.Render, Levels = new() { UncompressedVideo = 270, UncompressedAudio = 250 } },
    };

    [Theory]
    [InlineData("nothing", "export", 50, KeyStatus.OutputRestricted)]           // an export sink needs leave to export
    [InlineData("nothing", "bare screen", 50, KeyStatus.Usable)]
    [InlineData("export", "export", 50, KeyStatus.Usable)]
    [InlineData("export", "bare screen", 50, KeyStatus.Usable)]
    [InlineData("export, hdcp 2.2", "export", 50, KeyStatus.Usable)]            // which then decides alone
    [InlineData("export, hdcp 2.2", "bare screen", 50, KeyStatus.OutputRestricted)]
    [InlineData("export, levels that pass unprotected", "export", 50, KeyStatus.Usable)]
    [InlineData("export, levels that pass unprotected", "export", null, KeyStatus.Usable)]
    [InlineData("export, levels that pass unprotected", "bare screen", 50, KeyStatus.OutputRestricted)]
    [InlineData("export, levels that pass unprotected", "bare screen", null, KeyStatus.OutputRestricted)]
    [InlineData("export, uncompressed video 251", "export", 50, KeyStatus.OutputRestricted)]
    [InlineData("export, uncompressed video 251", "export that guarantees 270", 50, KeyStatus.Usable)]
    [InlineData("export, uncompressed video 251", "export", null, KeyStatus.Usable)]
    [InlineData("export, analogue video 151", "export", 50, KeyStatus.OutputRestricted)]
    [InlineData("export, compressed audio 101", "export", null, KeyStatus.OutputRestricted)]
    [InlineData("export, compressed audio 101", "export", 50, KeyStatus.Usable)]
    [InlineData("export, uncompressed audio 201", "export", null, KeyStatus.OutputRestricted)]
    [InlineData("export, up to 100 pixels", "export", 100, KeyStatus.Usable)]   // HDCP is not applied, the sizes that the licence covers are
    [InlineData("export, up to 100 pixels", "export", 101, KeyStatus.OutputDownscaled)]
    [InlineData("export, known restriction", "export", 50, KeyStatus.OutputRestricted)]
    [InlineData("export, known restriction", "export that knows", 50, KeyStatus.Usable)]
    [InlineData("hdcp 1", "bare screen", 50, KeyStatus.OutputRestricted)]
    [InlineData("hdcp 1", "hdcp 1 screen", 50, KeyStatus.Usable)]
    [InlineData("hdcp 1", "hdcp 2.2 screen", 50, KeyStatus.Usable)]
    [InlineData("hdcp 1", "export", 50, KeyStatus.OutputRestricted)]
    [InlineData("hdcp 2.2", "hdcp 1 screen", 50, KeyStatus.OutputRestricted)]
    [InlineData("hdcp 2.2", "panel", 50, KeyStatus.Usable)]
    [InlineData("no digital output", "hdcp 2.2 screen", 50, KeyStatus.OutputRestricted)]
    [InlineData("no digital output", "panel", 50, KeyStatus.Usable)]
    [InlineData("uncompressed video 100", "bare screen", 50, KeyStatus.Usable)] // up to 100 nothing is asked
    [InlineData("uncompressed video 270", "bare screen", 50, KeyStatus.OutputRestricted)]
    [InlineData("uncompressed video 270", "level 270 screen", 50, KeyStatus.Usable)]
    [InlineData("uncompressed video 270", "bare screen", null, KeyStatus.Usable)] // no video, no video levels
    [InlineData("compressed video 500", "level 270 screen", 50, KeyStatus.OutputRestricted)]
    [InlineData("compressed video 500", "panel", 50, KeyStatus.Usable)]
    [InlineData("analogue video 150", "level 270 screen", 50, KeyStatus.OutputRestricted)]
    [InlineData("uncompressed audio 250", "bare screen", null, KeyStatus.OutputRestricted)]
    [InlineData("uncompressed audio 250", "level 270 screen", null, KeyStatus.Usable)]
    [InlineData("uncompressed audio 250", "bare screen", 50, KeyStatus.Usable)] // video, no audio levels
    [InlineData("compressed audio 300", "level 270 screen", null, KeyStatus.OutputRestricted)]
    [InlineData("hdcp 2.2 above 100 pixels", "bare screen", 100, KeyStatus.Usable)]
    [InlineData("hdcp 2.2 above 100 pixels", "bare screen", 101, KeyStatus.OutputDownscaled)]
    [InlineData("hdcp 2.2 above 100 pixels", "hdcp 2.2 screen", 1000, KeyStatus.Usable)]
    [InlineData("hdcp 2.2 above 100 pixels", "hdcp 2.2 screen", 1001, KeyStatus.OutputDownscaled)] // no rule covers it
    [InlineData("hdcp 2.2 above 100 pixels", "bare screen", null, KeyStatus.Usable)]
    [InlineData("hdcp 1 and 2.2 over each other", "hdcp 1 screen", 40, KeyStatus.Usable)]
    [InlineData("hdcp 1 and 2.2 over each other", "bare screen", 40, KeyStatus.OutputRestricted)]
    [InlineData("hdcp 1 and 2.2 over each other", "hdcp 1 screen", 60, KeyStatus.OutputRestricted)]
    [InlineData("known restriction", "bare screen", 50, KeyStatus.OutputRestricted)]
    [InlineData("known restriction", "screen that knows", 50, KeyStatus.Usable)]
    [InlineData("known and unknown restriction", "screen that knows", 50, KeyStatus.OutputRestricted)]
    public void Output_is_judged_by_requirement_and_sink(string requirement, string sink, int? pixels, KeyStatus status) =>
        KeyRules.Evaluate(new KeyPolicy { Output = Requirements[requirement] }, default, At(0), Sinks[sink], pixels).Status.Should().Be(status);

    // Asked from above: none, 1, 2.0, 2.1, 2.2, 2.3, no digital output; given in a row: the same.
    private static readonly string[] Hdcp =
    [
        "+++++++",
        "-++++++",
        "--+++++",
        "---++++",
        "----+++",
        "-----++",
        "------+",
    ];

    [Fact]
    public void Hdcp_is_judged_by_its_table()
    {
        HdcpLevel[] levels = Enum.GetValues<HdcpLevel>();
        levels.Should().HaveCount(Hdcp.Length);
        foreach (HdcpLevel asked in levels)
        {
            foreach (HdcpLevel given in levels)
            {
                KeyStatus expected = Hdcp[Array.IndexOf(levels, asked)][Array.IndexOf(levels, given)] == '+' ? KeyStatus.Usable : KeyStatus.OutputRestricted;
                Judge(new() { Hdcp = asked }, Screen with { Hdcp = given }, 50).Should().Be(expected, "{0} is asked, {1} is given", asked, given);
                Judge(new() { Hdcp = asked }, OutputCapabilities.None with { Hdcp = given }, 50).Should().Be(KeyStatus.OutputRestricted, "a file has no HDCP");
            }
        }
    }

    /// <summary>Every combination of the demands that the table above judges one by one: a key is usable exactly where each demand alone is met.</summary>
    [Fact]
    public void Demands_together_are_met_where_each_of_them_is()
    {
        Guid stranger = new("99999999-2222-3333-4444-555555555555");
        OutputRestriction[][] restrictions = [[], [new OutputRestriction { Id = Known }], [new OutputRestriction { Id = stranger }]];
        ResolutionRule[][] resolutions = [[], [new() { MaxPixels = 100 }], [new() { MaxPixels = 100 }, new() { MinPixels = 101, MaxPixels = 1000, Hdcp = HdcpLevel.V2_2 }]];
        ProtectionLevels[] levels = [default, new() { UncompressedVideo = 270 }, new() { CompressedVideo = 500 }, new() { AnalogVideo = 150 }, new() { UncompressedAudio = 250 }, new() { CompressedAudio = 300 }];
        List<OutputCapabilities> sinks = [.. Sinks.Values, .. Sinks.Values.Select(static sink => sink with { Kind = sink.Kind == SinkKind.Export ? SinkKind.Render : SinkKind.Export })];
        int usable = 0, all = 0;
        foreach ((OutputRequirement asked, OutputCapabilities sink, long? pixels) in
            from export in (bool[])[true, false]
            from hdcp in Enum.GetValues<HdcpLevel>()
            from level in levels
            from restricted in restrictions
            from sized in resolutions
            from sink in sinks
            from pixels in (long?[])[null, 50, 100, 101, 1000, 1001]
            select (new OutputRequirement { ClearExport = export, Hdcp = hdcp, Levels = level, Restrictions = restricted, Resolutions = sized }, sink, pixels))
        {
            OutputRequirement alone = new() { ClearExport = asked.ClearExport };
            OutputRequirement[] each =
            [
                alone, alone with { Hdcp = asked.Hdcp }, alone with { Levels = asked.Levels }, alone with { Restrictions = asked.Restrictions }, alone with { Resolutions = asked.Resolutions },
            ];
            bool met = each.All(one => Judge(one, sink, pixels) == KeyStatus.Usable);
            bool given = Judge(asked, sink, pixels) == KeyStatus.Usable;
            all++;
            if (given) usable++;
            if (KeyRules.WhyNot(asked, sink, pixels) is null != given) Assert.Fail($"{asked}, {sink}, {pixels} pixels: {(given ? "given" : "refused")}, and what speaks against it is '{KeyRules.WhyNot(asked, sink, pixels)}'");
            // Two promises have no exception at all.
            bool never = (sink.Exports && !asked.ClearExport) || asked.Restrictions.Any(one => one.Id == stranger);
            if (met != given || (given && never)) Assert.Fail($"{asked}, {sink}, {pixels} pixels: {(given ? "given" : "refused")}, each alone {(met ? "met" : "not met")}");
        }

        all.Should().BeGreaterThan(50_000);
        usable.Should().BeInRange(all / 50, all / 2, "a table that says one thing only says nothing");
    }

    [Fact]
    public void Time_is_judged_before_output() =>
        KeyRules.Evaluate(new KeyPolicy { NotAfter = At(0) }, default, At(1), OutputCapabilities.None, null).Status.Should().Be(KeyStatus.Expired);

    [Fact]
    public void Refused_output_still_says_when_time_runs_out() =>
        KeyRules.Evaluate(new KeyPolicy { NotAfter = At(9) }, default, At(1), OutputCapabilities.None, null)
            .Should().Be(new KeyVerdict { Status = KeyStatus.OutputRestricted, ChangesAt = At(9) });

    private static DateTimeOffset At(int seconds) => Start.AddSeconds(seconds);

    private static KeyStatus Judge(OutputRequirement asked, OutputCapabilities sink, long? pixels) => KeyRules.Evaluate(new KeyPolicy { Output = asked }, default, At(0), sink, pixels).Status;
}
