namespace Keyway.Protection;

/// <summary>The protection systems that readers know by name (DASH-IF content-protection registry). The framework decodes none of their data.</summary>
public static class SystemIds
{
    /// <summary>W3C's common system: key identifiers in a version 1 box and no data.</summary>
    public static SystemId Common { get; } = new(new Guid("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"));

    /// <summary>DASH-IF's ClearKey system.</summary>
    public static SystemId ClearKeyDashIf { get; } = new(new Guid("e2719d58-a985-b3c9-781a-b030af78d30e"));

    /// <summary>Widevine.</summary>
    public static SystemId Widevine { get; } = new(new Guid("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"));

    /// <summary>PlayReady.</summary>
    public static SystemId PlayReady { get; } = new(new Guid("9a04f079-9840-4286-ab92-e65be0885f95"));

    /// <summary>FairPlay.</summary>
    public static SystemId FairPlay { get; } = new(new Guid("94ce86fb-07ff-4f43-adb8-93d2fa968ca2"));

    /// <summary>Marlin.</summary>
    public static SystemId Marlin { get; } = new(new Guid("5e629af5-38da-4063-8977-97ffbd9902d4"));

    /// <summary>
    /// No protection system: keys that are files at an address, in the open (RFC 8216, the key format <c>identity</c>). The UUID is this framework's own; no box has it.
    /// </summary>
    internal static SystemId KeyFile { get; } = new(new Guid("6b79f11e-0000-4000-8000-6964656e7469"));

    /// <summary>The system's name for people, or its UUID.</summary>
    /// <param name="system">The system.</param>
    /// <returns>The name.</returns>
    public static string NameOf(SystemId system) =>
        system == Common ? "common" :
        system == ClearKeyDashIf ? "clearkey" :
        system == Widevine ? "widevine" :
        system == PlayReady ? "playready" :
        system == FairPlay ? "fairplay" :
        system == Marlin ? "marlin" :
        system == KeyFile ? "identity" :
        system.ToString();
}
