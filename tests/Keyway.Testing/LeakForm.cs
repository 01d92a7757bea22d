namespace Keyway.Testing;

/// <summary>How a secret was written where it should not be.</summary>
public enum LeakForm
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>As it is: bytes, or the text itself; also behind the escapes of JSON, XML and URLs, and in UTF-16.</summary>
    Raw,

    /// <summary>Hexadecimal digits of either case, with whatever stands between them.</summary>
    Hexadecimal,

    /// <summary>Base64 or base64url, padded or not, alone or inside a longer text.</summary>
    Base64,

    /// <summary>A list of decimal numbers, signed or not.</summary>
    DecimalList,

    /// <summary>Any of these in the byte order of a GUID.</summary>
    GuidOrder,
}
