namespace Keyway.Widevine;

/// <summary>The names and numbers that the protocol fixes. None of them is a secret, and none of them is a root of trust.</summary>
internal static class WidevineConstants
{
    /// <summary>The short name, and the plugin's id.</summary>
    public const string Name = "widevine";

    /// <summary>The system identifier of its <c>pssh</c> boxes.</summary>
    public static SystemId System { get; } = new(new Guid("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"));

    /// <summary>The name of its loggers.</summary>
    public const string LogCategory = "Keyway.Widevine";

    /// <summary>The page that explains what the exceptions are about.</summary>
    public const string Page = "docs/widevine.md";

    /// <summary>The longest initialisation data that is read, and the longest key identifier in a licence (the limits of Chromium's interface).</summary>
    public const int MaxInitDataLength = 64 * 1024, MaxKeyIdLength = 512;

    /// <summary>The length of an AES-128 key, of an IV, and of a session key.</summary>
    public const int BlockLength = 16;

    /// <summary>The length of an authentication key of either direction; a SIGNING container holds two.</summary>
    public const int MacKeyLength = 32;

    /// <summary>The length of an HMAC-SHA-256.</summary>
    public const int MacLength = 32;

    /// <summary>How many unanswered requests a session remembers. Asking is serial, so more than a few mean that answers never come.</summary>
    public const int MaxOutstanding = 8;

    /// <summary>What disc and stream readers call it.</summary>
    public static IReadOnlyList<string> Designators { get; } =
        ["com.widevine.alpha", "com.widevine.alpha.experiment", "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", "com.widevine"];

    // Restrictions that a sink must know by these identifiers to be allowed to serve the key. They are this plugin's own.

    /// <summary>Analogue outputs must be off. No data.</summary>
    public static Guid AnalogOutputOff { get; } = new("2a966d61-d681-42cd-805a-97ee49f439ef");

    /// <summary>Analogue outputs must carry CGMS-A. Data: one byte, 2 = copy once, 3 = copy never.</summary>
    public static Guid CopyControl { get; } = new("d7787619-59e9-4781-95f8-fda77afd9fb8");

    /// <summary>HDCP must know a current list of revoked receivers. Data: empty, or the licence's <c>srm_requirement</c>.</summary>
    public static Guid CurrentRevocations { get; } = new("47a32bf4-0b0e-4366-88c3-b7fd1a36feea");
}
