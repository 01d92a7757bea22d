using Keyway.Licensing;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;

namespace Keyway.Sessions;

/// <summary>The session behind one exchange: the pipeline runs beside the mailbox, and what the key system does for it runs in the mailbox.</summary>
internal sealed class ExchangeSource(LicenseSessionActor actor, int number) : IChallengeSource
{
    public async ValueTask<ChallengeInfo> WriteAsync(ChallengeRequest request, SecretBuffer destination, CancellationToken cancellationToken) =>
        await actor.WriteChallengeAsync(number, request, destination, cancellationToken).ConfigureAwait(false);

    public async ValueTask<LicenseServiceException?> ReadRefusalAsync(LicenseAnswer answer, CancellationToken cancellationToken) =>
        await actor.ReadRefusalAsync(number, answer, cancellationToken).ConfigureAwait(false);
}
