using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Acme;

/// <summary>A licence service that wants to know the tenant, and refuses in words of its own.</summary>
public sealed class AcmeProvider(string tenant) : ILicenseProvider
{
    public string Name => "acme";

    public void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings) =>
        pipeline.Use("retry").Use("acme.tenant", new Tenant(tenant)).Use("token").Use("challenge").Use("timeout").Use("acme.refusal", new Refusal());

    private sealed class Tenant(string tenant) : LicenseRequestDecorator
    {
        public override ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
        {
            exchange.Request = exchange.Request with { Headers = new Dictionary<string, string>(exchange.Request.Headers, StringComparer.OrdinalIgnoreCase) { ["X-Acme-Tenant"] = tenant } };
            return default;
        }
    }

    private sealed class Refusal : LicenseResponseTransform
    {
        public override ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken) => exchange.Answer?.Status switch
        {
            402 => throw new LicenseServiceException(LicenseErrorKind.CreditsExhausted, "the tenant has not paid") { ProviderCode = "402", Advice = "call Acme" },
            _ => default,
        };
    }
}
