namespace Keyway.Cdm.Wire;

/// <summary>What a module asks its host, and the child answers without asking anybody. Each is told a few times at most.</summary>
internal enum CdmQuestion : uint
{
    /// <summary>Which outputs there are, and what protects them. Answered: not known. Detail: 0.</summary>
    OutputProtection = 1,

    /// <summary>To engage output protection. Not done. Detail: the mask.</summary>
    EnableOutputProtection,

    /// <summary>To prove the platform. Answered with nothing. Detail: 0.</summary>
    PlatformChallenge,

    /// <summary>What identifies the machine. Answered: there is none. Detail: the version.</summary>
    StorageId,

    /// <summary>A measurement: nobody keeps it. Detail: value's name in the interface.</summary>
    Metric,

    /// <summary>A file under a name that is none, or more files than may be open: refused by the child. All others are the parent's to allow. Detail: 0.</summary>
    File,

    /// <summary>No question: it broke a rule of the interface, and that was tolerated. Each kind is told a few times at most. Detail: <see cref="CdmIrregularity"/>.</summary>
    Irregular,
}
