using System.Buffers;
using System.Diagnostics;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Cdm.Child;

/// <summary>Children that die, hang and lie: the host lives, says where it was, and goes on with another.</summary>
public sealed class ChildLiesTests
{
    private static readonly CdmOptions Impatient = LyingModule.Options with { AnswerTimeout = TimeSpan.FromSeconds(1), DecryptTimeout = TimeSpan.FromMilliseconds(100) };

    private static readonly CdmOptions Patient = LyingModule.Options with { AnswerTimeout = TimeSpan.FromMinutes(1), DecryptTimeout = TimeSpan.FromMinutes(1) };

    [Theory]
    [InlineData("die-at-once", "while its process was being started")]
    [InlineData("garbage", "frame")]
    [InlineData("huge-frame", "a frame of 2147483647 bytes")]
    [InlineData("half-frame", "within a frame")]
    [InlineData("other-process", "its first word is none")]
    [InlineData("old-version", "the folder is mixed")]
    [InlineData("die-in-Load", "its process is gone")]
    [InlineData("hang-in-Load", "it has not come up in time")]
    [InlineData("reject-Load", "it has not loaded its module")]
    [InlineData("short-Load", "what it says of its module cannot be true")]
    [InlineData("wrong-type-Load", "Pong")]
    [InlineData("wrong-id-Load", "nobody asked for")]
    [InlineData("not-initialized", "could not be initialised")]
    [InlineData("hang-in-Initialize", "it has not come up in time")]
    [InlineData("fatal-in-Initialize", "it was told to")]
    public async Task One_that_does_not_come_up_is_told_with_what_was_seen(string lie, string expected)
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},{lie}", For(lie));
        LicenseServiceException told = await Refused(system);
        told.Kind.Should().Be(LicenseErrorKind.InternalFault);
        told.Message.Should().Contain(expected).And.Contain(Path.GetFileName(LyingModule.File));
        system.Keeper.Current.Should().BeNull();
    }

    [Theory]
    [InlineData("die-in-CreateSession", "in CreateSessionAndGenerateRequest")]
    [InlineData("short-CreateSession", "without a name")]
    [InlineData("wrong-id-CreateSession", "nobody asked for")]
    [InlineData("fatal-in-CreateSession", "in UpdateSession: it was told to")]
    [InlineData("never-CreateSession", "it has not answered")]
    [InlineData("no-message", "it has not answered")]
    [InlineData("reject-CreateSession", "it refuses the initialisation data (TypeError, code 0x00001234: no, and … is the key")]
    public async Task One_that_fails_to_make_a_session_is_told_and_the_next_session_has_another(string lie, string expected)
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},{lie}", For(lie));
        LicenseServiceException told = await Refused(system);
        told.Message.Should().Contain(expected).And.NotContain("\u001b");
    }

    [Theory]
    [InlineData("die-in-UpdateSession", "in UpdateSession")]
    [InlineData("never-UpdateSession", "it has not answered an answer of the service")]
    [InlineData("wrong-type-UpdateSession", "in UpdateSession")]
    [InlineData("fatal-in-UpdateSession", "it was told to")]
    [InlineData("reject-UpdateSession", "it refuses the answer of the service")]
    public async Task One_that_fails_with_a_licence_is_told(string lie, string expected)
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},{lie}", For(lie));
        RecordingSessionHost host = new();
        await using CdmSession session = await OpenedSession.OpenAsync(system, host, answer: false);
        ArrayBufferWriter<byte> challenge = new();
        await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, challenge, CancellationToken.None);
        Func<Task> accept = async () => await session.AcceptAsync(OpenedSession.Answer("license"), CancellationToken.None);
        (await accept.Should().ThrowAsync<LicenseServiceException>()).Which.Message.Should().Contain(expected);
        host.Statuses.Should().BeEmpty();
    }

    [Theory]
    [InlineData("die-in-Decrypt", DecryptStatus.NotNow, 0)]
    [InlineData("hang-in-Decrypt", DecryptStatus.NotNow, 0)]
    [InlineData("never-Decrypt", DecryptStatus.NotNow, 0)]
    [InlineData("too-many", DecryptStatus.NotNow, 0)]
    [InlineData("too-few", DecryptStatus.NotNow, 0)]
    [InlineData("wrong-id-Decrypt", DecryptStatus.NotNow, 0)]
    [InlineData("wrong-type-Decrypt", DecryptStatus.NotNow, 0)]
    [InlineData("short-Decrypt", DecryptStatus.NotNow, 0)]
    [InlineData("strange-status", DecryptStatus.Failed, 0)]
    [InlineData("half-done", DecryptStatus.Failed, 2)]
    public async Task Samples_that_nobody_vouches_for_are_as_they_were(string lie, DecryptStatus status, int done)
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},{lie}", For(lie));
        RecordingSessionHost host = new();
        await using CdmSession session = await OpenedSession.OpenAsync(system, host);
        SampleBatch batch = Batches.Make(ProtectionScheme.Cenc, new byte[16], [100, 333, 16, 4000], hasMaps: true);
        byte[] before = batch.Bytes.ToArray();
        byte[] clear = Batches.Expected(batch);
        BatchResult result = await session.Decryptor.DecryptAsync(batch, CancellationToken.None);
        result.Should().Be(new BatchResult { Status = status, Done = done });
        for (int i = 0; i < batch.Count; i++)
        {
            BatchSample sample = batch.Samples.Span[i];
            batch.SampleAt(i).ToArray().Should().Equal((i < done ? clear : before).AsSpan(sample.Offset, sample.Length).ToArray());
        }

        if (status == DecryptStatus.NotNow) await Eventually.Is(() => host.Closed == LicenseErrorKind.InternalFault);
    }

    [Fact]
    public async Task What_the_child_writes_after_its_answer_changes_nothing()
    {
        // What has been copied out is what it said; what it changes before that is what it said then. It never changes between a look and its use.
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},changes-after");
        await using CdmSession session = await OpenedSession.OpenAsync(system);
        SampleBatch batch = Batches.Make(ProtectionScheme.Cenc, new byte[16], [100, 4000], hasMaps: false);
        (await session.Decryptor.DecryptAsync(batch, CancellationToken.None)).Done.Should().Be(2);
        byte[] now = batch.Bytes.ToArray();
        await Task.Delay(200, TestContext.Current.CancellationToken);
        batch.Bytes.ToArray().Should().Equal(now);
    }

    [Fact]
    public async Task A_child_that_shortens_the_memory_harms_nobody()
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},shortens");
        await using CdmSession session = await OpenedSession.OpenAsync(system);
        SampleBatch batch = Batches.Make(ProtectionScheme.Cenc, new byte[16], [100, 4000], hasMaps: false);
        for (int i = 0; i < 3; i++)
        {
            BatchResult result = await session.Decryptor.DecryptAsync(batch, CancellationToken.None);
            if (OperatingSystem.IsLinux() && i == 0) result.Done.Should().Be(2, "memory that is sealed stays as long as it is");
        }
    }

    [Theory]
    [InlineData("twice-UpdateSession")]
    [InlineData("twice-CreateSession")]
    public async Task One_that_answers_twice_is_ended(string lie)
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},{lie}", For(lie));
        RecordingSessionHost host = new();
        CdmSession? session = null;
        try
        {
            session = await OpenedSession.OpenAsync(system, host);
        }
        catch (LicenseServiceException)
        {
            // It was ended before the second thing was asked.
        }

        await Eventually.Is(() => system.Keeper.Current is null || system.Keeper.Starts > 1);
        if (session is not null) await session.DisposeAsync();
    }

    [Fact]
    public async Task A_call_that_is_cancelled_leaves_its_samples_and_the_next_goes_on()
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey}", LyingModule.Options);
        await using CdmSession session = await OpenedSession.OpenAsync(system);
        SampleBatch batch = Batches.Make(ProtectionScheme.Cenc, new byte[16], [200_000, 200_000], hasMaps: false);
        byte[] before = batch.Bytes.ToArray();
        byte[] clear = Batches.Expected(batch);
        for (int i = 0; i < 20; i++)
        {
            using CancellationTokenSource cancelled = new();
            Task<BatchResult> call = session.Decryptor.DecryptAsync(batch, cancelled.Token).AsTask();
            await cancelled.CancelAsync();
            try
            {
                (await call).Done.Should().Be(2);
                batch.Bytes.ToArray().Should().Equal(clear);
            }
            catch (OperationCanceledException)
            {
                batch.Bytes.ToArray().Should().Equal(before);
            }

            before.CopyTo(batch.Bytes);
        }

        (await session.Decryptor.DecryptAsync(batch, CancellationToken.None)).Done.Should().Be(2);
        batch.Bytes.ToArray().Should().Equal(clear);
    }

    [Fact]
    public async Task A_child_gets_nothing_of_the_host_s_environment()
    {
        ProcessStartInfo info = ChildProgram.Own.StartInfo("pipe", "fd:3");
        info.Environment.Keys.Should().BeSubsetOf(["DOTNET_EnableDiagnostics", "DOTNET_gcConcurrent", "DOTNET_TieredPGO", "TMPDIR", "DOTNET_ROOT", "SystemRoot", "TEMP", "TMP"]);
        info.Environment["DOTNET_EnableDiagnostics"].Should().Be("0");
        info.ArgumentList.TakeLast(2).Should().Equal("pipe", "fd:3");
        await Task.CompletedTask;
    }

    /// <summary>What is never answered is not waited for; whatever else a child does, a busy machine has its time for.</summary>
    private static CdmOptions For(string lie) => lie.StartsWith("never-", StringComparison.Ordinal) || lie.StartsWith("hang-", StringComparison.Ordinal) || lie == "no-message" ? Impatient : Patient;

    private static async Task<LicenseServiceException> Refused(CdmKeySystem system)
    {
        Func<Task> open = async () => await OpenedSession.OpenAsync(system, answer: false);
        return (await open.Should().ThrowAsync<LicenseServiceException>()).Which;
    }
}
