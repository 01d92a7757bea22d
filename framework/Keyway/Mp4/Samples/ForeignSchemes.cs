namespace Keyway.Mp4;

/// <summary>Protection schemes that are not Common Encryption, by the code that <c>schm</c> has for them: no key opens them here.</summary>
public static class ForeignSchemes
{
    /// <summary>What a scheme is called in a message: its four characters, and the system that it belongs to where that is known.</summary>
    /// <param name="schemeType">The four characters of <c>schm</c>; <see langword="null"/> where there are none.</param>
    public static string Describe(string? schemeType) =>
        schemeType is null ? "a scheme that nothing names" : $"'{schemeType}'{(NameOf(schemeType) is { } name ? $", {name}" : "")}";

    /// <summary>Names the system that a scheme belongs to.</summary>
    /// <param name="schemeType">The four characters of <c>schm</c>.</param>
    /// <returns>Its name; <see langword="null"/> for one that is not known here, and for the schemes of Common Encryption.</returns>
    public static string? NameOf(string? schemeType) => schemeType switch
    {
        "odkm" or "odaf" => "OMA DRM 2",
        "iAEC" or "iaec" => "ISMACryp",
        "ACBC" or "ACGK" => "Marlin",
        "adkm" or "adaf" => "Adobe Access",
        "itun" => "iTunes FairPlay",
        "sve1" => "Common Encryption of NAL units only",
        _ => null,
    };
}
