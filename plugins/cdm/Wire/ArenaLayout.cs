namespace Keyway.Cdm.Wire;

/// <summary>What lies where in the memory that parent and child share.</summary>
/// <remarks>
/// <code>
/// 0                       control: u32 <see cref="CdmStage"/> at 0, written by the child before each call of the module (0: none is under way)
/// 4096                    half 0, input     region bytes   written by the parent, read by the child
/// 4096 + region           half 0, output    region bytes   written by the child: a sample at the offset that it has in the input
/// 4096 + 2 × region       half 1, input
/// 4096 + 3 × region       half 1, output
/// </code>
/// <para>
/// Input and output are apart, so that a module can write where its output belongs: a buffer that it allocates while it decrypts a sample may be that place, and then
/// nothing is copied in the child. What a sample fails with leaves its output undefined: the parent takes the samples that are done.
/// </para>
/// <para>
/// The child gets it as its second argument: <c>fd:N</c> is an open file (Linux: memory that nobody can shorten, for whoever touches what is not there any more is
/// killed), anything else the path of a file, mapped for reading and writing, and opened once: after the sandbox is closed there is no path. It may be deleted after <see cref="FrameType.Hello"/>.
/// </para>
/// </remarks>
internal static class ArenaLayout
{
    /// <summary>What an argument begins with that names an open file.</summary>
    public const string HandlePrefix = "fd:";

    /// <summary>The bytes before the halves.</summary>
    public const int Control = 4096;

    /// <summary>Two: one is decrypted while the other is filled.</summary>
    public const int Halves = 2;

    /// <summary>The bytes of a region at the start.</summary>
    public const int FirstRegion = 4 << 20;

    /// <summary>The largest region: the largest sample that is decrypted.</summary>
    public const int MaxRegion = 64 << 20;

    /// <summary>Whether a region can be of this size.</summary>
    public static bool IsRegion(uint region) => region is >= FirstRegion and <= MaxRegion && region % Control == 0;

    /// <summary>The length of the whole.</summary>
    public static long Length(int region) => Control + (2L * Halves * region);

    /// <summary>Where the input of a half begins.</summary>
    public static long Input(int region, int half) => Control + (2L * half * region);

    /// <summary>Where the output of a half begins.</summary>
    public static long Output(int region, int half) => Input(region, half) + region;
}
