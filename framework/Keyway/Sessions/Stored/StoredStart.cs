namespace Keyway.Sessions;

/// <summary>What a session with a stored licence is opened for.</summary>
internal enum StoredPurpose
{
    /// <summary>Its keys are to be used.</summary>
    Play = 0,

    /// <summary>It is to be renewed, without media.</summary>
    Renew,

    /// <summary>It is to be given back, without media.</summary>
    Release,
}

/// <summary>What a session knows of the store when it begins.</summary>
/// <param name="Content">The licence to take up; <see langword="null"/>: none fits. Ownership: the session's.</param>
/// <param name="Purpose">What for.</param>
/// <param name="WhyNot">Why a licence that is there is not taken up, for a reader that gets no other.</param>
/// <param name="IsOver">Whether that is because its time is over.</param>
internal sealed record StoredStart(StoredLicenseContent? Content, StoredPurpose Purpose = StoredPurpose.Play, string? WhyNot = null, bool IsOver = false) : IDisposable
{
    public void Dispose() => Content?.Dispose();
}
