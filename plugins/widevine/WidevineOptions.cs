using Microsoft.Extensions.Configuration;

namespace Keyway.Widevine;

/// <summary>When the device's identity is encrypted for the service.</summary>
internal enum PrivacyMode
{
    /// <summary>Whenever a service certificate is there: configured, or handed in by the host.</summary>
    Auto = 0,

    /// <summary>Always; without a certificate it is fetched from the service first.</summary>
    Required,

    /// <summary>Never.</summary>
    Off,
}

/// <summary>The two forms of request identifiers that are known.</summary>
internal enum RequestIdForm
{
    /// <summary>16 random bytes.</summary>
    Random = 0,

    /// <summary>32 upper-case hexadecimal digits: 8 random bytes, then a counter of 8 bytes, little-endian.</summary>
    HexCounter,
}

/// <summary>How several headers that ask for content keys are treated.</summary>
internal enum SeveralHeaders
{
    /// <summary>All of them go into one challenge, an entry each.</summary>
    All = 0,

    /// <summary>The first one only.</summary>
    First,
}

/// <summary>How init data that is not a WidevinePsshData is treated.</summary>
internal enum UnknownPayloads
{
    /// <summary>It goes to the service as it is: some services define their own.</summary>
    PassThrough = 0,

    /// <summary>It is refused.</summary>
    Refuse,
}

/// <summary>The settings of one entry of configuration, read by hand. All errors are reported together.</summary>
internal sealed record WidevineOptions
{
    private const string SecretPrefix = "secret:";

    private static readonly string[] Names =
    [
        "PrivateKey", "ClientId", "Roots", "Privacy", "ServiceCertificate", "ServiceCertificateFile", "RequestId", "SeveralHeaders",
        "UnknownPayloads", "ContentIdFromKeyId", "ClientInfo", "SecurityLevel", "RenewAhead", "IdentifyToContentUrls",
    ];

    /// <summary>The name of the secret with the private key; <see langword="null"/> when there is no credential.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>The name of the secret with the serialized ClientIdentification.</summary>
    public string? ClientId { get; init; }

    /// <summary>The roots that device and service certificates may end in.</summary>
    public IReadOnlyList<WidevineRoot> Roots { get; init; } = [];

    public PrivacyMode Privacy { get; init; }

    /// <summary>The configured service certificate, not verified yet. Empty: none.</summary>
    public ReadOnlyMemory<byte> ServiceCertificate { get; init; }

    public RequestIdForm RequestId { get; init; }

    public SeveralHeaders SeveralHeaders { get; init; }

    public UnknownPayloads UnknownPayloads { get; init; }

    /// <summary>Whether a synthesised header for one key also names the key as content id, as some services want.</summary>
    public bool ContentIdFromKeyId { get; init; }

    /// <summary>Entries that replace or follow those of the provisioned ClientIdentification.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ClientInfo { get; init; } = [];

    /// <summary>The highest security level that keys may ask for: 1, or 2 when the host decodes too.</summary>
    public int SecurityLevel { get; init; } = 1;

