using System.Buffers;
using Keyway.Cdm.Child;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Cdm;

/// <summary>A key that lives in a module is handed to no file and no pipe, whatever comes back, except where the user has it anyway.</summary>
public sealed class CdmExportTests
{
    private static readonly CdmOptions ClearKey = LyingModule.Options with { ModuleKeySystem = CdmConstants.ClearKey, Systems = CdmConstants.Systems[CdmConstants.ClearKey] };

    private static string License(params KeyId[] ids) =>
        $$"""{"keys":[{{string.Join(',', ids.Select(static id => $$"""{"kty":"oct","kid":"{{Url(Bytes(id))}}","k":"{{Url(LyingModule.Key)}}"}"""))}}],"type":"temporary"}""";

    [Fact]
    public async Task A_module_s_key_never_leaves_although_its_samples_come_back_clear()
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey);
        (await PolicyAsync(system, "license")).Output.ClearExport.Should().BeFalse();
        // Not for a licence in the open either: the name is another's.
        (await PolicyAsync(system, License(LyingModule.Id))).Output.ClearExport.Should().BeFalse();
    }

    [Fact]
    public async Task A_key_of_clear_key_that_came_in_the_open_may_leave()
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey, ClearKey);
        (await PolicyAsync(system, License(LyingModule.Id))).Output.ClearExport.Should().BeTrue();
        await using CdmKeySystem first = LyingModule.Make($"{LyingModule.HasKey},keys-first", ClearKey);
        (await PolicyAsync(first, License(LyingModule.Id))).Output.ClearExport.Should().BeTrue("whichever the module says first");
    }

    [Theory]
    [InlineData("license")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("other")]
    public async Task A_module_that_only_bears_the_name_of_clear_key_hands_on_nothing(string answer)
    {
        // A Widevine module under the name org.w3.clearkey: it has keys, and no licence in the open brought them.
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey, ClearKey);
        (await PolicyAsync(system, answer == "other" ? License(new KeyId(99)) : answer)).Output.ClearExport.Should().BeFalse();
    }

    [Fact]
    public async Task A_module_of_tests_may_where_it_is_pinned_and_named_in_code()
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey, isTest: true);
        (await PolicyAsync(system, "license")).Output.ClearExport.Should().BeTrue();

        // The list alone, without the pin, is nothing: any file could be meant.
        await using CdmKeySystem unpinned = new(LyingModule.Options, LyingModule.Context(), LyingModule.Program(LyingModule.HasKey), [LyingModule.Hash]);
        (await PolicyAsync(unpinned, "license")).Output.ClearExport.Should().BeFalse();
    }

    [Fact]
    public async Task Sinks_are_judged_as_the_framework_judges_them()
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey);
        using VaultSessionHost vault = new(TimeProvider.System);
        await using CdmSession session = await OpenedSession.OpenAsync(system, vault);
        KeyEntry key = vault.Keys.Should().ContainSingle().Which;
        key.Status.Should().Be(KeyStatus.OutputRestricted, "for a sink that exports");
        key.LivesElsewhere.Should().BeTrue();

        await using CdmKeySystem open = LyingModule.Make(LyingModule.HasKey, ClearKey);
        using VaultSessionHost other = new(TimeProvider.System);
        await using CdmSession third = (CdmSession)await open.OpenSessionAsync(OpenedSession.Request(open), other, CancellationToken.None);
        await third.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, new ArrayBufferWriter<byte>(), CancellationToken.None);
        await third.AcceptAsync(OpenedSession.Answer(License(LyingModule.Id)), CancellationToken.None);
        other.Keys.Should().ContainSingle().Which.Status.Should().Be(KeyStatus.Usable);
    }

    private static async Task<KeyPolicy> PolicyAsync(CdmKeySystem system, string answer)
    {
        RecordingSessionHost host = new();
        await using CdmSession session = (CdmSession)await system.OpenSessionAsync(OpenedSession.Request(system), host, CancellationToken.None);
        await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, new ArrayBufferWriter<byte>(), CancellationToken.None);
        await session.AcceptAsync(OpenedSession.Answer(answer), CancellationToken.None);
        host.Statuses[LyingModule.Id].Should().Be(KeyStatus.Usable);
        SampleBatch batch = Batches.Make(ProtectionScheme.Cenc, new byte[16], [100], hasMaps: false);
        (await session.Decryptor.DecryptAsync(batch, CancellationToken.None)).Status.Should().Be(DecryptStatus.Decrypted, "it comes back clear all the same");
        return host.Policies[LyingModule.Id];
    }

    private static byte[] Bytes(KeyId id)
    {
        byte[] bytes = new byte[KeyId.Size];
        id.Write(bytes);
        return bytes;
    }

    private static string Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
