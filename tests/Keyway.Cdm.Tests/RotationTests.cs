using System.Buffers;
using System.Diagnostics;
using Keyway.Cdm.Child;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Cdm;

/// <summary>A film whose keys rotate every ten seconds, for thirty minutes of its own time: nothing grows, on either side of the pipe.</summary>
[Collection(nameof(Alone))]
public sealed class RotationTests
{
    private const int Rotations = 180;

    [Fact]
    public async Task Thirty_minutes_of_rotation_leave_nothing_behind()
    {
        await using CdmKeySystem system = LyingModule.Make("any-key");
        ProtectionHeader header = OpenedSession.Request(system).Headers[0];
        Queue<CdmSession> sessions = new();
        (long Host, long Child) settled = default;
        for (int i = 1; i <= Rotations; i++)
        {
            KeyId id = new((UInt128)i);
            CdmSession session = (CdmSession)await system.OpenSessionAsync(new SessionRequest { Headers = [header with { KeyIds = [id] }] }, new RecordingSessionHost(), CancellationToken.None);
            await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, new ArrayBufferWriter<byte>(), CancellationToken.None);
            await session.AcceptAsync(OpenedSession.Answer($"{id}:{Convert.ToHexStringLower(LyingModule.Key)}"), CancellationToken.None);
            SampleBatch batch = Batches.Make(ProtectionScheme.Cenc, new byte[16], [4096, 4096], hasMaps: true, key: id);
            byte[] clear = Batches.Expected(batch);
            (await session.Decryptor.DecryptAsync(batch, CancellationToken.None)).Done.Should().Be(2);
            batch.Bytes.Span.SequenceEqual(clear).Should().BeTrue();

            // The key before this one is still in use, the one before that is not.
            sessions.Enqueue(session);
            if (sessions.Count > 2) await sessions.Dequeue().DisposeAsync();
            CdmChild child = system.Keeper.Current!;
            child.Dialog.KnownSessions.Should().BeLessThanOrEqualTo(2);
            child.Sessions.Should().BeLessThanOrEqualTo(2);
            child.Dialog.OpenCalls.Should().BeLessThanOrEqualTo(1, "a ping may be under way");
            if (i == Rotations / 3) settled = Measure(child);
        }

        (long host, long now) = Measure(system.Keeper.Current!);
        (host - settled.Host).Should().BeLessThan(512 << 10, "a hundred and twenty sessions are forgotten");
        if (OperatingSystem.IsLinux()) (now - settled.Child).Should().BeLessThan(8 << 20);
        system.Keeper.Starts.Should().Be(1);
        while (sessions.TryDequeue(out CdmSession? last)) await last.DisposeAsync();
        system.Keeper.Current!.Dialog.KnownSessions.Should().Be(0);
    }

    /// <summary>Others beside it would be measured too.</summary>
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;

    private static (long Host, long Child) Measure(CdmChild child)
    {
        using Process process = Process.GetProcessById(child.ProcessId);
        return (GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64);
    }
}
