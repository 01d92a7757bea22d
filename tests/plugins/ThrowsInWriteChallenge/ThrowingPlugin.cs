using System.Buffers;
using Keyway.Licensing;
using Keyway.Plugins;

[assembly: KeywayPlugin("throws-in-write-challenge", typeof(Zoo.ThrowingPlugin))]

namespace Zoo;

/// <summary>Loads well, opens sessions, and throws an exception of its own when it is to write a challenge.</summary>
public sealed class ThrowingPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddKeySystem("throws-in-write-challenge", static settings => new ThrowingKeySystem(settings["System"]));
    }
}

/// <summary>The setting <c>System</c> makes it answer for any protection system.</summary>
internal sealed class ThrowingKeySystem(string? system) : IKeySystem
{
    public KeySystemDescriptor Descriptor { get; } = new()
    {
        Name = "throws-in-write-challenge",
        Systems = [new Keyway.SystemId(new Guid(system ?? "0bad0000-0000-4000-8000-000000000002"))],
    };

    public ProtectionHeader ParseHeader(InitializationData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new() { System = data.System, Data = data.Payload, KeyIds = data.BoxKeyIds };
    }

    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) => new(new ThrowingSession());
}

internal sealed class ThrowingSession : ILicenseSession
{
    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        destination.Write("half a chall"u8);
        throw new ZooException("WriteChallenge of the zoo");
    }

    public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken) => new(LicenseOutcome.Complete);
}

internal sealed class ZooException(string message) : Exception(message);
