namespace Keyway.Fleet.Checks;

/// <summary>How bad it is when a check fails.</summary>
internal enum Severity
{
    /// <summary>Somebody may want to know.</summary>
    Information = 0,

    /// <summary>It may become worse.</summary>
    Warning,

    /// <summary>Viewers notice, or will soon.</summary>
    Critical,
}
