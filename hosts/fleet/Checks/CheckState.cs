namespace Keyway.Fleet.Checks;

/// <summary>What a check says.</summary>
internal enum CheckState
{
    /// <summary>Nothing yet, or it does not apply to the stream.</summary>
    Unknown = 0,

    /// <summary>It is as it should be.</summary>
    Ok,

    /// <summary>It is not.</summary>
    Failing,
}
