using System.Runtime.ExceptionServices;

namespace Keyway.Timeline;

/// <summary>Decides how many segments of one track may be missing.</summary>
/// <param name="log">Where gaps are reported.</param>
/// <param name="policy">How gaps are treated.</param>
/// <param name="total">How many segments the track has, as far as is known.</param>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class GapTally(GapLog log, GapPolicy policy, long total)
{
    private long _missing;
    private long _read;
    private int _unreachable;
    private KeywayException? _first;

    /// <summary>Corrects how many segments there are.</summary>
    public void Expect(long more) => total += more;

    /// <summary>A segment was read.</summary>
    public void Got()
    {
        _read++;
        _unreachable = 0;
    }

    /// <summary>A segment is missing.</summary>
    /// <param name="gap">What that leaves out.</param>
    /// <param name="failure">Why.</param>
    /// <exception cref="KeywayException">No more is to be missing.</exception>
    public void Miss(PresentationGap gap, KeywayException failure)
    {
        if (policy == GapPolicy.Refuse) Rethrow(failure);
        // A server that does not answer at all is not a segment that is missing.
        bool away = failure.InnerException is HttpRequestException or OperationCanceledException or (IOException and not (FileNotFoundException or DirectoryNotFoundException));
        if (away && ++_unreachable >= TimelineLimits.Unreachable && policy != GapPolicy.Accept) Rethrow(failure);
        if (!away) _unreachable = 0;
        _first ??= failure;
        _missing++;
        log.Report(gap);
        if (policy == GapPolicy.Default && _missing * 2 > total) Refuse();
    }

    /// <summary>All segments have been asked for.</summary>
    /// <exception cref="KeywayException">Too much of the track is missing.</exception>
    public void Finish()
    {
        if (_first is not null && (_read == 0 || (policy != GapPolicy.Accept && _missing > _read))) Refuse();
    }

    private static void Rethrow(KeywayException failure) => ExceptionDispatchInfo.Throw(failure);

    private void Refuse()
    {
        if (_missing == 1) Rethrow(_first!);
        string reason = $"most of a track cannot be read: {_missing} of {Math.Max(total, _missing + _read)} segments so far; the first: {_first!.Message}";
        throw _first is SourceException source
            ? new SourceException(source.UnreachableSource, reason, source)
            : new MediaFormatException(((MediaFormatException)_first).MediaSource, new FormatError(reason, "", -1), _first) { KeyDoesNotFit = ((MediaFormatException)_first).KeyDoesNotFit };
    }
}
