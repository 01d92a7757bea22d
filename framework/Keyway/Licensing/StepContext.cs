using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing;

/// <summary>What the framework gives to those who make steps of a pipeline.</summary>
public sealed class StepContext
{
    /// <summary>Secrets that settings refer to as <c>secret:NAME</c>.</summary>
    public required ISecretReader Secrets { get; init; }

    /// <summary>The clock that waits and time-outs run by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where the spread of waiting times comes from.</summary>
    public Random Random { get; init; } = Random.Shared;
}

/// <summary>Makes a step from its entry in a pipeline.</summary>
/// <param name="settings">The entry.</param>
/// <param name="context">What the framework gives.</param>
/// <returns>The step.</returns>
/// <exception cref="SettingsException">The entry is wrong; every mistake in it is told.</exception>
public delegate ILicenseMiddleware LicenseStepFactory(IConfigurationSection settings, StepContext context);
