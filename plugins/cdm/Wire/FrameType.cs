namespace Keyway.Cdm.Wire;

/// <summary>What a frame says. Everything that parent and child tell each other is in this list.</summary>
/// <remarks>
/// <code>
/// frame    u32 length (of what follows), u16 type, u32 id, fields            at most <see cref="WireLimits.Frame"/> bytes of fields
/// fields   u8 u16 u32 u64 f64 little-endian; bytes = u32 length + bytes; text = bytes of UTF-8
/// </code>
/// <para>
/// A call (<see cref="Load"/> … <see cref="Ping"/>) has an id that is not 0, chosen by the parent and used once; the child answers each call exactly once, with a frame of the same id:
/// the answer that stands beside it, or <see cref="Rejected"/>. The id of a call that ends in a promise is the promise's id at the module. Events have id 0. Of what concerns
/// a file of the module the id is the file's, chosen by the child.
/// </para>
/// <para>
/// Start: the child connects, sends <see cref="Hello"/>; parent <see cref="Load"/>, child <see cref="Loaded"/>; parent <see cref="Initialize"/>, child <see cref="Initialized"/>; then
/// sessions in any number and order. Anything that the child cannot go on after is one <see cref="Fatal"/>, and its end. The end of the pipe is the end of the child.
/// Session identifiers are the module's, bytes and not text; events may name one before the call that makes it was answered.
/// </para>
/// </remarks>
internal enum FrameType : ushort
{
    /// <summary>Not said: never sent.</summary>
    None = 0,

    // ---- calls of the parent: 0x00xx ----

    /// <summary>Load the module and make an instance. text module path (absolute), bytes SHA-256 that it must have (32, or 0: not checked), text key system for the module (<c>org.w3.clearkey</c>), u8 1 = no sandbox is a failure. Answer: <see cref="Loaded"/>.</summary>
    Load = 0x0001,

    /// <summary>Initialise the instance. u8 distinctive identifier allowed, u8 persistent state allowed. Answer: <see cref="Initialized"/>.</summary>
    Initialize = 0x0002,

    /// <summary>Create a session and generate its request. u32 <see cref="CdmSessionType"/>, u32 <see cref="CdmInitDataType"/>, bytes init data. Answer: <see cref="SessionResolved"/>.</summary>
    CreateSession = 0x0003,

    /// <summary>Load a stored session. u32 <see cref="CdmSessionType"/>, bytes session. Answer: <see cref="SessionResolved"/>.</summary>
    LoadSession = 0x0004,

    /// <summary>An answer of the service. bytes session, bytes answer. Answer: <see cref="Resolved"/>.</summary>
    UpdateSession = 0x0005,

    /// <summary>bytes session. Answer: <see cref="Resolved"/>.</summary>
    CloseSession = 0x0006,

    /// <summary>Give the licence back and forget it. bytes session. Answer: <see cref="Resolved"/>.</summary>
    RemoveSession = 0x0007,

    /// <summary>bytes certificate. Answer: <see cref="Resolved"/>.</summary>
    SetServerCertificate = 0x0008,

    /// <summary>u32 HDCP version of the interface. Answer: <see cref="PolicyStatus"/>.</summary>
    GetPolicyStatus = 0x0009,

    /// <summary>
    /// Decrypt samples of one half of the arena. u8 half, u32 <see cref="CdmScheme"/>, u32 crypt blocks, u32 skip blocks, bytes key id, u32 count, u32 count of all subsamples;
    /// count times: u32 offset (in the half's input and output alike), u32 length, u8 vector length (8 or 16), u8[16] vector padded with zeros, u32 subsamples of this sample;
    /// then all subsamples: u32 clear, u32 protected. Answer: <see cref="Decrypted"/>.
    /// </summary>
    Decrypt = 0x000A,

    /// <summary>The arena's file is longer now: map it anew. u32 bytes of a region (<see cref="ArenaLayout"/>). Answer: <see cref="Grown"/>. No batch is under way meanwhile.</summary>
    Grow = 0x000B,

    /// <summary>Answered by the dispatcher's thread, and nobody else. Answer: <see cref="Pong"/>.</summary>
    Ping = 0x000C,

    /// <summary>End the instance and the process. No answer: the pipe ends.</summary>
    End = 0x000D,

    /// <summary>What became of a file's call; id is the file's. u8 <see cref="FileCall"/>, u32 status of the interface (0 success, 1 in use, 2 error), bytes content (of a read that succeeded).</summary>
    FileAnswer = 0x000E,

    // ---- answers of the child: 0x01xx ----

    /// <summary>u32 interface that the module took (10 or 11), text version of the module (empty: it has none), u32 <see cref="SandboxLevel"/>, text of what keeps it in, for people.</summary>
    Loaded = 0x0101,

    /// <summary>u8 success.</summary>
    Initialized = 0x0102,

    /// <summary>u8 1: found, bytes session; 0: there is no such session.</summary>
    SessionResolved = 0x0103,

    /// <summary>No fields.</summary>
    Resolved = 0x0104,

    /// <summary>u32 <see cref="CdmException"/>, u32 system code, text.</summary>
    Rejected = 0x0105,

    /// <summary>u32 <see cref="CdmKeyStatus"/>.</summary>
    PolicyStatus = 0x0106,

    /// <summary>u32 <see cref="CdmStatus"/> of the first sample that is not clear (0: all are), u32 samples done, u64 nanoseconds spent inside the module. Clear bytes lie in the half's output.</summary>
    Decrypted = 0x0107,

    /// <summary>No fields: the arena is mapped anew.</summary>
    Grown = 0x0108,

    /// <summary>No fields.</summary>
    Pong = 0x0109,

    // ---- events of the child: 0x02xx ----

    /// <summary>The first frame. u32 <see cref="WireLimits.Version"/>, u32 process id, text runtime and architecture.</summary>
    Hello = 0x0201,

    /// <summary>bytes session, u32 <see cref="CdmMessageType"/>, bytes message.</summary>
    SessionMessage = 0x0202,

    /// <summary>The whole list. bytes session, u8 has an additional usable key, u32 count; count times: bytes key id, u32 <see cref="CdmKeyStatus"/>, u32 system code.</summary>
    KeysChange = 0x0203,

    /// <summary>bytes session, f64 seconds since 1970; 0 and NaN: never.</summary>
    Expiration = 0x0204,

    /// <summary>bytes session.</summary>
    SessionClosed = 0x0205,

    /// <summary>id is the file's, not used before. text name (checked by the child).</summary>
    FileOpen = 0x0206,

    /// <summary>id is the file's.</summary>
    FileRead = 0x0207,

    /// <summary>id is the file's. bytes content.</summary>
    FileWrite = 0x0208,

    /// <summary>id is the file's: no answer, none follows.</summary>
    FileClose = 0x0209,

    /// <summary>A question that the module asked and the child answered, told as a fact. u32 <see cref="CdmQuestion"/>, u64 detail.</summary>
    Asked = 0x020A,

    /// <summary>The child cannot go on, and ends. u32 <see cref="CdmStage"/>, text for people: no byte of a message or a licence.</summary>
    Fatal = 0x020B,
}
