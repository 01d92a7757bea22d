using CsCheck;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Widevine.Meeting;

/// <summary>Random policies and key sets, issued by the sandbox: what arrives is what its address asked for. Expected values come from the address alone.</summary>
[Collection(nameof(MeetingCollection))]
public sealed class PolicyTests(MeetingSandbox sandbox)
{
    private static readonly string[] Durations =
    [
        "license_duration_seconds", "rental_duration_seconds", "playback_duration_seconds", "play_start_grace_period_seconds",
        "renewal_delay_seconds", "renewal_retry_interval_seconds", "renewal_recovery_duration_seconds",
    ];

    private static readonly string[] Flags =
        ["can_play", "can_persist", "can_renew", "soft_enforce_rental_duration", "soft_enforce_playback_duration", "renew_with_usage", "always_include_client_id"];

    private static readonly (string Name, HdcpLevel Level)[] Levels =
    [
        ("NONE", HdcpLevel.None), ("V1", HdcpLevel.V1), ("V2", HdcpLevel.V2_0), ("V2_1", HdcpLevel.V2_1), ("V2_2", HdcpLevel.V2_2), ("V2_3", HdcpLevel.V2_3),
        ("NO_DIGITAL_OUTPUT", HdcpLevel.NoDigitalOutput),
    ];

    // -1: the parameter is left out. Short durations make deadlines cross; long ones cross nothing.
    private static readonly Gen<long> Duration = Gen.Frequency((2, Gen.Const(-1L)), (1, Gen.Const(0L)), (4, Gen.Long[1, 300]), (3, Gen.Long[1, 1_000_000_000]));

    private static readonly Gen<Rule> Rules = Gen.Select(Gen.Int[0, 5_000_000], Gen.Int[0, 5_000_000], Gen.Int[-1, 6], (least, more, hdcp) => new Rule(least, least + more, hdcp));

    private static readonly Gen<KeyCase> Keys =
        Gen.Select(Gen.Int[0, 3], Gen.Int[-1, 6], Gen.Int[-1, 1], Gen.Int[-1, 1], Gen.Int[0, 4], Gen.Int[-1, 6], Rules.Array[0, 3],
            (level, hdcp, digital, analog, copies, requested, rules) => new KeyCase(level, hdcp, digital, analog, copies, requested, rules));

    private static readonly Gen<Case> Cases = Gen.Select(Duration.Array[Durations.Length], Gen.Int[-1, 1].Array[Flags.Length], Keys.Array[3], Gen.Int[1, 7], Gen.Bool, Gen.Int[1, 2],
        (durations, flags, keys, mask, all, offered) => new Case(durations, flags, keys, mask, all, offered));

    [Fact]
    public async Task Policies_and_keys_arrive_exactly()
    {
        ManualClock clock = new();
        WidevineKeySystem[] systems = [await sandbox.StartAsync(clock), await sandbox.StartAsync(clock, ("SecurityLevel", "2"))];
        await Cases.SampleAsync(asked => ArrivesAsync(systems[asked.Offered - 1], clock, asked), iter: 25, threads: 1, print: asked => asked.Query());
    }

    private async Task ArrivesAsync(WidevineKeySystem system, ManualClock clock, Case asked)
    {
        int[] wanted = [.. Enumerable.Range(0, 3).Where(key => (asked.Mask >> key & 1) == 1)];
        int[] granted = asked.All ? [0, 1, 2] : wanted;
        int[] inReach = [.. granted.Where(key => asked.Keys[key].Level <= asked.Offered)];
        RecordingSessionHost host = new();
        await using ILicenseSession session = await system.OpenSessionAsync(
            Bench.Request(MeetingSandbox.Payload(wanted.Select(key => MeetingSandbox.ContentKeys[key].Id))), host, CancellationToken.None);
        (int status, byte[] body) = await sandbox.PostAsync((await session.AskAsync()).Bytes, clock, asked.Query());
        status.Should().Be(200);
        if (inReach.Length == 0)
        {
            (await session.RefusedAsync(body)).Kind.Should().Be(LicenseErrorKind.SecurityLevelTooLow);
            host.Keys.Should().BeEmpty();
            return;
        }

        (await session.GiveAsync(body)).Should().Be(LicenseOutcome.Complete);
        host.Keys.Keys.Should().BeEquivalentTo(inReach.Select(key => MeetingSandbox.ContentKeys[key].Id));
        host.Statuses.Should().BeEquivalentTo(granted.Except(inReach).ToDictionary(key => MeetingSandbox.ContentKeys[key].Id, _ => KeyStatus.OutputRestricted));
        foreach (int key in inReach)
        {
            (_, KeyId id, byte[] bytes) = MeetingSandbox.ContentKeys[key];
            IsTime(host.Policies[id], asked, clock.GetUtcNow());
            IsOutput(host.Policies[id].Output, asked.Keys[key]);

            using VaultSessionHost vault = new(clock);
            vault.Import(id, host.Keys[id], new KeyPolicy { Output = new OutputRequirement { ClearExport = true } });
            vault.Decrypt(id, bytes).Should().Be(DecryptStatus.Decrypted);
        }
    }

