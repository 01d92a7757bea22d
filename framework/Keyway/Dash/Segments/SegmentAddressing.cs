namespace Keyway.Dash;

/// <summary>The ways in which a manifest says where segments are.</summary>
public enum SegmentAddressing
{
    /// <summary>Not said, or said in a way that cannot be understood.</summary>
    None = 0,

    /// <summary>By a template and a number or a time.</summary>
    Template,

    /// <summary>By a list of addresses.</summary>
    List,

    /// <summary>By an index (<c>sidx</c>) in one file.</summary>
    Index,

    /// <summary>Not at all: it is one file.</summary>
    SingleFile,
}
