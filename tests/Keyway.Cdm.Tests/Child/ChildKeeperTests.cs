using System.Diagnostics;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;
using Microsoft.Extensions.Logging;
using NSubstitute;

namespace Keyway.Cdm.Child;

/// <summary>How many children there are, and when: by a clock that the test moves.</summary>
public sealed class ChildKeeperTests
{
    [Fact]
    public async Task Sessions_share_one_child_which_ends_a_while_after_the_last()
    {
        ManualClock machine = new();
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey, machine: machine);
        CdmSession first = await OpenedSession.OpenAsync(system);
        CdmSession second = await OpenedSession.OpenAsync(system);
        CdmChild child = system.Keeper.Current!;
        system.Keeper.Starts.Should().Be(1);
        await first.DisposeAsync();
        await PassAsync(machine, child, 32);
        system.Keeper.Current.Should().BeSameAs(child, "the second session is there");
        await second.DisposeAsync();
        await PassAsync(machine, child, 28);
        system.Keeper.Current.Should().BeSameAs(child);
        machine.Advance(TimeSpan.FromSeconds(2));
        system.Keeper.Current.Should().BeNull();
        (await child.Ended).Crashed.Should().BeFalse();

        await using CdmSession third = await OpenedSession.OpenAsync(system);
        system.Keeper.Starts.Should().Be(2);
    }

    [Fact]
    public async Task What_a_child_asks_fills_no_log()
    {
        List<string> told = [];
        ILogger logger = Substitute.For<ILogger>();
        logger.IsEnabled(Arg.Any<LogLevel>()).Returns(true);
        logger.WhenForAnyArgs(static each => each.Log(default, default, Arg.Any<Arg.AnyType>(), default, Arg.Any<Func<Arg.AnyType, Exception?, string>>()))
            .Do(call => { lock (told) told.Add(call.ArgAt<object>(2).ToString()!); });
        ILoggerFactory logging = Substitute.For<ILoggerFactory>();
        logging.CreateLogger(Arg.Any<string>()).Returns(logger);
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},asks", logging: logging);
        await using CdmSession session = await OpenedSession.OpenAsync(system);
        lock (told)
        {
            told.Should().ContainSingle(static line => line.Contains("broke a rule of its interface: PromiseTwice", StringComparison.Ordinal));
            told.Count(static line => line.Contains("asks for StorageId", StringComparison.Ordinal)).Should().Be(CdmLimits.QuestionsTold - 1);
            told.Should().ContainSingle(static line => line.Contains("is not told any more", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_killed_child_is_noticed_and_replaced_after_a_second()
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey);
        RecordingSessionHost host = new();
        await using CdmSession session = await OpenedSession.OpenAsync(system, host);
        CdmChild child = system.Keeper.Current!;
        using (Process process = Process.GetProcessById(child.ProcessId)) process.Kill();
        ChildEnd end = await child.Ended.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        end.Should().Be(new ChildEnd(Crashed: true, Wire.CdmStage.Idle, "its process is gone"));
        host.Closed.Should().Be(LicenseErrorKind.InternalFault);

        // Another is on its way before anybody asks for it.
        await Eventually.Is(() => system.Keeper.Current is not null);
        system.Keeper.Current.Should().NotBeSameAs(child);
        await using CdmSession next = await OpenedSession.OpenAsync(system);
        (await next.Decryptor.DecryptAsync(Batches.Make(ProtectionScheme.Cenc, new byte[16], [100], hasMaps: false), CancellationToken.None)).Status.Should().Be(DecryptStatus.Decrypted);
        system.Keeper.Starts.Should().Be(2);
    }

    [Fact]
    public async Task Pauses_grow_and_the_third_crash_in_five_minutes_puts_it_out_of_order()
    {
        ManualClock machine = new();
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},die-in-CreateSession", machine: machine);
        (await RefusedAsync(system)).Message.Should().Contain("0.9 died in CreateSessionAndGenerateRequest");
        await NextAsync(TimeSpan.FromSeconds(1));
        await NextAsync(TimeSpan.FromSeconds(5));
        system.Keeper.Starts.Should().Be(3);
        await Eventually.Is(() => system.Keeper.Current is null);
        machine.Advance(TimeSpan.FromHours(1));
        LicenseServiceException last = await RefusedAsync(system);
        last.Message.Should().Contain("0.9 has failed 3 times in 5 minutes, the last time in CreateSessionAndGenerateRequest").And.Contain("until the host starts anew");
        system.Keeper.Starts.Should().Be(3, "nothing is started any more");

        async Task NextAsync(TimeSpan pause)
        {
            await Eventually.Is(() => system.Keeper.Current is null);
            int starts = system.Keeper.Starts;
            Task<LicenseServiceException> next = RefusedAsync(system);
            machine.Advance(pause - TimeSpan.FromMilliseconds(100));
            await Task.Delay(100, TestContext.Current.CancellationToken);
            system.Keeper.Starts.Should().Be(starts, "its time has not come");
            while (!next.IsCompleted)
            {
                machine.Advance(TimeSpan.FromMilliseconds(100));
                await Task.Delay(20, TestContext.Current.CancellationToken);
                if (system.Keeper.Starts > starts) break;
            }

            (await next).Message.Should().Contain("died");
        }
    }

    [Fact]
    public async Task Crashes_that_are_far_apart_go_on_for_ever()
    {
        ManualClock machine = new();
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},die-in-CreateSession", machine: machine);
        for (int i = 0; i < 4; i++)
        {
            (await RefusedAsync(system)).Message.Should().Contain("died in CreateSessionAndGenerateRequest");
            await Eventually.Is(() => system.Keeper.Current is null);
            machine.Advance(TimeSpan.FromMinutes(6));
        }

        system.Keeper.Starts.Should().Be(4);
    }

    [Fact]
    public async Task One_that_does_not_answer_is_ended_by_the_watchdog()
    {
        ManualClock machine = new();
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},never-Ping", machine: machine);
        RecordingSessionHost host = new();
        await using CdmSession session = await OpenedSession.OpenAsync(system, host);
        CdmChild child = system.Keeper.Current!;
        machine.Advance(TimeSpan.FromSeconds(11));
        child.Ended.IsCompleted.Should().BeFalse();
        machine.Advance(TimeSpan.FromSeconds(2));
        (await child.Ended.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Reason.Should().Be("it does not answer");
        host.Closed.Should().Be(LicenseErrorKind.InternalFault);
    }

    [Fact]
    public async Task One_that_answers_pings_lives()
    {
        ManualClock machine = new();
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey, machine: machine);
        await using CdmSession session = await OpenedSession.OpenAsync(system);
        CdmChild child = system.Keeper.Current!;
        await PassAsync(machine, child, 60);

        child.Ended.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task A_module_that_is_not_what_is_pinned_is_not_started()
    {
        CdmOptions options = LyingModule.Options with { Pin = new byte[32] };
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey, options);
        Func<Task> start = async () => await system.StartAsync(CancellationToken.None);
        LicenseServiceException told = (await start.Should().ThrowAsync<LicenseServiceException>()).Which;
        told.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        told.Message.Should().Contain("is not the one that is pinned").And.Contain(Convert.ToHexStringLower(LyingModule.Hash));
        (await RefusedAsync(system)).Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        system.Keeper.Starts.Should().Be(0);

        await using CdmKeySystem absent = LyingModule.Make(LyingModule.HasKey, LyingModule.Options with { Module = "/nowhere/libwidevinecdm.so" });
        (await RefusedAsync(absent)).Message.Should().Contain("/nowhere/libwidevinecdm.so: cannot be read");
    }

    [Fact]
    public async Task Nothing_is_started_before_a_session_needs_it()
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey);
        await system.StartAsync(CancellationToken.None);
        system.Keeper.Starts.Should().Be(0);
        system.Facts.Should().BeNull();
    }

    /// <summary>Lets time pass as a child sees it, that has time to answer.</summary>
    private static async Task PassAsync(ManualClock machine, CdmChild child, int seconds)
    {
        for (int i = 0; i < seconds; i += 2)
        {
            machine.Advance(TimeSpan.FromSeconds(2));
            await Eventually.Is(() => child.Dialog.OpenCalls == 0);
        }
    }

    private static async Task<LicenseServiceException> RefusedAsync(CdmKeySystem system)
    {
        try
        {
            await OpenedSession.OpenAsync(system, answer: false);
            throw new InvalidOperationException("a session was opened");
        }
        catch (LicenseServiceException told)
        {
            return told;
        }
    }
}
