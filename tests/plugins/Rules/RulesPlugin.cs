using System.Buffers;
using System.Globalization;
using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

[assembly: KeywayPlugin("rules", typeof(Zoo.RulesPlugin))]

namespace Zoo;

/// <summary>Whatever a service answers is a licence for every key that is wanted, with the bytes and under the rules that its settings state; without bytes, zeros.</summary>
public sealed class RulesPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder) => builder?.AddKeySystem("rules", static settings => new RulesKeySystem(settings));
}

internal sealed class RulesKeySystem(IConfigurationSection settings) : IKeySystem
{
    private readonly KeyPolicy _policy = new()
    {
        NotAfter = settings["NotAfter"] is { } end ? DateTimeOffset.Parse(end, CultureInfo.InvariantCulture) : null,
        Output = new OutputRequirement
        {
            ClearExport = settings["ClearExport"] is not "false",
            Hdcp = Enum.Parse<HdcpLevel>(settings["Hdcp"] ?? nameof(HdcpLevel.None)),
            Levels = new ProtectionLevels { UncompressedVideo = int.Parse(settings["UncompressedVideo"] ?? "0", CultureInfo.InvariantCulture) },
            Resolutions = settings["MaxPixels"] is { } most ? [new ResolutionRule { MinPixels = 0, MaxPixels = long.Parse(most, CultureInfo.InvariantCulture) }] : [],
            Restrictions = settings["Restriction"] is { } id ? [new OutputRestriction { Id = new Guid(id) }] : [],
        },
    };

    public KeySystemDescriptor Descriptor { get; } = new()
    {
        Name = "rules",
        // The W3C common system, which the sample has a header for.
        Systems = [new Keyway.SystemId(new Guid("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"))],
    };

    public ProtectionHeader ParseHeader(InitializationData data) => new() { System = data.System, Data = data.Payload, KeyIds = data.BoxKeyIds };

    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) =>
        new(new RulesSession(request, host, _policy, settings.GetSection("Keys")));
}

internal sealed class RulesSession(SessionRequest request, ISessionHost host, KeyPolicy policy, IConfigurationSection keys) : ILicenseSession
{
    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest challenge, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        destination.Write("challenge"u8);
        return new(new ChallengeInfo { Kind = challenge.Kind });
    }

    public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        foreach (WantedKey wanted in request.Keys) host.Import(wanted.Id, keys[wanted.Id.ToString()] is { } text ? Convert.FromHexString(text) : new byte[16], policy);
        return new(LicenseOutcome.Complete);
    }
}
