using System.Buffers;
using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

[assembly: KeywayPlugin("tollgate", typeof(Zoo.TollgatePlugin))]

namespace Zoo;

/// <summary>
/// A stranger's licence service, as code: what goes out and comes back is turned round, a toll goes along in a header, and a refusal is the body "toll!"
/// under HTTP 200. Twice: with steps of its own from end to end, and with a pack for what can be said as data.
/// </summary>
public sealed class TollgatePlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ISecretReader secrets = builder.Context.Secrets;
        builder.AddProvider("tollgate", entry => new TollgateProvider(secrets, entry)).AddProvider("tollgate-pack", entry => new TollgatePackProvider());
    }
}

internal sealed class TollgateProvider(ISecretReader secrets, IConfigurationSection entry) : ILicenseProvider
{
    public string Name => "tollgate";

    public void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings) => pipeline
        .Use("retry")
        .Use("tollgate.toll", new Toll(secrets, entry["Settings:Toll"]!["secret:".Length..]))
        .Use("challenge")
        .Use("tollgate.turn", new Turn())
        .Use("timeout");
}

internal sealed class TollgatePackProvider : ILicenseProvider
{
    public string Name => "tollgate-pack";

    public void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings) => pipeline
        .Use("retry")
        .UsePack("""{ "name": "tollgate", "source": "ours", "tested": "in the tests", "keySystems": { "clearkey": { "url": "https://toll.example/l", "headers": { "X-Toll": "{token}" } } } }"""u8.ToArray())
        .Use("tollgate.turn", new Turn());
}

internal sealed class Toll(ISecretReader secrets, string name) : LicenseRequestDecorator
{
    public override IReadOnlyCollection<string> SecretMembers => ["X-Toll"];

    public override async ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        using IMemoryOwner<byte> toll = await secrets.ReadAsync(name, cancellationToken);
        Dictionary<string, string> headers = new(exchange.Request.Headers) { ["X-Toll"] = System.Text.Encoding.UTF8.GetString(toll.Memory.Span) };
        exchange.Request = exchange.Request with { Headers = headers };
    }
}

internal sealed class Turn : ILicenseMiddleware
{
    public async ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken)
    {
        exchange.Body = Turned(exchange.Body);
        await next(exchange, cancellationToken);
        if (exchange.Answer is not { Status: 200 } answer) return;
        if (answer.Body.FirstSpan.SequenceEqual("toll!"u8))
            throw new LicenseServiceException(LicenseErrorKind.TokenInvalid, "the toll is not paid") { ProviderCode = "toll", Advice = "pay it" };
        exchange.Answer = answer with { Body = Turned(answer.Body) };
    }

    private static ReadOnlySequence<byte> Turned(ReadOnlySequence<byte> body)
    {
        byte[] bytes = body.ToArray();
        Array.Reverse(bytes);
        return new ReadOnlySequence<byte>(bytes);
    }
}
