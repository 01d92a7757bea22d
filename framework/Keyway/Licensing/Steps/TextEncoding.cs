using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Steps;

/// <summary>How the value of a step is written as a whole.</summary>
internal enum TextEncoding
{
    None = 0,
    Base64,
    Base64Url,
}

/// <summary>Applies it.</summary>
internal static class TextEncodings
{
    public static ValueTemplate Encode(this TextEncoding? encoding, ValueTemplate value) => encoding switch
    {
        TextEncoding.Base64 => value.In(ValueEncoding.Base64),
        TextEncoding.Base64Url => value.In(ValueEncoding.Base64Url),
        _ => value,
    };
}
