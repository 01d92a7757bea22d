using Keyway.Licensing;

namespace Keyway.ClearKey;

/// <summary>What can go wrong, in the words that every key system shares.</summary>
/// <remarks>The protocol has no refusals of its own: a server says no by its status code, which the framework judges.</remarks>
internal static class ClearKeyError
{
    /// <summary>Nothing says which keys the content needs.</summary>
    /// <returns>The exception.</returns>
    public static LicenseServiceException NothingWanted() =>
        new(LicenseErrorKind.HeaderUnsupported, "ClearKey: neither the headers nor the content name a key")
        {
            Advice = "A request lists key identifiers. Package with default_KID, or with a pssh box of version 1.",
        };

    /// <summary>The licence cannot be read.</summary>
    /// <param name="reason">Why, without a letter of the licence.</param>
    /// <returns>The exception.</returns>
    public static LicenseServiceException Malformed(string reason) => new(LicenseErrorKind.LicenseMalformed, $"ClearKey licence: {reason}");

    /// <summary>The licence has none of the wanted keys.</summary>
    /// <param name="wanted">The wanted keys.</param>
    /// <returns>The exception.</returns>
    public static LicenseServiceException NoneOfTheKeys(IEnumerable<ClearKeyId> wanted) =>
        new(LicenseErrorKind.KeyNotFound, $"ClearKey licence: none of the wanted keys is in it ({Join(wanted.Select(id => id.Id.ToString()))})");

    /// <summary>A key of configuration cannot be used.</summary>
    /// <param name="id">The key.</param>
    /// <param name="reason">Why, without a letter of the key.</param>
    /// <param name="cause">What caused it.</param>
    /// <returns>The exception.</returns>
    public static LicenseServiceException ConfiguredKey(KeyId id, string reason, Exception? cause = null) =>
        new(LicenseErrorKind.CredentialInvalid, $"ClearKey: configured key {id}: {reason}", cause);

    /// <summary>The settings are wrong.</summary>
    /// <param name="errors">What is wrong, each with its path.</param>
    /// <returns>The exception.</returns>
    public static LicenseServiceException Settings(IEnumerable<string> errors) =>
        new(LicenseErrorKind.CredentialInvalid, string.Join('\n', errors));

    private static string Join(IEnumerable<string> names)
    {
        List<string> list = [.. names];
        return list.Count <= 4 ? string.Join(", ", list) : $"{string.Join(", ", list.Take(4))} and {list.Count - 4} more";
    }
}
