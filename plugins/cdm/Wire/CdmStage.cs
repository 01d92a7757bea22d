namespace Keyway.Cdm.Wire;

/// <summary>What the child is in the middle of: where it died, when it does.</summary>
internal enum CdmStage : uint
{
    /// <summary>It waits, and no call of the module is under way.</summary>
    Idle = 0,

    /// <summary>Starting the process.</summary>
    Starting,

    /// <summary>Loading the library: its constructors run.</summary>
    Loading,

    /// <summary><c>VerifyCdmHost_0</c>.</summary>
    Verifying,

    /// <summary>Closing the sandbox.</summary>
    Sandboxing,

    /// <summary><c>InitializeCdmModule_4</c>.</summary>
    InitializingModule,

    /// <summary><c>CreateCdmInstance</c>.</summary>
    Creating,

    /// <summary><c>Initialize</c>.</summary>
    Initializing,

    /// <summary><c>CreateSessionAndGenerateRequest</c>.</summary>
    CreatingSession,

    /// <summary><c>LoadSession</c>.</summary>
    LoadingSession,

    /// <summary><c>UpdateSession</c>.</summary>
    Updating,

    /// <summary><c>CloseSession</c>.</summary>
    ClosingSession,

    /// <summary><c>RemoveSession</c>.</summary>
    RemovingSession,

    /// <summary><c>SetServerCertificate</c>.</summary>
    ServerCertificate,

    /// <summary><c>GetStatusForPolicy</c>.</summary>
    PolicyStatus,

    /// <summary><c>TimerExpired</c>.</summary>
    Timer,

    /// <summary><c>Decrypt</c>.</summary>
    Decrypting,

    /// <summary>An answer to a file's call.</summary>
    FileAnswer,

    /// <summary>An answer to a question: storage id, output protection, platform challenge.</summary>
    Answering,

    /// <summary><c>Destroy</c>, <c>DeinitializeCdmModule</c>.</summary>
    Ending,
}
