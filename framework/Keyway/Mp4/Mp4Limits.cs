namespace Keyway.Mp4;

/// <summary>What a reader accepts at most. A file that wants more is refused with a typed error; each number has its reason.</summary>
internal static class Mp4Limits
{
    /// <summary>Boxes inside boxes. Real files stay below a dozen; the bound keeps a walker's stack small whatever a file claims.</summary>
    public const int Nesting = 32;

    /// <summary>One <c>moov</c>. A day of audio and video at one entry a sample needs about 150 MiB of tables.</summary>
    public const int MovieBytes = 256 << 20;

    /// <summary>One <c>moof</c>. Four million samples with four fields each are 64 MiB, and their subsample maps fit beside them.</summary>
    public const int MovieFragmentBytes = 128 << 20;

    /// <summary>One fragment with its media data: what is held in memory at once. Also what one pooled array can hold.</summary>
    public const int FragmentBytes = 1 << 30;

    /// <summary>Media data that came before the <c>moof</c> that describes it: nothing says yet that anybody will want it.</summary>
    public const int HeldBytes = 64 << 20;

    /// <summary>One <c>pssh</c>: large PlayReady objects are some 10 KiB; a licence store embedded in one is at most a few hundred.</summary>
    public const int PsshBytes = 1 << 20;

    /// <summary>Key identifiers of one <c>pssh</c>, and distinct ones used by one fragment.</summary>
    public const int KeyIds = 128;

    /// <summary><c>pssh</c> boxes of one file that a report lists: a day of rotation every ten seconds.</summary>
    public const int ProtectionBoxes = 16_384;

    /// <summary>Samples of one fragment of one track. Uncompressed audio makes 48 000 a second; a minute of it fits.</summary>
    public const int FragmentSamples = 1 << 22;

    /// <summary>Samples of no bytes that no table entry stands behind: a count alone must not cost memory.</summary>
    public const int EmptySamples = 1 << 16;

    /// <summary>Subsamples of one sample: the field has 16 bits.</summary>
    public const int Subsamples = 1 << 16;

    /// <summary>Tracks of one <c>moov</c>.</summary>
    public const int Tracks = 1024;

    /// <summary>One sample of a progressive file. An intra-coded 8K picture is below 64 MiB.</summary>
    public const int SampleBytes = 256 << 20;

    /// <summary>Samples of a track whose chunks do not lie in order, each of which must be walked to once: two days of video, and a second of work.</summary>
    public const int UnsortedSamples = 1 << 24;

    /// <summary>How much of a progressive file is read, decrypted and handed on at a time: large enough for the disk, small beside a fragment.</summary>
    public const int BatchBytes = 4 << 20;

    /// <summary>The same in samples, for tracks whose samples are tiny.</summary>
    public const int BatchSamples = 1 << 16;

    /// <summary>Boxes passed over while looking for a <c>moov</c> at the end of a file.</summary>
    public const int BoxesBeforeMovie = 1 << 16;

    /// <summary>How deep into a protected sample entry of an unknown layout its child boxes are looked for.</summary>
    public const int EntryScanBytes = 4096;
}
