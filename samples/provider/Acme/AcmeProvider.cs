using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Acme;

/// <summary>A licence service that wants to know the tenant, wraps its licences, and refuses in words of its own.</summary>
public sealed class AcmeProvider(string? tenant) : ILicenseProvider
{
    public string Name => "acme";

    // Outermost first. `token` sends the application's token and fetches another where it is refused; `challenge` writes the challenge; what is yours stands where it belongs.
    public void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings)
    {
        if (string.IsNullOrEmpty(tenant)) throw new LicenseServiceException(LicenseErrorKind.NotConfigured, "Settings:Tenant is missing") { Advice = "Acme tells each customer the name of its tenant" };
        pipeline.Use("retry").Use("acme.tenant", new Tenant(tenant)).Use("token").Use("challenge").Use("timeout").Use("acme.answer", new Answer());
    }

    private sealed class Tenant(string tenant) : LicenseRequestDecorator
    {
        public override ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
        {
            exchange.Request = exchange.Request with { Headers = new Dictionary<string, string>(exchange.Request.Headers, StringComparer.OrdinalIgnoreCase) { ["X-Acme-Tenant"] = tenant } };
            return default;
        }
    }

    /// <summary>Says what a refusal means, and takes the licence out of what the service wraps it in.</summary>
    private sealed class Answer : LicenseResponseTransform
    {
        private const int Prefix = 8;

        public override ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken)
        {
            switch (exchange.Answer)
            {
                case { Status: 402 }:
                    throw new LicenseServiceException(LicenseErrorKind.CreditsExhausted, "the tenant has not paid") { ProviderCode = "402", Advice = "call Acme" };
                case { Status: 200, Body.Length: >= Prefix } answer:
                    exchange.Answer = answer with { Body = answer.Body.Slice(Prefix) };
                    return default;
                case { Status: 200 }:
                    throw new LicenseServiceException(LicenseErrorKind.LicenseMalformed, "the answer is shorter than what the service puts before a licence");
                default:
                    return default;
            }
        }
    }
}
