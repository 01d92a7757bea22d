namespace Keyway.Cpix;

/// <summary>Whether a filter or a rule matches.</summary>
internal enum Answer
{
    No = 0,

    /// <summary>What would tell is not known.</summary>
    Unknown,

    Yes,
}
