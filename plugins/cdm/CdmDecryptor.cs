using Keyway.Cdm.Child;
using Keyway.Decryption;

namespace Keyway.Cdm;

/// <summary>Decrypts with the keys of one session, in the module. A key that the session does not have opens nothing here, whatever the module would do: some know no sessions when they decrypt.</summary>
/// <param name="session">The session.</param>
/// <param name="child">The module's process.</param>
internal sealed class CdmDecryptor(CdmSession session, CdmChild child) : ISessionDecryptor
{
    /// <inheritdoc/>
    public CallRule Calls => CallRule.AnyThread;

    /// <inheritdoc/>
    public int BatchBytes => Wire.ArenaLayout.FirstRegion;

    /// <inheritdoc/>
    public ValueTask<BatchResult> DecryptAsync(SampleBatch batch, CancellationToken cancellationToken)
    {
        if (batch.Scheme is not (ProtectionScheme.Cenc or ProtectionScheme.Cbcs)) return Refused(DecryptStatus.SchemeNotSupported);
        DecryptStatus status = session.Find(batch.KeyId, out byte[] key);
        return status == DecryptStatus.Decrypted ? child.DecryptAsync(batch, key, cancellationToken) : Refused(status);
    }

    private static ValueTask<BatchResult> Refused(DecryptStatus status) => new(new BatchResult { Status = status, Done = 0 });
}