    /// <summary>How long before its end a renewable licence is renewed that names no time for it.</summary>
    public TimeSpan RenewAhead { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether a server that only content names may learn who the device is: with <see cref="PrivacyMode.Required"/> and no configured certificate it sends the
    /// certificate that the identity is encrypted for.
    /// </summary>
    public bool IdentifyToContentUrls { get; init; }

    /// <summary>Whether the service that is asked may send the certificate that the device's identity is encrypted for.</summary>
    public bool TakesCertificateOfServer => Privacy == PrivacyMode.Required && ServiceCertificate.IsEmpty;

    /// <summary>Whether no challenge tells the service's neighbours who the device is.</summary>
    public bool HidesDevice => Privacy == PrivacyMode.Required || (Privacy == PrivacyMode.Auto && !ServiceCertificate.IsEmpty);

    /// <exception cref="Licensing.LicenseServiceException">With CredentialInvalid: everything that is wrong, a line each.</exception>
    public static WidevineOptions Read(IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        List<string> errors = [];
        foreach (IConfigurationSection child in section.GetChildren())
            if (!Names.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                errors.Add($"{child.Path}: not a setting of widevine; known are {string.Join(", ", Names)}");

        string? privateKey = Secret(section.GetSection("PrivateKey"), errors);
        string? clientId = Secret(section.GetSection("ClientId"), errors);
        if (privateKey is null != clientId is null && errors.Count == 0)
            errors.Add($"{section.Path}: PrivateKey and ClientId belong together; one of them is missing");

        WidevineOptions options = new()
        {
            PrivateKey = privateKey,
            ClientId = clientId,
            Roots = ReadRoots(section.GetSection("Roots"), errors),
            Privacy = Choice<PrivacyMode>(section.GetSection("Privacy"), errors),
            ServiceCertificate = ReadCertificate(section, errors),
            RequestId = Choice<RequestIdForm>(section.GetSection("RequestId"), errors),
            SeveralHeaders = Choice<SeveralHeaders>(section.GetSection("SeveralHeaders"), errors),
            UnknownPayloads = Choice<UnknownPayloads>(section.GetSection("UnknownPayloads"), errors),
            ContentIdFromKeyId = Flag(section.GetSection("ContentIdFromKeyId"), errors),
            ClientInfo = [.. section.GetSection("ClientInfo").GetChildren().Select(entry => KeyValuePair.Create(entry.Key, entry.Value ?? ""))],
            SecurityLevel = Level(section.GetSection("SecurityLevel"), errors),
            IdentifyToContentUrls = Flag(section.GetSection("IdentifyToContentUrls"), errors),
            RenewAhead = Span(section.GetSection("RenewAhead"), TimeSpan.FromMinutes(1), errors),
        };
        if (options.Privacy == PrivacyMode.Off && !options.ServiceCertificate.IsEmpty)
            errors.Add($"{section.Path}: a service certificate is configured and Privacy is Off; remove one of them");
        if (options.IdentifyToContentUrls && !options.TakesCertificateOfServer)
            errors.Add($"{section.Path}:IdentifyToContentUrls: does nothing but beside Privacy=Required without a configured service certificate");
        return errors.Count == 0 ? options : throw WidevineError.Settings(errors);
    }

    private static string? Secret(IConfigurationSection setting, List<string> errors)
    {
        if (string.IsNullOrEmpty(setting.Value)) return null;
        if (setting.Value.StartsWith(SecretPrefix, StringComparison.Ordinal) && setting.Value.Length > SecretPrefix.Length)
            return setting.Value[SecretPrefix.Length..];
        errors.Add($"{setting.Path}: is a secret, so its value is 'secret:NAME' and never the secret itself");
        return null;
    }

    private static List<WidevineRoot> ReadRoots(IConfigurationSection section, List<string> errors)
    {
        List<WidevineRoot> roots = [];
        foreach (IConfigurationSection entry in section.GetChildren())
        {
            foreach (IConfigurationSection child in entry.GetChildren())
                if (child.Key.ToUpperInvariant() is not ("PUBLICKEY" or "FILE" or "DEVELOPMENT"))
                    errors.Add($"{child.Path}: not a setting of a root; known are PublicKey, File, Development");
            bool development = Flag(entry.GetSection("Development"), errors);
            byte[]? bytes = Bytes(entry.GetSection("PublicKey"), entry.GetSection("File"), errors);
            if (bytes is null)
            {
                if (entry["PublicKey"] is null && entry["File"] is null) errors.Add($"{entry.Path}: needs PublicKey or File");
                continue;
            }

            if (WidevineRoot.TryRead(entry.Key, bytes, development, out WidevineRoot? root, out string reason)) roots.Add(root!);
            else errors.Add($"{entry.Path}:{(entry["PublicKey"] is null ? "File" : "PublicKey")}: {reason}");
        }

        return roots;
    }

    private static ReadOnlyMemory<byte> ReadCertificate(IConfigurationSection section, List<string> errors) =>
        Bytes(section.GetSection("ServiceCertificate"), section.GetSection("ServiceCertificateFile"), errors) is byte[] bytes
            ? WidevineText.Unwrap(bytes)
            : default(ReadOnlyMemory<byte>);

    /// <summary>Public bytes: text in the setting itself, or a file that an absolute path names.</summary>
    private static byte[]? Bytes(IConfigurationSection inline, IConfigurationSection file, List<string> errors)
    {
        if (inline.Value is not null && file.Value is not null)
        {
            errors.Add($"{file.Path}: stands beside {inline.Key}; give one of them");
            return null;
        }

        if (inline.Value is not null) return System.Text.Encoding.UTF8.GetBytes(inline.Value);
        if (file.Value is null) return null;
        if (!Path.IsPathFullyQualified(file.Value))
        {
            errors.Add($"{file.Path}: is not an absolute path");
            return null;
        }

        try
        {
            return File.ReadAllBytes(file.Value);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{file.Path}: cannot be read: {cause.Message}");
            return null;
        }
    }

    private static T Choice<T>(IConfigurationSection setting, List<string> errors)
        where T : struct, Enum
    {
        if (setting.Value is null) return default;
        foreach (T value in Enum.GetValues<T>())
            if (string.Equals(value.ToString(), setting.Value, StringComparison.OrdinalIgnoreCase)) return value;
        errors.Add($"{setting.Path}: is one of {string.Join(", ", Enum.GetNames<T>())}");
        return default;
    }

    private static bool Flag(IConfigurationSection setting, List<string> errors)
    {
        if (setting.Value is null) return false;
        if (bool.TryParse(setting.Value, out bool value)) return value;
        errors.Add($"{setting.Path}: is true or false");
        return false;
    }

    private static int Level(IConfigurationSection setting, List<string> errors)
    {
        if (setting.Value is null or "1") return 1;
        if (setting.Value is "2") return 2;
        errors.Add($"{setting.Path}: is 1 (software decryption) or 2 (software decoding too); hardware levels 3 to 5 are not supported, see {WidevineConstants.Page}#security-levels");
        return 1;
    }

    private static TimeSpan Span(IConfigurationSection setting, TimeSpan initial, List<string> errors)
    {
        if (setting.Value is null) return initial;
        if (TimeSpan.TryParse(setting.Value, System.Globalization.CultureInfo.InvariantCulture, out TimeSpan span) && span >= TimeSpan.Zero) return span;
        errors.Add($"{setting.Path}: is a time span such as 00:01:00");
        return initial;
    }
}
