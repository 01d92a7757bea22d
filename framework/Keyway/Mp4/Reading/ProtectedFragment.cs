using Keyway.Mp4.Reading;
using Keyway.Mp4.Samples;
using Keyway.Protection;

namespace Keyway.Mp4;

/// <summary>
/// Samples of one track that follow one another, as they are in the file, with what is needed to open them: for a sink that brings its own decryptor, or a decoder that decrypts.
/// No key is asked for, and none is in it.
/// </summary>
/// <remarks>Ownership: the reader's; valid until the next fragment is asked for.</remarks>
public sealed class ProtectedFragment
{
    private readonly SourceFragment _fragment;
    private readonly ClearFragment _facts;

    internal ProtectedFragment(SourceFragment fragment, ClearFragment facts) => (_fragment, _facts) = (fragment, facts);

    /// <inheritdoc cref="ClearFragment.Track"/>
    public Mp4Track Track => _facts.Track;

    /// <summary>What the samples are: the entry as it is when it is clear, with what the file's own said of protection in <see cref="Mp4SampleEntry.Encryption"/> and <see cref="Mp4SampleEntry.SchemeType"/>.</summary>
    public Mp4SampleEntry SampleEntry => _facts.SampleEntry;

    /// <summary>The <c>pssh</c> boxes of the fragment's own <c>moof</c>: how rotating keys announce themselves.</summary>
    public IReadOnlyList<PsshBox> Protection => _fragment.Announced;

    /// <inheritdoc cref="ClearFragment.Marks"/>
    public FragmentMarks Marks => _facts.Marks;

    /// <inheritdoc cref="ClearFragment.Period"/>
    public string? Period => _facts.Period;

    /// <inheritdoc cref="ClearFragment.PeriodStart"/>
    public TimeSpan PeriodStart => _facts.PeriodStart;

    /// <inheritdoc cref="ClearFragment.DecodeTime"/>
    public ulong DecodeTime => _facts.DecodeTime;

    /// <inheritdoc cref="ClearFragment.Duration"/>
    public ulong Duration => _facts.Duration;

    /// <inheritdoc cref="ClearFragment.PresentationTime"/>
    public TimeSpan PresentationTime => _facts.PresentationTime;

    /// <inheritdoc cref="ClearFragment.DecodingTime"/>
    public TimeSpan DecodingTime => _facts.DecodingTime;

    /// <inheritdoc cref="ClearFragment.Count"/>
    public int Count => _facts.Count;

    /// <summary>How many of them are protected.</summary>
    public int ProtectedCount => _facts.ProtectedCount;

    /// <summary>Walks the samples in decoding order.</summary>
    public IEnumerable<ProtectedSample> Samples
    {
        get
        {
            int index = 0;
            foreach (ClearSample sample in _facts.Samples)
            {
                SampleTable table = _fragment.Table;
                yield return new ProtectedSample(sample, SampleEncryption.Of(table, table.Rows[index++]));
            }
        }
    }
}
