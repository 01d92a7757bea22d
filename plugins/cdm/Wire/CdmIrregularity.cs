namespace Keyway.Cdm.Wire;

/// <summary>A rule of the interface that the module broke, and that was tolerated: the detail of <see cref="CdmQuestion.Irregular"/>.</summary>
internal enum CdmIrregularity : uint
{
    /// <summary>Called from another thread than its own. What it said was taken on the right one.</summary>
    OtherThread = 1,

    /// <summary>Answered a call a second time, or one that nobody made.</summary>
    PromiseTwice,

    /// <summary>Answered a call with what answers another kind.</summary>
    PromiseKind,

    /// <summary>Said that it is initialised when nobody waited for it.</summary>
    InitializedTwice,

    /// <summary>Gave back a buffer that it does not have.</summary>
    BufferTwice,

    /// <summary>Said that it had decrypted, and gave no buffer, a foreign one, or another number of bytes.</summary>
    DecryptedBuffer,

    /// <summary>Answered a decryption with a status that there is not.</summary>
    DecryptStatus,

    /// <summary>Called a destructor of the host's.</summary>
    Destructor,

    /// <summary>Said more bytes, or more keys, than anybody takes.</summary>
    TooMuch,

    /// <summary>Set more timers than anybody needs.</summary>
    Timers,

    /// <summary>Called a file that it has closed, or two things of one file at once.</summary>
    File,

    /// <summary>A call that went wrong in the host.</summary>
    Failed,
}
