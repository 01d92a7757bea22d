using System.IO.Pipelines;
using Keyway.Mp4;

namespace Keyway;

/// <summary>What of a presentation goes into one file: periods whose sample entries and codecs match.</summary>
/// <remarks>Valid until the next part is asked for. Written once.</remarks>
public sealed class PresentationPart
{
    private readonly IReadOnlyList<MergeInput> _inputs;
    private readonly Func<IReadOnlyList<string>> _periods;
    private readonly bool _fromZero;
    private readonly int _parallel;

    internal PresentationPart(int number, Func<IReadOnlyList<string>> periods, IReadOnlyList<PresentationTrack> tracks, IReadOnlyList<MergeInput> inputs, bool fromZero, int parallel) =>
        (Number, _periods, Tracks, _inputs, _fromZero, _parallel) = (number, periods, tracks, inputs, fromZero, parallel);

    /// <summary>Its number, from 1.</summary>
    public int Number { get; }

    /// <summary>How its periods are called in texts. Of a live presentation: those that are known; all, when it has been written.</summary>
    public IReadOnlyList<string> Periods => _periods();

    /// <summary>Its tracks, in the order in which they are numbered in the file.</summary>
    public IReadOnlyList<PresentationTrack> Tracks { get; }

    internal bool IsWritten { get; private set; }

    /// <summary>Writes its tracks together into one clear fragmented file. A live presentation is written from time 0 on, until it ends or is stopped.</summary>
    /// <param name="output">Where to. Ownership: the caller's, who completes it.</param>
    /// <param name="cancellationToken">Stops the work. What was written is worthless then; <see cref="Presentation.Stop"/> leaves a whole file.</param>
    /// <returns>What was written, with the new track numbers.</returns>
    /// <inheritdoc cref="Presentation.ReadAsync(PresentationTrack, CancellationToken)" path="/exception"/>
    public async ValueTask<Mp4Summary> MergeAsync(PipeWriter output, CancellationToken cancellationToken = default)
    {
        if (IsWritten) throw new InvalidOperationException("a part is written once");
        IsWritten = true;
        return await TrackMerger.MergeAsync(_inputs, output, _fromZero, null, cancellationToken, _parallel).ConfigureAwait(false);
    }
}