    private static void IsTime(KeyPolicy policy, Case asked, DateTimeOffset begin)
    {
        long length = asked.Duration("license_duration_seconds"), rental = asked.Duration("rental_duration_seconds"), delay = asked.Duration("renewal_delay_seconds");
        bool renews = asked.Flag("can_renew", initially: false);
        double end = length > 0 ? length : double.PositiveInfinity;
        double extended = end + (renews ? asked.Duration("renewal_recovery_duration_seconds") : 0);
        if (rental > 0 && !asked.Flag("soft_enforce_rental_duration", initially: true)) (end, extended) = (Math.Min(end, rental), Math.Min(extended, rental));
        if (asked.Flag("can_play", initially: true))
        {
            policy.NotAfter.Should().Be(At(end));
            if (!double.IsInfinity(end)) policy.RenewalGrace.Should().Be(TimeSpan.FromSeconds(extended - end));
        }
        else
        {
            policy.NotAfter.Should().BeBefore(begin, "it may not be played");
            policy.RenewalGrace.Should().Be(TimeSpan.Zero);
        }

        policy.NotBefore.Should().BeNull();
        policy.FirstUseBefore.Should().Be(rental > 0 ? At(rental) : null);
        policy.AfterFirstUse.Should().Be(Span(asked.Duration("playback_duration_seconds")));
        policy.FirstUseGrace.Should().Be(TimeSpan.FromSeconds(asked.Duration("play_start_grace_period_seconds")));
        policy.MayFinish.Should().Be(asked.Flag("soft_enforce_playback_duration", initially: false));
        policy.MayPersist.Should().Be(asked.Flag("can_persist", initially: false));

        // Without a delay, the plugin's own setting counts: a minute ahead, or half of the time.
        DateTimeOffset? renewal = delay > 0 ? At(delay) : length > 0 ? At(Math.Max(length - 60, length / 2.0)) : null;
        policy.RenewAt.Should().Be(renews ? renewal : null);
        policy.RenewEvery.Should().Be(renews ? Span(asked.Duration("renewal_retry_interval_seconds")) : null);
        policy.RenewOnFirstUse.Should().Be(renews && asked.Flag("renew_with_usage", initially: false));

        DateTimeOffset? At(double seconds) => double.IsInfinity(seconds) ? null : begin.AddSeconds(seconds);

        static TimeSpan? Span(long seconds) => seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static void IsOutput(OutputRequirement output, KeyCase asked)
    {
        HdcpLevel hdcp = asked.Digital == 1 ? HdcpLevel.NoDigitalOutput : asked.Hdcp >= 0 ? Levels[asked.Hdcp].Level : HdcpLevel.None;
        output.ClearExport.Should().BeTrue("the root is marked for development");
        output.Hdcp.Should().Be(hdcp);
        output.Levels.Should().Be(default(ProtectionLevels));
        output.Resolutions.Should().Equal(asked.Rules.Select(rule =>
            new ResolutionRule { MinPixels = rule.Least, MaxPixels = rule.Most, Hdcp = rule.Hdcp >= 0 ? Levels[rule.Hdcp].Level : hdcp }));
        List<string> restrictions = [];
        if (asked.Analog == 1) restrictions.Add($"{WidevineConstants.AnalogOutputOff} ");
        if (asked.Copies is 2 or 3) restrictions.Add($"{WidevineConstants.CopyControl} 0{asked.Copies}");
        output.Restrictions.Select(one => $"{one.Id} {Convert.ToHexString(one.Data.Span)}").Should().BeEquivalentTo(restrictions);
    }

    private sealed record Rule(long Least, long Most, int Hdcp);

    /// <param name="Level">The security level; 0: left out, which is 1.</param>
    /// <param name="Hdcp">The place in the list of levels; -1: left out.</param>
    /// <param name="Digital">Whether digital outputs are off.</param>
    /// <param name="Analog">Whether analogue outputs are off.</param>
    /// <param name="Copies">The flags of CGMS-A: 2 and 3 as on the wire, 0 copy free, 1 none, 4 left out.</param>
    /// <param name="Requested">What is wished, and must not be demanded.</param>
    /// <param name="Rules">The rules for resolutions.</param>
    private sealed record KeyCase(int Level, int Hdcp, int Digital, int Analog, int Copies, int Requested, Rule[] Rules)
    {
        private static readonly string[] CopyNames = ["COPY_FREE", "CGMS_NONE", "COPY_ONCE", "COPY_NEVER"];

        public string Query(string label)
        {
            string query = "";
            if (Level > 0) query += $"&level.{label}={Level}";
            if (Hdcp >= 0) query += $"&hdcp.{label}={Levels[Hdcp].Name}";
            if (Digital >= 0) query += $"&disable_digital_output.{label}={Digital}";
            if (Analog >= 0) query += $"&disable_analog_output.{label}={Analog}";
            if (Copies < CopyNames.Length) query += $"&cgms_flags.{label}={CopyNames[Copies]}";
            if (Requested >= 0) query += $"&requested_hdcp.{label}={Levels[Requested].Name}";
            return Rules.Length == 0 ? query : query + $"&video_resolution_constraints.{label}=" +
                string.Join(',', Rules.Select(rule => $"{rule.Least}-{rule.Most}{(rule.Hdcp >= 0 ? ":" + Levels[rule.Hdcp].Name : "")}"));
        }
    }

    private sealed record Case(long[] Durations, int[] Flags, KeyCase[] Keys, int Mask, bool All, int Offered)
    {
        public string Query() =>
            string.Concat(PolicyTests.Durations.Zip(Durations).Where(pair => pair.Second >= 0).Select(pair => $"&{pair.First}={pair.Second}"))
            + string.Concat(PolicyTests.Flags.Zip(Flags).Where(pair => pair.Second >= 0 || pair.First == "can_renew").Select(pair => $"&{pair.First}={Math.Max(pair.Second, 0)}"))
            + string.Concat(MeetingSandbox.ContentKeys.Zip(Keys).Select(pair => pair.Second.Query(pair.First.Label)))
            + (All ? "&keys=all" : "");

        public long Duration(string name) => Math.Max(Durations[Array.IndexOf(PolicyTests.Durations, name)], 0);

        public bool Flag(string name, bool initially) => Flags[Array.IndexOf(PolicyTests.Flags, name)] switch { 0 => false, 1 => true, _ => initially };
    }
}
