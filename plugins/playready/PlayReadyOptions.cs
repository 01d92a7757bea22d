using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Keyway.PlayReady;

/// <summary>Which answers must be signed.</summary>
internal enum ResponseSigning
{
    /// <summary>Those that hold a persistent licence, as Microsoft's server does by default. A signature that is there is always verified.</summary>
    Persistent = 0,

    /// <summary>All of them.</summary>
    Always,
}

/// <summary>The settings of the key system: <c>Keyway:KeySystems:NAME:Settings</c>. All errors are reported together.</summary>
/// <remarks>Read by hand: binding by reflection would keep the plugin in memory.</remarks>
internal sealed partial record PlayReadyOptions
{
    private const string SecretPrefix = "secret:";

    private static readonly string[] CredentialNames = ["Chain", "SignKey", "EncryptKey"];

    private static readonly string[] Names =
    [
        "Chain", "SignKey", "EncryptKey", "Roots", "ServerKey", "ServerKeyFile", "Robustness", "ClientVersion", "ResponseSigning", "RevocationInfo", "MaxLicenses",
    ];

    /// <summary>The name of the secret with the device's certificate chain; <see langword="null"/> when there is no credential.</summary>
    public string? Chain { get; init; }

    /// <summary>The name of the secret with the private key that signs challenges.</summary>
    public string? SignKey { get; init; }

    /// <summary>The name of the secret with the private key that licences are wrapped to.</summary>
    public string? EncryptKey { get; init; }

    /// <summary>The roots that the device's chain and the chains of signed answers may end in.</summary>
    public IReadOnlyList<PlayReadyRoot> Roots { get; init; } = [];

    /// <summary>The licence service's encryption key, x‖y; empty when there is none.</summary>
    public ReadOnlyMemory<byte> ServerKey { get; init; }

    /// <summary>The security level that the host declares it can keep: 150, 2000 or 3000.</summary>
    public int Robustness { get; init; } = PlayReadyConstants.DevelopmentLevel;

    /// <summary>What CLIENTVERSION says. Never another vendor's.</summary>
    public string ClientVersion { get; init; } = "4.0.0.0";

    public ResponseSigning ResponseSigning { get; init; }

    /// <summary>The sequence number of the revocation information that the integrator keeps up to date elsewhere; 0: none.</summary>
    public uint RevocationInfo { get; init; }

    /// <summary>How many licences one answer may bring.</summary>
    public int MaxLicenses { get; init; } = 64;

