using System.Buffers;
using System.Collections.Frozen;
using System.Security.Cryptography;
using Keyway.Licensing.Secrets;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>Decides which values are not shown. A setting that is declared secret must be a reference; this is for those that are not, by mistake.</summary>
/// <remarks>
/// The framework's own settings are no secrets. What plugins and steps define is judged by the names on the way to it: one word that is a
/// secret's by its nature is enough, and rather too much is hidden than too little.
/// </remarks>
internal static class SecretSettings
{
    public const string Mask = "***";

    // What is published, and of use only where it can be compared: keys that others verify or encrypt with, and certificates.
    private static readonly FrozenSet<string> PublicNames = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "ServerKey", "ServerCertificate", "ServiceCertificate", "ServiceCertificateFile", "Certificate", "CertificateFile", "CertificateUrl");

    private static readonly FrozenSet<string> AllowMembers = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "Pin", "Required", "Disabled");

    private static readonly FrozenSet<string> NameMembers = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "Use", "Name");

    private static readonly FrozenSet<string> FreeMembers = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "Settings", "Parameters", "Steps", "Pipeline", "Token");

    /// <summary>Whether a value may be a secret.</summary>
    /// <param name="keyway">The section <c>Keyway</c>.</param>
    /// <param name="leaf">The setting.</param>
    public static bool IsSecret(IConfigurationSection keyway, IConfigurationSection leaf) => IsSecret(keyway, leaf.Path, leaf.Value);

    /// <summary>Whether a value that a setting has in any layer may be a secret: where one names a secret, another may hold it.</summary>
    /// <param name="keyway">The section <c>Keyway</c>.</param>
    /// <param name="path">The setting's path.</param>
    /// <param name="value">The value.</param>
    public static bool IsSecret(IConfigurationSection keyway, string path, string? value)
    {
        if (SecretReference.IsReference(value)) return SecretReference.NameOf(value) is null;
        if (string.IsNullOrEmpty(value)) return false;

        string[] segments = path[(keyway.Path.Length + 1)..].Split(ConfigurationPath.KeyDelimiter);
        int free = FirstForeign(segments);
        if (free < 0) return false;
        if (IsOfTokenRequest(segments)) return true;
        // A flag is none, whatever it is about.
        if (bool.TryParse(value, out _)) return false;
        if (IsPublic(segments[^1])) return HoldsPrivateKey(value) || segments[free..^1].Any(SecretWords.IsIn);
        return segments[free..].Any(SecretWords.IsIn) || IsJsonWithSecretName(segments, value) || IsValueOfSecretName(keyway, segments);
    }

    /// <summary>Whether a member of an entry below <c>Plugins:Allow</c> is the framework's and not the plugin's.</summary>
    public static bool IsAllowMember(string name) => AllowMembers.Contains(name);

    /// <summary>A URL without its user name and without the values of its query; anything else as it is.</summary>
    public static string WithoutUrlSecrets(string value)
    {
        if (!Uri.TryCreate(value, UriKind.Absolute, out Uri? url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)) return value;
        if (url.UserInfo.Length == 0 && url.Query.Length == 0) return value;
        string bare = url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        return url.Query.Length == 0 ? bare : $"{bare}?{Mask}";
    }

    /// <summary>What is shown of the value of a setting that holds no secret, in a message about it; <see langword="null"/>: nothing.</summary>
    public static string? InMessage(string? value)
    {
        if (string.IsNullOrEmpty(value)) return null;
        string shown = WithoutUrlSecrets(value);
        // What is no such URL and looks like one is left out rather than cut wrongly.
        if (ReferenceEquals(shown, value) && value.AsSpan().ContainsAny('@', '?')) return null;
        return shown.Length <= 80 ? shown : $"{shown[..80]}…";
    }

    // Where the names begin that somebody else gives; -1: nowhere.
    //   Plugins:Allow:ID:…   KeySystems:NAME:Settings:…   Providers:NAME:Pipeline:N:…
    private static int FirstForeign(string[] segments)
    {
        const int foreign = 3;
        if (segments.Length <= foreign) return -1;
        bool plugin = segments[0].Equals("Plugins", StringComparison.OrdinalIgnoreCase);
        bool own = plugin ? segments.Length == foreign + 1 && AllowMembers.Contains(segments[foreign]) : !FreeMembers.Contains(segments[2]);
        return own ? -1 : foreign;
    }

    // What goes to a storefront for a token is who asks: Providers:NAME:Token:Http:Headers:…, Providers:NAME:Pipeline:N:Http:Headers:…, Providers:NAME:Steps:token:Http:Headers:…
    private static bool IsOfTokenRequest(string[] segments)
    {
        int http = segments.Length < 3 ? -1 : segments[2].Equals("Token", StringComparison.OrdinalIgnoreCase) ? 3 : 4;
        return http > 0 && segments.Length > http + 2 && segments[http].Equals("Http", StringComparison.OrdinalIgnoreCase)
            && (segments[http + 1].Equals("Headers", StringComparison.OrdinalIgnoreCase) || segments[http + 1].Equals("Body", StringComparison.OrdinalIgnoreCase));
    }

    // JSON that stands in one text: Providers:NAME:Pipeline:N:Body:Json
    private static bool IsJsonWithSecretName(string[] segments, string value) =>
        segments[^1].Equals("Json", StringComparison.OrdinalIgnoreCase) && value.TrimStart() is ['{' or '[', ..] && SecretWords.IsIn(value);

    // { "Use": "header", "Name": "Authorization", "Value": "Bearer …" }
    private static bool IsValueOfSecretName(IConfigurationSection keyway, string[] segments) =>
        !NameMembers.Contains(segments[^1]) && keyway.GetSection(ConfigurationPath.Combine(segments[..^1]))["Name"] is { } name && SecretWords.IsIn(name);

    private static bool IsPublic(string name) => name.StartsWith("Public", StringComparison.OrdinalIgnoreCase) || PublicNames.Contains(name);

    /// <summary>Whether somebody has put the other half where the public one belongs.</summary>
    private static bool HoldsPrivateKey(string value)
    {
        if (value.Contains("PRIVATE", StringComparison.OrdinalIgnoreCase)) return true;
        byte[] bytes = new byte[value.Length];
        // Hexadecimal digits are letters of base64, too.
        if (!TryHex(value, bytes, out int length) && !Convert.TryFromBase64String(value, bytes, out length)) return false;
        // The private half of a key of the curve P-256 is a number of 32 bytes.
        const int number = 32;
        try
        {
            if (length == number || CanImport(RSA.Create, bytes.AsSpan(0, length)) || CanImport(ECDsa.Create, bytes.AsSpan(0, length))) return true;
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static bool TryHex(string value, byte[] bytes, out int length) =>
        Convert.FromHexString(value, bytes, out _, out length) == OperationStatus.Done;

    private static bool CanImport<T>(Func<T> create, ReadOnlySpan<byte> key)
        where T : AsymmetricAlgorithm
    {
        using T algorithm = create();
        try
        {
            algorithm.ImportPkcs8PrivateKey(key, out _);
            return true;
        }
        catch (CryptographicException)
        {
        }

        try
        {
            if (algorithm is RSA rsa) rsa.ImportRSAPrivateKey(key, out _);
            else if (algorithm is ECDsa curve) curve.ImportECPrivateKey(key, out _);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
