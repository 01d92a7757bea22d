using Google.Protobuf.WellKnownTypes;
using Keyway.Licensing;
using Keyway.Plugins;

[assembly: KeywayPlugin("other-protobuf", typeof(Zoo.OtherPlugin))]

namespace Zoo;

/// <summary>Brings a protobuf of another version than the plugin beside it.</summary>
public sealed class OtherPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddKeySystem("other-protobuf", _ => new KeySystem());
    }

    private sealed class KeySystem : IKeySystem
    {
        public KeySystemDescriptor Descriptor { get; } = new() { Name = "other-protobuf", Systems = [default] };

        public ProtectionHeader ParseHeader(InitializationData data) => new()
        {
            System = data.System,
            Data = data.Payload,
            ContentId = StringValue.Parser.ParseFrom(data.Payload.Span).Value,
            Facts = [new HeaderFact { Name = "protobuf", Value = typeof(StringValue).Assembly.GetName().Version!.ToString(3) }],
        };

        public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
