using System.Diagnostics.CodeAnalysis;

namespace Keyway.Sessions;

/// <summary>The identifier of a stored licence, for as long as it is stored.</summary>
/// <param name="Value">The UUID.</param>
public readonly record struct StoredLicenseId(Guid Value)
{
    /// <summary>Makes a new identifier.</summary>
    /// <returns>An identifier that no other stored licence has.</returns>
    public static StoredLicenseId Create() => new(Guid.CreateVersion7());

    /// <summary>Reads 32 hexadecimal digits without dashes: what <see cref="ToString"/> returns.</summary>
    /// <param name="text">The text.</param>
    /// <param name="id">The identifier, or the default value when the method returns <see langword="false"/>.</param>
    /// <returns><see langword="false"/> when the text is anything else.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out StoredLicenseId id)
    {
        bool read = Guid.TryParseExact(text, "N", out Guid value);
        id = new StoredLicenseId(value);
        return read;
    }

    /// <summary>Returns the UUID as 32 lower-case hexadecimal digits.</summary>
    /// <returns>The digits, without dashes.</returns>
    public override string ToString() => Value.ToString("N");
}
