using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Keyway.ExpressPlay;

/// <summary>
/// The provider <c>expressplay</c>: it attaches a token that it is given, or that the framework fetches from the customer's own storefront. It mints none.
/// </summary>
internal sealed class ExpressPlayProvider : ILicenseProvider
{
    private readonly ExpressPlayOptions _options;

    /// <exception cref="LicenseServiceException">The entry is wrong; everything is reported.</exception>
    public ExpressPlayProvider(IConfigurationSection entry) => _options = ExpressPlayOptions.Read(entry);

    public string Name => ExpressPlayConstants.Name;

    public void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings) =>
        pipeline.Use("retry").UsePack(ExpressPlayPack.Write(_options)).Use("expressplay.gate", new ExpressPlayGate(_options)).Use("timeout");
}
