namespace Keyway.Containers.WebM.Structure;

/// <summary>How several frames lie in one block (RFC 9559, 10.3).</summary>
internal enum BlockLacing
{
    /// <summary>There is one.</summary>
    None = 0,

    /// <summary>Lengths as Xiph writes them.</summary>
    Xiph = 1,

    /// <summary>All are as long.</summary>
    Fixed = 2,

    /// <summary>Lengths as differences.</summary>
    Ebml = 3,
}
