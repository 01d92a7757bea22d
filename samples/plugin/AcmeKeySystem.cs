using Keyway;
using Keyway.Licensing;
using Keyway.Plugins;

namespace Acme;

/// <summary>A made-up key system. It reads the key ids that the common header names, and has licences opened with a device key from the host's secrets.</summary>
public sealed class AcmeKeySystem(string? deviceKey, PluginContext context) : IKeySystem
{
    private const string SecretPrefix = "secret:";

    // The common header (W3C): a pssh whose version 1 box lists key ids and nothing else.
    private static readonly SystemId Common = new(new Guid("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"));

    public KeySystemDescriptor Descriptor { get; } = new() { Name = "acme", Systems = [Common], Designators = ["com.example.acme"] };

    public ProtectionHeader ParseHeader(InitializationData data) => new() { System = data.System, Data = data.Payload, KeyIds = data.BoxKeyIds };

    public ValueTask StartAsync(CancellationToken cancellationToken) => deviceKey?.StartsWith(SecretPrefix, StringComparison.Ordinal) == true
        ? ValueTask.CompletedTask
        : throw new LicenseServiceException(LicenseErrorKind.CredentialInvalid, "there is no device key") { Advice = "set KeySystems:acme:Settings:DeviceKey to secret:NAME" };

    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) =>
        new(new AcmeSession(request, host, context.Clock, token => context.Secrets.ReadAsync(deviceKey![SecretPrefix.Length..], token)));
}
