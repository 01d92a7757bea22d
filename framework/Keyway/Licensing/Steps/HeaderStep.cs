using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary><c>header</c>: adds a header. Settings: <c>Name</c>, <c>Value</c> (a template or a secret), <c>Encode</c>.</summary>
internal sealed class HeaderStep : LicenseRequestDecorator
{
    private readonly string _name;
    private readonly StepValue _value;
    private readonly TextEncoding _encode;

    public HeaderStep(IConfigurationSection section, StepContext context)
    {
        StepSettings settings = new(section, "Name", "Value", "Encode");
        _name = settings.Required("Name");
        if (_name.Length > 0 && RequestMembers.WhyNotHeader(_name) is { } reason) settings.Wrong("Name", reason);
        _value = settings.Value("Value", context.Secrets);
        _encode = settings.Choice("Encode", TextEncoding.None);
        settings.Check();
    }

    public override IReadOnlyCollection<string> SecretMembers => _value.IsSecret ? [_name] : [];

    public override async ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        string value = await _value.ResolveAsync(exchange, cancellationToken).ConfigureAwait(false);
        exchange.Request = exchange.Request.WithHeader(_name, RequestMembers.Encode(value, _encode));
    }
}
