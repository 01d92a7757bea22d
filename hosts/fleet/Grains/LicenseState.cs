namespace Keyway.Fleet.Grains;

/// <summary>Whether there is a licence.</summary>
internal enum LicenseState
{
    /// <summary>Nobody has asked yet.</summary>
    None = 0,

    /// <summary>It is being asked for.</summary>
    Asking,

    /// <summary>It is there.</summary>
    Held,

    /// <summary>The service says no.</summary>
    Refused,

    /// <summary>The service is away, or too busy.</summary>
    Away,
}
