using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Logging;

namespace Keyway.PlayReady;

/// <summary>The key system: says what it is, checks the credential, reads headers, opens sessions. It holds no content key.</summary>
/// <param name="options">The settings.</param>
/// <param name="secrets">Where the credential comes from.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Where to log.</param>
internal sealed partial class PlayReadyKeySystem(PlayReadyOptions options, ISecretReader secrets, TimeProvider clock, ILogger logger) : IKeySystem, ILicenseInspector
{
    private PlayReadyCredential? _credential;

    /// <inheritdoc/>
    public KeySystemDescriptor Descriptor { get; } = new()
    {
        Name = PlayReadyConstants.Name,
        Systems = [PlayReadyConstants.System, PlayReadyConstants.SwappedSystem],
        Designators = options.Robustness == 3000
            ? [PlayReadyConstants.EmeRecommendation, PlayReadyConstants.EmeRecommendation3000, PlayReadyConstants.EmeName]
            : [PlayReadyConstants.EmeRecommendation, PlayReadyConstants.EmeName],
        Schemes = [ProtectionScheme.Cenc, ProtectionScheme.Cens, ProtectionScheme.Cbc1, ProtectionScheme.Cbcs],
        Refusals = new RefusalCodes
        {
            Expired = PlayReadyError.Text(PlayReadyCode.LicenseExpired),
            NotYetValid = PlayReadyError.Text(PlayReadyCode.LicenseNotYetValid),
            OutputUnknown = PlayReadyError.Text(PlayReadyCode.NoOutputCallback),
            OutputBlocked = PlayReadyError.Text(PlayReadyCode.OutputBlocked),
        },
    };

    /// <inheritdoc/>
    public ProtectionHeader ParseHeader(InitializationData data) => PlayReadyHeader.Read(data);

    /// <inheritdoc/>
    public IReadOnlyList<LicenseDescription>? DescribeLicenses(ReadOnlyMemory<byte> data) => LicenseInspection.Describe(data);

    /// <inheritdoc/>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        PlayReadyCredential loaded = await PlayReadyCredential.LoadAsync(options, secrets, clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref _credential, loaded)?.Dispose();
        Log.Started(logger, loaded.SecurityLevel, loaded.Root.Name, loaded.ClearExport);
    }

    /// <inheritdoc/>
    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        PlayReadyCredential credential = _credential ?? throw PlayReadyError.Credential("there is no checked credential: the key system was not started");
        if (!request.ServerCertificate.IsEmpty)
        {
            throw PlayReadyError.Of(
                new PlayReadyFault(PlayReadyCode.CertificateVerification, "the form of a server deployment certificate is not public; it is not read"),
                "Configure the service's key as ServerKey.");
        }

        PlayReadySession session = new(WantedContent.Of(request), request.Kind, credential, options, host, clock, logger);
        session.Restore(request.Stored.Span);
        return new(session);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _credential, null)?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "PlayReady: device of security level {Level} under root '{Root}'; clear export {ClearExport}")]
        public static partial void Started(ILogger logger, int level, string root, bool clearExport);
    }
}
