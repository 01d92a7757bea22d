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
internal sealed class PlayReadyKeySystem(PlayReadyOptions options, ISecretReader secrets, TimeProvider clock, ILogger logger) : IKeySystem, ILicenseInspector
{
    // By hand: what the generator makes of several classes has an order of its own in each build, and the same source would not be the same bytes.
    private static readonly Action<ILogger, int, string, bool, Exception?> Started = LoggerMessage.Define<int, string, bool>(LogLevel.Information, new EventId(1, "Started"), "PlayReady: device of security level {Level} under root '{Root}'; clear export {ClearExport}");

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
        Started(logger, loaded.SecurityLevel, loaded.Root.Name, loaded.ClearExport, null);
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
}
