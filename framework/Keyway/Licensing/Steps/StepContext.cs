using Keyway.Licensing.Templates;
using Keyway.Plugins;

namespace Keyway.Licensing.Steps;

/// <summary>What the framework gives to those who make steps of a pipeline.</summary>
public sealed class StepContext
{
    /// <summary>Secrets that settings refer to as <c>secret:NAME</c>.</summary>
    public required ISecretReader Secrets { get; init; }

    /// <summary>The clock that waits and time-outs run by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where the spread of waiting times comes from.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>What the steps of one pipeline share.</summary>
    internal TemplateScope Scope { get => field ??= new TemplateScope(Secrets); init; }

    /// <summary>The same for the steps of one pipeline.</summary>
    internal StepContext With(TemplateScope scope) => new() { Secrets = Secrets, Clock = Clock, Random = Random, Scope = scope };
}
