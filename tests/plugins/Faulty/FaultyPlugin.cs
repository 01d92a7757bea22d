using System.Buffers;
using System.Globalization;
using System.Resources;
using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

[assembly: KeywayPlugin("faulty", typeof(Zoo.FaultyPlugin))]

namespace Zoo;

/// <summary>Fails in the place and in the way that its settings name: PLACE-throws, PLACE-hangs (as a task), PLACE-blocks (the thread), PLACE-null, PLACE-writes (to the console), PLACE-speaks (German), PLACE-crashes (on a thread of its own).</summary>
public sealed class FaultyPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        Fault.At("configure", builder.Context.Settings);
        builder.AddKeySystem("faulty", static settings => Fault.At("create", settings) ? null! : new FaultyKeySystem(settings));
    }
}

internal static class Fault
{
    /// <summary>Fails if this is the place.</summary>
    /// <returns>Whether null is to be returned here.</returns>
    public static bool At(string place, IConfigurationSection settings)
    {
        string? fault = settings["Fault"];
        if (fault == $"{place}-throws") throw new InvalidOperationException($"the zoo fails in {place}\nwith SECRET=abc123 and 000102030405060708090a0b0c0d0e0f");
        if (fault == $"{place}-writes")
        {
            Console.Write("half a line of ");
            Console.WriteLine(place);
        }

        if (fault == $"{place}-speaks")
        {
            CultureInfo german = new("de");
            ResourceManager words = new("Zoo.Words", typeof(FaultyPlugin).Assembly);
            Console.WriteLine(string.Create(german, $"{words.GetString("Greeting", german)}, {1.5}"));
        }

        if (fault == $"{place}-crashes")
        {
            Thread own = new(() => throw new InvalidOperationException($"nobody waits for {place}, with SECRET=abc123"));
            own.Start();
            own.Join();
        }

        if (fault == $"{place}-blocks")
        {
            // Tests of signals have to know when it does.
            if (settings["Marker"] is { } marker) File.WriteAllText(marker, "");
            Thread.Sleep(Timeout.Infinite);
        }

        return fault == $"{place}-null";
    }

    public static async ValueTask<bool> AtAsync(string place, IConfigurationSection settings)
    {
        if (settings["Fault"] == $"{place}-hangs") await Task.Delay(Timeout.Infinite);
        return At(place, settings);
    }
}

internal sealed class FaultyKeySystem(IConfigurationSection settings) : IKeySystem
{
    private readonly KeySystemDescriptor _descriptor = new()
    {
        Name = "faulty",
        // The W3C common system, which the sample has a header for.
        Systems = [new Keyway.SystemId(new Guid("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"))],
    };

    public KeySystemDescriptor Descriptor => Fault.At("descriptor", settings) ? null! : _descriptor;

    public async ValueTask StartAsync(CancellationToken cancellationToken) => await Fault.AtAsync("start", settings);

    public ProtectionHeader ParseHeader(InitializationData data) =>
        Fault.At("parse", settings) ? null! : new() { System = data.System, Data = data.Payload, KeyIds = data.BoxKeyIds };

    public async ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) =>
        await Fault.AtAsync("open", settings) ? null! : new FaultySession(settings);
}

internal sealed class FaultySession(IConfigurationSection settings) : ILicenseSession
{
    public async ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        if (await Fault.AtAsync("write", settings)) return null!;
        destination.Write("challenge"u8);
        return new ChallengeInfo { Kind = request.Kind };
    }

    public async ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        await Fault.AtAsync("accept", settings);
        return LicenseOutcome.Complete;
    }
}
