namespace Keyway.ClearKey;

/// <summary>The fixed words and numbers of ClearKey.</summary>
internal static class ClearKeyConstants
{
    /// <summary>The name by which configuration asks for the key system, and the plugin's id.</summary>
    public const string Name = "clearkey";

    /// <summary>The key-system string of W3C EME (section "Clear Key").</summary>
    public const string EmeName = "org.w3.clearkey";

    /// <summary>The media type of requests and licences.</summary>
    public const string ContentType = "application/json";

    /// <summary>The only session type that is asked for: keys live as long as their session.</summary>
    public const string SessionType = "temporary";

    /// <summary>The length of a content key in bytes: Common Encryption is AES-128.</summary>
    public const int KeyLength = 16;

    /// <summary>The longest key identifier that is accepted, in bytes. The standards set no limit, other readers this one.</summary>
    public const int MaxIdLength = 512;

    /// <summary>W3C's common system: key identifiers in a version 1 box, and no data.</summary>
    public static readonly SystemId CommonSystem = new(new Guid("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"));

    /// <summary>DASH-IF's ClearKey system.</summary>
    public static readonly SystemId DashIfSystem = new(new Guid("e2719d58-a985-b3c9-781a-b030af78d30e"));
}
