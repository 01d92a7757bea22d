using System.Buffers;
using Google.Protobuf;
using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Logging;

namespace Keyway.Widevine;

/// <summary>Widevine: reads its headers, holds the device, opens sessions.</summary>
internal sealed class WidevineKeySystem(WidevineOptions options, PluginContext context) : IKeySystem
{
    private readonly ILogger _logger = context.Logging.CreateLogger(WidevineConstants.LogCategory);
    private WidevineCredential? _credential;
    private WidevineServiceCertificate? _service;
    private ulong _requests;

    public KeySystemDescriptor Descriptor { get; } = new()
    {
        Name = WidevineConstants.Name,
        Systems = [WidevineConstants.System],
        Designators = WidevineConstants.Designators,
        Schemes = [Decryption.ProtectionScheme.Cenc, Decryption.ProtectionScheme.Cens, Decryption.ProtectionScheme.Cbc1, Decryption.ProtectionScheme.Cbcs],
        ChallengeIdentifiesDevice = !options.HidesDevice,
        IdentifiesDeviceToServer = options.TakesCertificateOfServer && !options.IdentifyToContentUrls,
    };

    public WidevineOptions Options { get; } = options;

    public TimeProvider Clock => context.Clock;

    public ILogger Logger => _logger;

    /// <summary>The device. There is one after a successful start.</summary>
    public WidevineCredential Credential => _credential
        ?? throw WidevineError.Credential("there is none: the key system was not started, or its start failed");

    /// <summary>The configured service certificate, verified.</summary>
    public WidevineServiceCertificate? ServiceCertificate => _service;

    public ProtectionHeader ParseHeader(InitializationData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.System != WidevineConstants.System) throw new ProtectionHeaderException(data.System, "is not Widevine's");
        return data.Kind switch
        {
            InitializationDataKind.Pssh or InitializationDataKind.KeyIds =>
                WidevineHeader.Read(data.Payload.Span, data.BoxKeyIds, Options).ToProtectionHeader(data.Payload),
            InitializationDataKind.WebM => throw WidevineError.BadHeader("initialisation data of kind 'webm' is not supported"),
            _ => throw WidevineError.BadHeader("initialisation data of no known kind"),
        };
    }

    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (Options.PrivateKey is null || Options.ClientId is null)
            throw WidevineError.Credential("none is configured; Settings:PrivateKey and Settings:ClientId name two secrets", "configuration");
        WidevineCredential credential;
        try
        {
            using IMemoryOwner<byte> privateKey = await context.Secrets.ReadAsync(Options.PrivateKey, cancellationToken).ConfigureAwait(false);
            using IMemoryOwner<byte> clientId = await context.Secrets.ReadAsync(Options.ClientId, cancellationToken).ConfigureAwait(false);
            credential = WidevineCredential.Read(privateKey.Memory.Span, clientId.Memory.Span, Options, Clock.GetUtcNow(), _logger);
        }
        catch (SecretException cause)
        {
            throw WidevineError.Credential(cause.Message, "configuration", cause);
        }

        try
        {
            if (!Options.ServiceCertificate.IsEmpty)
                _service = WidevineServiceCertificate.Verify(Options.ServiceCertificate.Span, credential.Root, Clock.GetUtcNow());
        }
        catch
        {
            credential.Dispose();
            throw;
        }

        _credential = credential;
        Log.Started(_logger, credential.SystemId, credential.Root.Name, credential.Root.Development, Options.HidesDevice, null);
    }

    public async ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(host);
        WidevineSession session = new(this, request, host);
        try
        {
            session.Start(request);
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>An identifier for the next request of any session.</summary>
    public ByteString NextRequestId() => WidevineChallenge.NewRequestId(Options.RequestId, Interlocked.Increment(ref _requests));

    public ValueTask DisposeAsync()
    {
        _credential?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static class Log
    {
        public static readonly Action<ILogger, uint, string, bool, bool, Exception?> Started =
            LoggerMessage.Define<uint, string, bool, bool>(LogLevel.Information, new EventId(3, nameof(Started)),
                "Device of system {System} is ready under root {Root} (development: {Development}); identity encrypted: {Hidden}");
    }
}
