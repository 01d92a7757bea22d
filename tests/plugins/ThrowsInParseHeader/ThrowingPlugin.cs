using Keyway.Licensing;
using Keyway.Plugins;

[assembly: KeywayPlugin("throws-in-parse-header", typeof(Zoo.ThrowingPlugin))]

namespace Zoo;

/// <summary>Loads well, and then throws an exception of its own where the contract asks for another.</summary>
public sealed class ThrowingPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddKeySystem("throws-in-parse-header", static settings => new ThrowingKeySystem(settings["System"]));
    }
}

/// <summary>The setting <c>System</c> makes it answer for any protection system.</summary>
internal sealed class ThrowingKeySystem(string? system) : IKeySystem
{
    public KeySystemDescriptor Descriptor { get; } = new()
    {
        Name = "throws-in-parse-header",
        Systems = [new Keyway.SystemId(new Guid(system ?? "0bad0000-0000-4000-8000-000000000001"))],
    };

    public ProtectionHeader ParseHeader(InitializationData data) => throw new ZooException("ParseHeader of the zoo");

    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) =>
        throw new ZooException("OpenSession of the zoo");

    public ValueTask DisposeAsync() => throw new ZooException("Dispose of the zoo");
}

internal sealed class ZooException(string message) : Exception(message);