    /// <summary>Reads the settings.</summary>
    /// <exception cref="Licensing.LicenseServiceException">With <see cref="Licensing.LicenseErrorKind.CredentialInvalid"/>: everything that is wrong, a line each.</exception>
    public static PlayReadyOptions Read(IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        List<string> errors = [];
        foreach (IConfigurationSection child in section.GetChildren())
            if (!Names.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                errors.Add($"{child.Path}: not a setting of playready; known are {string.Join(", ", Names)}");

        PlayReadyOptions options = new()
        {
            Chain = Secret(section.GetSection("Chain"), errors),
            SignKey = Secret(section.GetSection("SignKey"), errors),
            EncryptKey = Secret(section.GetSection("EncryptKey"), errors),
            Roots = ReadRoots(section.GetSection("Roots"), errors),
            ServerKey = PublicKey(section.GetSection("ServerKey"), section.GetSection("ServerKeyFile"), errors),
            Robustness = (int)Number(section.GetSection("Robustness"), PlayReadyConstants.DevelopmentLevel, errors, "150, 2000 or 3000", level => level is 150 or 2000 or 3000),
            ClientVersion = Version(section.GetSection("ClientVersion"), errors),
            ResponseSigning = Signing(section.GetSection("ResponseSigning"), errors),
            RevocationInfo = (uint)Number(section.GetSection("RevocationInfo"), 0, errors, "a number from 0 to 4294967295", number => number <= uint.MaxValue),
            MaxLicenses = (int)Number(section.GetSection("MaxLicenses"), 64, errors, "a number from 1 to 1024", number => number is >= 1 and <= 1024),
        };

        int given = CredentialNames.Count(name => !string.IsNullOrEmpty(section[name]));
        if (given is 1 or 2) errors.Add($"{section.Path}: Chain, SignKey and EncryptKey belong together; {3 - given} of them missing");
        if (given == 3 && options.Roots.Count == 0) errors.Add($"{section.Path}:Roots: a credential needs the root that it ends in");
        if (given == 3 && options.ServerKey.IsEmpty && string.IsNullOrEmpty(section["ServerKey"]) && string.IsNullOrEmpty(section["ServerKeyFile"]))
            errors.Add($"{section.Path}: needs ServerKey or ServerKeyFile, the encryption key of the licence service; none is built in");
        return errors.Count == 0 ? options : throw PlayReadyError.Settings(errors);
    }

    private static string? Secret(IConfigurationSection setting, List<string> errors)
    {
        if (string.IsNullOrEmpty(setting.Value)) return null;
        if (setting.Value.StartsWith(SecretPrefix, StringComparison.Ordinal) && setting.Value.Length > SecretPrefix.Length)
            return setting.Value[SecretPrefix.Length..];
        errors.Add($"{setting.Path}: is a secret, so its value is '{SecretPrefix}NAME' and never the secret itself");
        return null;
    }

    private static List<PlayReadyRoot> ReadRoots(IConfigurationSection section, List<string> errors)
    {
        List<PlayReadyRoot> roots = [];
        foreach (IConfigurationSection entry in section.GetChildren())
        {
            foreach (IConfigurationSection child in entry.GetChildren())
                if (child.Key.ToUpperInvariant() is not ("PUBLICKEY" or "FILE" or "DEVELOPMENT"))
                    errors.Add($"{child.Path}: not a setting of a root; known are PublicKey, File, Development");
            if (string.IsNullOrEmpty(entry["PublicKey"]) && string.IsNullOrEmpty(entry["File"])) errors.Add($"{entry.Path}: needs PublicKey or File");
            bool development = false;
            if (entry["Development"] is string mark && !bool.TryParse(mark, out development)) errors.Add($"{entry.Path}:Development: is true or false");
            ReadOnlyMemory<byte> key = PublicKey(entry.GetSection("PublicKey"), entry.GetSection("File"), errors);
            if (!key.IsEmpty) roots.Add(new PlayReadyRoot(entry.Key, key, development));
        }

        return roots;
    }

    /// <summary>A public key: text in the setting itself, or a file that an absolute path names.</summary>
    private static ReadOnlyMemory<byte> PublicKey(IConfigurationSection inline, IConfigurationSection file, List<string> errors)
    {
        IConfigurationSection given = string.IsNullOrEmpty(inline.Value) ? file : inline;
        if (string.IsNullOrEmpty(given.Value)) return default;
        if (given == inline && !string.IsNullOrEmpty(file.Value)) errors.Add($"{file.Path}: stands beside {inline.Key}; give one of them");
        byte[] bytes;
        if (given == inline) bytes = Encoding.UTF8.GetBytes(given.Value);
        else if (!Path.IsPathFullyQualified(given.Value))
        {
            errors.Add($"{file.Path}: is not an absolute path");
            return default;
        }
        else
        {
            try
            {
                bytes = File.ReadAllBytes(given.Value);
            }
            catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
            {
                errors.Add($"{file.Path}: cannot be read: {cause.Message}");
                return default;
            }
        }

        if (PublicKeyText.TryRead(bytes, out byte[] point)) return point;
        errors.Add($"{given.Path}: is not a public key on P-256 (x‖y or SubjectPublicKeyInfo; hexadecimal digits, base64 or PEM)");
        return default;
    }

    private static long Number(IConfigurationSection setting, long initial, List<string> errors, string expected, Predicate<long> fits)
    {
        if (string.IsNullOrEmpty(setting.Value)) return initial;
        if (long.TryParse(setting.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && fits(number)) return number;
        errors.Add($"{setting.Path}: is {expected}");
        return initial;
    }

    private static string Version(IConfigurationSection setting, List<string> errors)
    {
        const string initial = "4.0.0.0";
        if (string.IsNullOrEmpty(setting.Value)) return initial;
        if (DottedQuad().IsMatch(setting.Value)) return setting.Value;
        errors.Add($"{setting.Path}: is four numbers with dots, such as {initial}");
        return initial;
    }

    private static ResponseSigning Signing(IConfigurationSection setting, List<string> errors)
    {
        if (string.IsNullOrEmpty(setting.Value)) return default;
        foreach (ResponseSigning value in (ReadOnlySpan<ResponseSigning>)[ResponseSigning.Persistent, ResponseSigning.Always])
            if (string.Equals(value.ToString(), setting.Value, StringComparison.OrdinalIgnoreCase)) return value;
        errors.Add($"{setting.Path}: is Persistent or Always");
        return default;
    }

    [GeneratedRegex(@"\A[0-9]{1,5}(\.[0-9]{1,5}){3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex DottedQuad();
}
