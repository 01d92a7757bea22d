namespace Keyway.Hosting.Configuration;

/// <summary>The steps that every pipeline may name.</summary>
internal static class StepNames
{
    public static IReadOnlyList<string> All { get; } =
        ["base64", "challenge", "customdata", "error.json", "header", "json.unwrap", "json.wrap", "query", "retry", "timeout", "token"];
}
