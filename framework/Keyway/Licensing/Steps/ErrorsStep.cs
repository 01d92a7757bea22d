using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>errors</c>: recognises refusals. Settings: <c>Probes</c>, in order; and these again under <c>KeySystems</c> and <c>Kinds</c>, where they are asked first.
/// <c>error.json</c> is short for it.
/// </summary>
internal sealed class ErrorsStep : LicenseResponseTransform, IErrorProbe
{
    private readonly TemplateScope _scope;
    private readonly StepBindings _bindings;

    public ErrorsStep(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        _scope = context.Scope;
        _bindings = StepBindings.Read(reader, StepKind.Errors, _scope);
        if (reader.Node.Find("probes") is null && IsEmpty && _bindings.KeySystems.Count == 0) reader.Missing("probes");
        reader.Check();
        _scope.Refusals = keySystem => _bindings.Find(keySystem, ChallengeKind.License)?.Errors ?? [];
    }

    private ErrorsStep(ErrorProbe probe, TemplateScope scope) => (_scope, _bindings) = (scope, StepBindings.Of(new StepLayer { Errors = [probe] }, scope));

    /// <summary>Whether it looks for none.</summary>
    public bool IsEmpty => _bindings.All.All(static binding => binding.Errors.Count == 0);

    /// <summary>The same probe for every answer.</summary>
    public static ErrorsStep Of(ErrorProbe probe, TemplateScope scope) => new(probe, scope);

    public override ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (exchange.Answer is not { } answer) return ValueTask.CompletedTask;
        AttemptValues values = AttemptValues.Of(exchange, _scope);
        foreach (ErrorProbe probe in _bindings.For(exchange).Errors)
            if (probe.Judge(answer, $"the licence service of '{exchange.Provider}'", values.Mask) is { } refusal) throw refusal;
        return ValueTask.CompletedTask;
    }
}
