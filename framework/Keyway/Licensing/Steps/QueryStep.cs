using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>query</c>: adds a member to the URL's query. Settings: <c>Name</c>, <c>Value</c> (a template or a secret), <c>Encode</c>,
/// <c>Verbatim</c> (the value is escaped already).
/// </summary>
internal sealed class QueryStep : LicenseRequestDecorator
{
    private readonly string _name;
    private readonly StepValue _value;
    private readonly TextEncoding _encode;
    private readonly bool _verbatim;

    public QueryStep(IConfigurationSection section, StepContext context)
    {
        StepSettings settings = new(section, "Name", "Value", "Encode", "Verbatim");
        _name = settings.Required("Name");
        _value = settings.Value("Value", context.Secrets);
        _encode = settings.Choice("Encode", TextEncoding.None);
        _verbatim = settings.Flag("Verbatim", otherwise: false);
        settings.Check();
    }

    public override IReadOnlyCollection<string> SecretMembers => _value.IsSecret ? [_name] : [];

    public override async ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        string value = await _value.ResolveAsync(exchange, cancellationToken).ConfigureAwait(false);
        exchange.Request = exchange.Request.WithQuery(_name, RequestMembers.Encode(value, _encode), _verbatim);
    }
}
