namespace Keyway.Cdm;

/// <summary>The names and numbers that are fixed.</summary>
internal static class CdmConstants
{
    /// <summary>The plugin's id, and the name by which configuration asks for its key system.</summary>
    public const string Name = "cdm";

    /// <summary>The name of its loggers.</summary>
    public const string LogCategory = "Keyway.Cdm";

    /// <summary>The page that explains what the exceptions are about.</summary>
    public const string Page = "docs/platform-cdm.md";

    /// <summary>Where the child lies, below the plugin.</summary>
    public const string ChildFolder = "host";

    /// <summary>The child.</summary>
    public const string ChildAssembly = "Keyway.Cdm.Host.dll";

    /// <summary>W3C Clear Key: the one system whose keys come in the open.</summary>
    public const string ClearKey = "org.w3.clearkey";

    /// <summary>The media type of its requests.</summary>
    public const string ClearKeyContentType = "application/json";

    /// <summary>Widevine's system.</summary>
    public static SystemId Widevine { get; } = new(new Guid("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"));

    /// <summary>The systems whose header a module of a known key system reads. What is not here is said by configuration.</summary>
    public static IReadOnlyDictionary<string, SystemId[]> Systems { get; } = new Dictionary<string, SystemId[]>(StringComparer.Ordinal)
    {
        [ClearKey] = [new(new Guid("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")), new(new Guid("e2719d58-a985-b3c9-781a-b030af78d30e"))],
        ["com.widevine.alpha"] = [Widevine],
        ["com.widevine.alpha.experiment"] = [Widevine],
    };

    /// <summary>Widevine's request for the certificate of the service, as its modules send it in the place of a licence request.</summary>
    public static ReadOnlySpan<byte> CertificateRequest => [0x08, 0x04];
}
