using System.Diagnostics.CodeAnalysis;
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

    // Told before the first session is opened, and again by a session where nobody has asked.
    public ValueTask StartAsync(CancellationToken cancellationToken) =>
        TryGetSecret(out _) ? ValueTask.CompletedTask : ValueTask.FromException(NoDeviceKey());

    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) => TryGetSecret(out string? secret)
        ? new(new AcmeSession(request, host, context.Clock, token => context.Secrets.ReadAsync(secret, token)))
        : ValueTask.FromException<ILicenseSession>(NoDeviceKey());

    // The setting may be missing, empty, or the key itself, which belongs into no setting.
    private bool TryGetSecret([NotNullWhen(true)] out string? secret)
    {
        secret = deviceKey?.StartsWith(SecretPrefix, StringComparison.Ordinal) == true && deviceKey.Length > SecretPrefix.Length ? deviceKey[SecretPrefix.Length..] : null;
        return secret is not null;
    }

    private static LicenseServiceException NoDeviceKey() =>
        new(LicenseErrorKind.CredentialInvalid, "there is no device key") { Advice = "set KeySystems:acme:Settings:DeviceKey to secret:NAME" };
}
