namespace Keyway.Fleet.Grains;

/// <summary>What came of decrypting a segment.</summary>
internal enum DecryptOutcome
{
    /// <summary>None was decrypted yet.</summary>
    None = 0,

    /// <summary>Its samples are clear, and what they say of the key is not against it.</summary>
    Clear,

    /// <summary>The licence is there and asks for outputs that a check does not have.</summary>
    NotCheckable,

    /// <summary>The samples need a key that is in another set.</summary>
    OtherKey,

    /// <summary>There was nothing to look at: no segment is there yet, or it could not be had.</summary>
    NoSegment,

    /// <summary>There is no licence.</summary>
    NoLicense,

    /// <summary>It was not done, because that would have been more than the budget.</summary>
    OverBudget,

    /// <summary>What came out is not what was protected.</summary>
    Failed,
}
