using System.Buffers;
using System.Globalization;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Templates;
using Keyway.Licensing.Transport;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Cli;

/// <summary>A pack bound as a host would bind it, to find what the host would refuse, and to send its requests somewhere with nothing secret in them.</summary>
internal static class PackTrial
{
    /// <summary>What stands for a parameter that nobody gave: good in a host name, as a port and in a path.</summary>
    private const string Unknown = "1";

    private const string Placeholder = "dry-run";

    /// <summary>What a host would refuse.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="settings">Its parameters as far as they are given; the others stand for themselves.</param>
    public static IReadOnlyList<SettingError> Mistakes(ProviderPack pack, IReadOnlyDictionary<string, string> settings)
    {
        try
        {
            Bind(pack, settings);
            return [];
        }
        catch (SettingsException exception)
        {
            return exception.Errors;
        }
    }

    /// <summary>Sends the licence request of one key system to an address, with placeholders for challenge, token and secrets, and reads the answer as the pack says.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="settings">Its parameters as far as they are given.</param>
    /// <param name="keySystem">The key system.</param>
    /// <param name="against">The address.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What came of it, for people.</returns>
    public static async Task<PackTrialResult> RunAsync(ProviderPack pack, IReadOnlyDictionary<string, string> settings, string keySystem, Uri against, CancellationToken cancellationToken)
    {
        LicenseExchange exchange = new()
        {
            Session = SessionId.Create(),
            KeySystem = keySystem,
            Provider = pack.Name,
            KeyIds = [new KeyId(1)],
            Values = pack.Parameters.Where(static parameter => parameter.PerPresentation).ToDictionary(static parameter => parameter.Name, static _ => Placeholder),
            Tokens = static (_, _) => new(LicenseToken.FromText(Placeholder)),
            Kind = ChallengeKind.License,
            Request = new LicenseRequest { Url = against },
        };
        try
        {
            string read = "";
            await Bind(pack, settings).RunAsync(
                exchange, new PlaceholderSession(keySystem.Equals("clearkey", StringComparison.OrdinalIgnoreCase)), against,
                done => read = string.Create(CultureInfo.InvariantCulture, $"HTTP {done.Answer!.Status}; read as the pack says, it holds a licence of {done.Answer.Body.Length} bytes"), cancellationToken);
            return new PackTrialResult(keySystem, IsLicense: true, read);
        }
        catch (LicenseServiceException exception)
        {
            string status = exception.Status is { } code ? string.Create(CultureInfo.InvariantCulture, $"HTTP {code}; ") : "";
            return new PackTrialResult(keySystem, IsLicense: false, $"{status}{exception.Kind}{(exception.ProviderCode is { } own ? $" ({own})" : "")}: {exception.Message}");
        }
    }

    private static LicenseService Bind(ProviderPack pack, IReadOnlyDictionary<string, string> settings)
    {
        Dictionary<string, string?> values = [];
        foreach (PackParameter parameter in pack.Parameters)
        {
            string? value = settings.GetValueOrDefault(parameter.Name) ?? (parameter.Required ? parameter.Choices.Count > 0 ? parameter.Choices[0] : Unknown : null);
            // Here a secret is never the real one.
            if (value is not null) values[$"{pack.Name}:Settings:{parameter.Name}"] = parameter.Secret ? $"secret:{Placeholder}" : value;
        }

        IConfigurationSection entry = new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection(pack.Name);
        StepContext context = new() { Secrets = new PlaceholderSecrets() };
        HttpLicenseTransport transport = new(new HttpMessageInvoker(HttpLicenseTransport.CreateHandler()));
        return LicenseService.Read(entry, provider: null, new LicenseSteps(), context, transport, pack);
    }

    private sealed class PlaceholderSecrets : ISecretReader
    {
        public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) => new(LicenseToken.FromText(Placeholder));
    }

    private sealed class PlaceholderSession(bool isClearKey) : ILicenseSession
    {
        public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
        {
            // Clear Key's is public and has no secret; those of licensed systems cannot be made up.
            destination.Write(isClearKey ? """{"kids":["AAAAAAAAAAAAAAAAAAAAAQ"],"type":"temporary"}"""u8 : "keyway dry run: this is no challenge"u8);
            return new(new ChallengeInfo { Kind = ChallengeKind.License, ContentType = isClearKey ? "application/json" : "application/octet-stream" });
        }

        public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken) => new(LicenseOutcome.Complete);
    }
}

/// <summary>What came of a request that was sent on trial.</summary>
/// <param name="KeySystem">The key system.</param>
/// <param name="IsLicense">Whether the answer was read as one that holds a licence.</param>
/// <param name="Text">What there is to say, for people.</param>
internal sealed record PackTrialResult(string KeySystem, bool IsLicense, string Text);
