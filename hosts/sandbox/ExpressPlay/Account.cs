using System.Globalization;
using System.Security.Cryptography;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>A customer's account in one of the two worlds.</summary>
internal sealed record Account
{
    /// <summary>Its name in the file.</summary>
    public required string Name { get; init; }

    /// <summary>The world it belongs to.</summary>
    public required World World { get; init; }

    /// <summary>The customer authenticator: a decimal service id, a comma, 32 hexadecimal digits.</summary>
    public required string Authenticator { get; init; }

    /// <summary>The account's identifier, which its tokens bear.</summary>
    public Guid Id { get; init; } = Guid.NewGuid();

    /// <summary>How many redemptions are left; <see langword="null"/>: as many as you like.</summary>
    public int? Credits { get; init; }

    /// <summary>Whether it is not disabled.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Whether it may have Widevine tokens.</summary>
    public bool HasWidevine { get; init; } = true;

    /// <summary>Whether it may have PlayReady tokens.</summary>
    public bool HasPlayReady { get; init; } = true;

    /// <summary>The service id in the authenticator.</summary>
    public string ServiceId => Authenticator[..Authenticator.IndexOf(',', StringComparison.Ordinal)];

    /// <summary>Draws an authenticator.</summary>
    /// <returns>It.</returns>
    public static string DrawAuthenticator() =>
        string.Create(CultureInfo.InvariantCulture, $"{RandomNumberGenerator.GetInt32(200_000, 300_000)},{RandomNumberGenerator.GetHexString(32, lowercase: true)}");

    /// <summary>Whether a text has the form of an authenticator.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Whether it has.</returns>
    public static bool IsAuthenticator(string text) =>
        text.Split(',') is [string id, string key] && uint.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out _) && key.Length == 32 && key.All(char.IsAsciiHexDigit);

    /// <summary>The name, never the authenticator.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Name;
}
