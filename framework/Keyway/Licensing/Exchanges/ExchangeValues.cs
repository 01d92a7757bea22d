namespace Keyway.Licensing.Exchanges;

/// <summary>The values that every exchange brings, by the names that templates have for them.</summary>
internal static class ExchangeValues
{
    /// <summary>The names, for people: the caller's own come on top.</summary>
    public static IReadOnlyList<string> Names { get; } = ["kid", "keySystem", "kind", "contentId", "sessionId", "scheme", "la_url"];

    public static TemplateValue? Find(LicenseExchange exchange, string name)
    {
        if (exchange.Values.TryGetValue(name, out string? value)) return new TemplateValue(value);
        switch (name)
        {
            case "sessionId":
                return new TemplateValue(exchange.Session.ToString());
            case "keySystem":
                return new TemplateValue(exchange.KeySystem);
            case "kind":
                return new TemplateValue(exchange.Kind.ToString());
            case "kid" when exchange.KeyIds.Count > 0:
                byte[] id = new byte[16];
                exchange.KeyIds[0].Write(id);
                return new TemplateValue(id, exchange.KeyIds[0].ToString());
            default:
                return null;
        }
    }

    public static LicenseServiceException Missing(LicenseExchange exchange, string name) =>
        new(LicenseErrorKind.NotConfigured, $"the pipeline of '{exchange.Provider}' needs a value named '{name}', and nobody gave it")
        {
            Advice = $"give it with the presentation's values ({name}=…)",
        };
}
