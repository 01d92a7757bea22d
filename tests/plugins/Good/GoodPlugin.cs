using System.Buffers;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

[assembly: KeywayPlugin("good", typeof(Zoo.GoodPlugin))]

namespace Zoo;

/// <summary>Does one of everything as it should be done, and leaves when it is asked to: its subscription is ended by the host.</summary>
public sealed class GoodPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ILogger logger = builder.Context.Logging.CreateLogger("Zoo.Good");
        builder.Context.Events.Subscriber<KeysChanged>().Subscribe(new Ear(logger));
        builder.AddKeySystem("good", static settings => new GoodKeySystem(settings))
            .AddProvider("good", static _ => new GoodProvider())
            .AddMiddleware("pass", static _ => new Pass());

        // Settings of its own section: the tests make it ask for names that are taken.
        if (builder.Context.Settings["Step"] is { } step) builder.AddMiddleware(step, static _ => new Pass());
        if (builder.Context.Settings["KeySystem"] is { } name) builder.AddKeySystem(name, static settings => new GoodKeySystem(settings));
    }

    private sealed class Ear(ILogger logger) : IMessageHandler<KeysChanged>
    {
        private static readonly Action<ILogger, int, Exception?> Heard = LoggerMessage.Define<int>(LogLevel.Debug, new EventId(1), "{Keys} keys");

        public void Handle(KeysChanged message) => Heard(logger, message.Keys, null);
    }
}

internal sealed class GoodKeySystem(IConfigurationSection settings) : IKeySystem
{
    public KeySystemDescriptor Descriptor { get; } = new()
    {
        Name = settings["Name"] ?? "good",
        Systems = [new Keyway.SystemId(new Guid("600d0000-0000-4000-8000-000000000001"))],
    };

    public ProtectionHeader ParseHeader(InitializationData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new() { System = data.System, Data = data.Payload, KeyIds = data.BoxKeyIds };
    }

    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) => new(new GoodSession());
}

internal sealed class GoodSession : ILicenseSession
{
    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        destination.Write("challenge"u8);
        return new(new ChallengeInfo { Kind = request.Kind });
    }

    public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken) => new(LicenseOutcome.Complete);
}

internal sealed class GoodProvider : ILicenseProvider
{
    public string Name => "good";

    public void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings) => pipeline.Use("good.pass", new Pass());
}

internal sealed class Pass : ILicenseMiddleware
{
    public ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken) => next(exchange, cancellationToken);
}
