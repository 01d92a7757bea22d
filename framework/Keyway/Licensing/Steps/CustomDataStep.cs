using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>customdata</c>: what the challenge itself is to carry. It stands before <c>challenge</c>. Settings: <c>Value</c> (a template or a secret),
/// <c>Encode</c>.
/// </summary>
internal sealed class CustomDataStep : LicenseRequestDecorator
{
    private readonly StepValue _value;
    private readonly TextEncoding _encode;

    public CustomDataStep(IConfigurationSection section, StepContext context)
    {
        StepSettings settings = new(section, "Value", "Encode");
        _value = settings.Value("Value", context.Secrets);
        _encode = settings.Choice("Encode", TextEncoding.None);
        settings.Check();
    }

    public override async ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        string value = await _value.ResolveAsync(exchange, cancellationToken).ConfigureAwait(false);
        exchange.CustomData = RequestMembers.Encode(value, _encode);
    }
}
