using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Keyway.ClearKey;

/// <summary>The settings of the key system: <c>Keyway:KeySystems:NAME:Settings</c>.</summary>
/// <remarks>
/// <code>
/// "Settings": { "Keys": { "d2aca193-19b8-ca2f-a031-5b7842893e3a": "secret:my-film" } }
/// </code>
/// Read by hand: binding by reflection would keep the plugin in memory.
/// </remarks>
internal sealed record ClearKeyOptions
{
    /// <summary>Keys that need no server: the key's identifier, and the name of the secret that holds it.</summary>
    public IReadOnlyDictionary<KeyId, string> Keys { get; init; } = new Dictionary<KeyId, string>();

    /// <summary>Reads the settings.</summary>
    /// <param name="settings">The section.</param>
    /// <returns>The options.</returns>
    /// <exception cref="LicenseServiceException">With <see cref="LicenseErrorKind.CredentialInvalid"/>: everything that is wrong, a line each.</exception>
    public static ClearKeyOptions Read(IConfigurationSection settings)
    {
        const string secret = "secret:";
        Dictionary<KeyId, string> keys = [];
        List<string> errors = [];

        foreach (IConfigurationSection unknown in settings.GetChildren().Where(child => !Is(child, "Keys")))
            errors.Add($"{unknown.Path}: ClearKey has no such setting");

        foreach (IConfigurationSection entry in settings.GetSection("Keys").GetChildren())
        {
            if (!KeyId.TryParse(entry.Key, out KeyId id)) errors.Add($"{entry.Path}: '{entry.Key}' is not a key identifier (32 hexadecimal digits)");
            else if (entry.Value is not { } value || !value.StartsWith(secret, StringComparison.Ordinal))
                errors.Add($"{entry.Path}: a key is given as '{secret}NAME', never itself");   // and so its text is not repeated here
            else if (!keys.TryAdd(id, value[secret.Length..])) errors.Add($"{entry.Path}: the same key is given twice");
        }

        return errors.Count == 0 ? new ClearKeyOptions { Keys = keys } : throw ClearKeyError.Settings(errors);
    }

    private static bool Is(IConfigurationSection section, string name) => section.Key.Equals(name, StringComparison.OrdinalIgnoreCase);
}
