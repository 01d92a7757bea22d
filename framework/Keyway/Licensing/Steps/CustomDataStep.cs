using Keyway.Licensing.Configuration;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>customdata</c>: what the challenge itself is to carry. It stands before <c>challenge</c>. Settings: <c>Value</c> (a template or a secret),
/// <c>Encode</c>; and these again under <c>KeySystems</c>.
/// </summary>
internal sealed class CustomDataStep : LicenseRequestDecorator, INamesValues
{
    private readonly TemplateScope _scope;
    private readonly StepBindings _bindings;

    public CustomDataStep(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        _scope = context.Scope;
        _bindings = StepBindings.Read(reader, StepKind.CustomData, _scope);
        if (reader.Node.Find("value") is null && _bindings.KeySystems.Count == 0) reader.Missing("value");
        reader.Check();
    }

    /// <summary>Whether it sets any.</summary>
    public bool IsEmpty => _bindings.All.All(static binding => binding.CustomData is null);

    public IEnumerable<string> Names => _bindings.All.SelectMany(static binding => binding.Names);

    public override async ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (_bindings.For(exchange).CustomData is not { } value) return;
        if (await value.TextAsync(ValueEncoding.Raw, AttemptValues.Of(exchange, _scope), cancellationToken).ConfigureAwait(false) is { } text) exchange.CustomData = text;
    }
}
