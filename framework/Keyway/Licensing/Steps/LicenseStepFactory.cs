using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>Makes a step from its entry in a pipeline.</summary>
/// <param name="settings">The entry.</param>
/// <param name="context">What the framework gives.</param>
/// <returns>The step.</returns>
/// <exception cref="SettingsException">The entry is wrong; every mistake in it is reported.</exception>
public delegate ILicenseMiddleware LicenseStepFactory(IConfigurationSection settings, StepContext context);
