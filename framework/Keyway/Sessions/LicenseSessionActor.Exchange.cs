using Keyway.Licensing;
using Keyway.Licensing.Secrets;

namespace Keyway.Sessions;

/// <content>What the pipeline of an exchange asks of the key system.</content>
internal sealed partial class LicenseSessionActor
{
    public Task<ChallengeInfo> WriteChallengeAsync(
        int number, ChallengeRequest request, SecretBuffer destination, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        ILicenseSession session = Current(number, cancellationToken);
        destination.Clear();
        try
        {
            ChallengeInfo written = await WatchAsync("writing a challenge", () => session.WriteChallengeAsync(request, destination, cancellationToken)).ConfigureAwait(false);
            _releaseWritten |= written?.Kind == ChallengeKind.Release;
            return written!;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw Explain("writing a challenge", exception);
        }
    });

    public Task<LicenseServiceException?> ReadRefusalAsync(int number, LicenseAnswer answer, CancellationToken cancellationToken) => CallAsync(() =>
    {
        ILicenseSession session = Current(number, cancellationToken);
        try
        {
            return new ValueTask<LicenseServiceException?>(session.ReadRefusal(answer));
        }
        catch (Exception exception)
        {
            throw Explain("reading a refusal", exception);
        }
    });

    /// <summary>Notes where an exchange goes.</summary>
    public void Sending(Uri url) => Post(() =>
    {
        Update(snapshot => snapshot with { LicenseUrl = url });
        return ValueTask.CompletedTask;
    });

    private ILicenseSession Current(int number, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return IsOver || number != _number || _session is null ? throw new OperationCanceledException() : _session;
    }
}
