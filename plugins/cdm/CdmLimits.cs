namespace Keyway.Cdm;

/// <summary>What is taken from a module and its process at most, and how long anything of it is waited for.</summary>
internal static class CdmLimits
{
    /// <summary>Initialisation data of one session: several boxes in a row.</summary>
    public const int InitData = 64 << 10;

    /// <summary>A library that is hashed: Google's has 20 MiB.</summary>
    public const long Module = 512L << 20;

    /// <summary>Events of sessions that no call has brought yet: a module may speak before it answers.</summary>
    public const int UnclaimedEvents = 256;

    /// <summary>Bytes of such events.</summary>
    public const int UnclaimedBytes = 4 << 20;

    /// <summary>Messages of one session that wait until they are written: one of each kind is asked for at a time.</summary>
    public const int Messages = 16;

    /// <summary>File calls of a module that are under way: each holds its content.</summary>
    public const int FileCalls = 64;

    /// <summary>How long the process may take until it has connected, and until it has loaded its module: a cold start of the runtime on a busy machine.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromSeconds(10);

    /// <summary>How often the dispatcher is asked whether it still runs.</summary>
    public static readonly TimeSpan Ping = TimeSpan.FromSeconds(2);

    /// <summary>How long it may leave that unanswered.</summary>
    public static readonly TimeSpan PingAnswer = TimeSpan.FromSeconds(10);

    /// <summary>How long a process that was asked to end is waited for before it is ended.</summary>
    public static readonly TimeSpan End = TimeSpan.FromSeconds(2);

    /// <summary>How long after a licence was accepted the module may take to say which keys it brought: Google's says it after the promise, Firefox's before.</summary>
    public static readonly TimeSpan KeysAfterUpdate = TimeSpan.FromSeconds(1);

    /// <summary>The pauses before a process is started again after the first, second and every further crash in a row.</summary>
    public static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)];

    /// <summary>A session that is opened waits for the next start as long as this; where that is further off it is refused, with the moment.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(6);

    /// <summary>So many crashes in <see cref="CrashWindow"/> and the key system is out of order until the host starts anew.</summary>
    public const int Crashes = 3;

    /// <inheritdoc cref="Crashes"/>
    public static readonly TimeSpan CrashWindow = TimeSpan.FromMinutes(5);

    /// <summary>So much of what one process asks and breaks is told: each question and each rule as often as a process of ours says it at most, and no log is filled by one that is not ours any more.</summary>
    public const int QuestionsTold = 256;
}
