using Keyway.Cdm.Child;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Cdm;

/// <summary>Samples through a child, against the framework's own decryptor.</summary>
public sealed class CdmDecryptorTests
{
    public static TheoryData<string> Promises => [.. SessionDecryptorConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public async Task Decryptor_keeps_every_promise(string promise)
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey);
        CdmSession session = await OpenedSession.OpenAsync(system);
        await new SessionDecryptorConformance(() => new SessionDecryptorUnderTest
        {
            Decryptor = session.Decryptor,
            KeyId = LyingModule.Id,
            Key = LyingModule.Key,
            Schemes = [ProtectionScheme.Cenc, ProtectionScheme.Cbcs],
        }).CheckAsync(promise);
        await session.DisposeAsync();
    }

    [Fact]
    public async Task A_sample_larger_than_the_memory_makes_it_grow_and_one_larger_than_any_is_refused()
    {
        // This child's AES is slow, and the machine may be, too.
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey, LyingModule.Options with { DecryptTimeout = TimeSpan.FromMinutes(1) });
        CdmSession session = await OpenedSession.OpenAsync(system);
        foreach (int length in (int[])[(4 << 20) + 100, 100, 4 << 20])
        {
            SampleBatch batch = Batches.Make(ProtectionScheme.Cenc, new byte[16], [length, 200], hasMaps: false);
            byte[] expected = Batches.Expected(batch);
            (await session.Decryptor.DecryptAsync(batch, CancellationToken.None)).Done.Should().Be(2);
            batch.Bytes.Span.SequenceEqual(expected).Should().BeTrue();
        }

        SampleBatch tooLarge = Batches.Make(ProtectionScheme.Cenc, new byte[16], [100, (64 << 20) + 1], hasMaps: false);
        (await session.Decryptor.DecryptAsync(tooLarge, CancellationToken.None)).Should().Be(new BatchResult { Status = DecryptStatus.Failed, Done = 1 });
        await session.DisposeAsync();
    }

    [Fact]
    public async Task Cbcs_without_a_pattern_is_handed_over_as_it_is_or_as_one_in_one()
    {
        foreach (bool every in (bool[])[false, true])
        {
            await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey, LyingModule.Options with { EveryBlock = every });
            CdmSession session = await OpenedSession.OpenAsync(system);
            SampleBatch batch = Batches.Make(ProtectionScheme.Cbcs, new byte[16], [1024, 333], hasMaps: false);
            byte[] expected = Batches.Expected(batch);
            (await session.Decryptor.DecryptAsync(batch, CancellationToken.None)).Done.Should().Be(2);
            batch.Bytes.ToArray().Should().Equal(expected);
            await session.DisposeAsync();
        }
    }

    [Fact]
    public async Task Schemes_that_no_module_knows_are_refused()
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey);
        CdmSession session = await OpenedSession.OpenAsync(system);
        foreach (ProtectionScheme scheme in (ProtectionScheme[])[ProtectionScheme.Cens, ProtectionScheme.Cbc1])
            (await session.Decryptor.DecryptAsync(Batches.Make(scheme, new byte[16], [100], hasMaps: false), CancellationToken.None)).Status.Should().Be(DecryptStatus.SchemeNotSupported);
        system.Descriptor.Schemes.Should().Equal(ProtectionScheme.Cenc, ProtectionScheme.Cbcs);
        await session.DisposeAsync();
    }

    [Fact]
    public async Task A_key_of_one_session_opens_nothing_for_another()
    {
        // The module has its keys for all of its process.
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey);
        CdmSession has = await OpenedSession.OpenAsync(system);
        CdmSession hasNot = await OpenedSession.OpenAsync(system, answer: false);
        SampleBatch batch = Batches.Make(ProtectionScheme.Cenc, new byte[16], [100], hasMaps: false);
        byte[] before = batch.Bytes.ToArray();
        (await hasNot.Decryptor.DecryptAsync(batch, CancellationToken.None)).Status.Should().Be(DecryptStatus.KeyNotFound);
        batch.Bytes.ToArray().Should().Equal(before);
        (await has.Decryptor.DecryptAsync(batch, CancellationToken.None)).Status.Should().Be(DecryptStatus.Decrypted);
        await has.DisposeAsync();
        (await has.Decryptor.DecryptAsync(batch, CancellationToken.None)).Status.Should().Be(DecryptStatus.KeyNotFound, "its session is over, whatever the module keeps");
        await hasNot.DisposeAsync();
    }

    [Theory]
    [InlineData("restricted", KeyStatus.OutputRestricted, DecryptStatus.KeyNotUsable)]
    [InlineData("downscaled", KeyStatus.OutputDownscaled, DecryptStatus.Decrypted)]
    public async Task What_a_module_says_of_a_key_is_told_and_kept_to(string word, KeyStatus status, DecryptStatus decrypted)
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},{word}");
        RecordingSessionHost host = new();
        CdmSession session = await OpenedSession.OpenAsync(system, host);
        host.Statuses.Should().Contain(LyingModule.Id, status);
        (await session.Decryptor.DecryptAsync(Batches.Make(ProtectionScheme.Cenc, new byte[16], [100], hasMaps: false), CancellationToken.None)).Status.Should().Be(decrypted);
        await session.DisposeAsync();
    }
}
