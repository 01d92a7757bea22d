namespace Keyway.Licensing.Secrets;

/// <summary>Words in a name that say that what stands under it may be a secret: rather too much is hidden than too little.</summary>
internal static class SecretWords
{
    private static readonly string[] Words =
        ["key", "token", "secret", "pass", "credential", "auth", "sign", "private", "cookie", "cert", "chain", "seed", "pin", "custom"];

    /// <summary>Whether one of them is in a name.</summary>
    public static bool IsIn(string name) => Words.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
}
