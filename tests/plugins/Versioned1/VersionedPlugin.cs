using System.Buffers;
using System.Text;
using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

[assembly: KeywayPlugin("versioned", typeof(Zoo.VersionedPlugin))]

namespace Zoo;

/// <summary>Says in its challenge which version it is. Its second version does not do what its settings forbid it.</summary>
public sealed class VersionedPlugin : IPlugin
{
#if SECOND
    internal const string Version = "second";
    internal const bool IsSecond = true;
#else
    internal const string Version = "first";
    internal const bool IsSecond = false;
#endif

    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (IsSecond && builder.Context.Settings["Second"] == "hangs") Thread.Sleep(Timeout.Infinite);
        builder.AddKeySystem("versioned", static settings => new VersionedKeySystem(settings));
    }
}

internal sealed class VersionedKeySystem : IKeySystem
{
    private readonly string? _second;

    public VersionedKeySystem(IConfigurationSection settings)
    {
        _second = VersionedPlugin.IsSecond ? settings["Second"] : null;
        if (_second == "cannot-be-made") throw new InvalidOperationException("the second version cannot be made");
    }

    public KeySystemDescriptor Descriptor { get; } = new()
    {
        Name = "versioned",
        // The W3C common system, which the sample has a header for.
        Systems = [new Keyway.SystemId(new Guid("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"))],
    };

    public ValueTask StartAsync(CancellationToken cancellationToken) =>
        _second == "does-not-start" ? throw new InvalidOperationException("the second version does not start") : ValueTask.CompletedTask;

    public ProtectionHeader ParseHeader(InitializationData data) => new() { System = data.System, Data = data.Payload, KeyIds = data.BoxKeyIds };

    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) => new(new VersionedSession(request, host));
}

internal sealed class VersionedSession(SessionRequest request, ISessionHost host) : ILicenseSession
{
    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest challenge, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        destination.Write(Encoding.UTF8.GetBytes(VersionedPlugin.Version));
        return new(new ChallengeInfo { Kind = challenge.Kind });
    }

    public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        Span<byte> key = stackalloc byte[16];
        key.Clear();
        foreach (WantedKey wanted in request.Keys) host.Import(wanted.Id, key, new KeyPolicy { Output = new OutputRequirement { ClearExport = true } });
        return new(LicenseOutcome.Complete);
    }
}
