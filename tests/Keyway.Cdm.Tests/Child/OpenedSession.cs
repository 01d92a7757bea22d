using System.Buffers;
using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Cdm.Child;

/// <summary>Sessions as the engine drives them.</summary>
internal static class OpenedSession
{
    public static SessionRequest Request(CdmKeySystem system) => new()
    {
        Headers =
        [
            new ProtectionHeader { System = system.Descriptor.Systems[0], Data = new byte[4], Kind = InitializationDataKind.Pssh, Box = new byte[36], KeyIds = [LyingModule.Id] },
        ],
        Keys = [new WantedKey { Id = LyingModule.Id, Scheme = ProtectionScheme.Cenc }],
    };

    public static LicenseAnswer Answer(string text) => new() { Status = 200, Body = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text)) };

    /// <summary>Opens one and gives it an answer of its service.</summary>
    public static async Task<CdmSession> OpenAsync(CdmKeySystem system, ISessionHost? host = null, bool answer = true)
    {
        CdmSession session = (CdmSession)await system.OpenSessionAsync(Request(system), host ?? new RecordingSessionHost(), CancellationToken.None);
        if (!answer) return session;
        ArrayBufferWriter<byte> challenge = new();
        await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, challenge, CancellationToken.None);
        (await session.AcceptAsync(Answer("license"), CancellationToken.None)).Should().Be(LicenseOutcome.Complete);
        return session;
    }
}
