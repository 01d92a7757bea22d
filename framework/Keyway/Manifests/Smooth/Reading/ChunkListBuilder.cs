using System.Globalization;
using Keyway.Manifests.Smooth.Model;
using Keyway.Manifests.Smooth.Xml;

namespace Keyway.Manifests.Smooth.Reading;

/// <summary>Works out which fragments <c>c</c> elements name ([MS-SSTR], 2.2.2.6).</summary>
/// <remarks>
/// One without <c>t</c> goes on where the one before ends, the first begins at 0. One without <c>d</c> lasts until the next begins. <c>r</c> counts the fragments: unlike
/// DASH's it is not one less. What is wrong is remembered, and the rest passed over: other streams can be read.
/// </remarks>
/// <param name="at">Where notes go.</param>
/// <param name="end">When the presentation ends, in units of the stream, where it says so: until then lasts a last one without <c>d</c>.</param>
internal sealed class ChunkListBuilder(SmoothCursor at, ulong? end)
{
    private const string Repeats = "r";

    private readonly List<ChunkRun> _runs = [];
    private ulong _next;
    private ulong _first;
    private Open? _open;
    private bool _overlaps;

    /// <summary>What is wrong with the list.</summary>
    public FormatError? Problem { get; private set; }

    /// <summary>How many fragments have been listed.</summary>
    public ulong Count { get; private set; }

    /// <summary>Reads the element that the cursor stands at.</summary>
    public void Add()
    {
        if (Problem is not null) return;
        ulong? time = at.Number("t"), duration = at.Number("d");
        string path = at.Path;
        long repeat = 1;
        if (at.Attribute(Repeats) is { } text && !long.TryParse(text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out repeat))
        {
            Fail(path, "@r is not a number of fragments that can be counted");
            return;
        }

        if (_runs.Count == 0 && _open is null && Count == 0) _first = at.Number("n") ?? 0;
        if (_open is { } before)
        {
            if (time is not { } next)
            {
                Fail(before.Path, before.Duration is null ? "there is neither @d nor a next fragment with @t" : "it repeats until the next one, which has no @t");
                return;
            }

            Close(before, next);
            if (Problem is not null) return;
        }

        // A length of nothing says as little as none.
        if (duration == 0) duration = null;
        ulong begin = time ?? _next;
        if (repeat == 0)
        {
            at.Note("@r is 0; it was taken for one fragment");
            repeat = 1;
        }

        if (duration is null && repeat != 1) Fail(path, "it repeats, and does not say how long a fragment is");
        else if (duration is null || repeat < 0) _open = new Open(path, begin, duration);
        else Take(path, begin, duration.Value, (ulong)repeat);
    }

    /// <summary>Ends the list.</summary>
    /// <param name="grows">Whether the next copy of the manifest may say how long a last fragment is.</param>
    public ChunkRuns Finish(bool grows)
    {
        if (Problem is null && _open is { } last)
        {
            if (end is { } until) Close(last, until);
            else if (last.Duration is not null) Fail(last.Path, "it repeats to the end of the presentation, which does not say when that is");
            else if (!grows) Fail(last.Path, "the last fragment has no @d, and the presentation no Duration");
        }

        if (Problem is null && Count > (ulong)ManifestLimits.Segments)
            Problem = new FormatError(string.Create(CultureInfo.InvariantCulture, $"it has {Count} fragments; {ManifestLimits.Segments} are read"), at.Path, -1);
        return new ChunkRuns([.. _runs], Math.Min(_first, ulong.MaxValue / 4));
    }

    private void Close(in Open open, ulong until)
    {
        _open = null;
        if (until <= open.Time)
        {
            // Nothing of it is left, or the next goes back.
            if (open.Duration is null) Fail(open.Path, "there is no @d, and the next fragment, or the end, is not behind it");
            return;
        }

        ulong length = until - open.Time;
        if (open.Duration is not { } each) Take(open.Path, open.Time, length, 1);
        else Take(open.Path, open.Time, each, (length / each) + (length % each > each / 2 ? 1u : 0));
    }

    private void Take(string path, ulong time, ulong duration, ulong count)
    {
        if (count == 0) return;
        if (_runs.Count > 0)
        {
            // Of two that overlap the first counts; by less than half of one, times are rounded.
            ChunkRun last = _runs[^1];
            ulong least = last.End - (Math.Min(last.Duration, duration) / 2);
            if (time < least)
            {
                ulong skipped = Math.Min(count, (least - time + duration - 1) / duration);
                if (!_overlaps) at.NoteAt(path, "it begins before the fragment before it ends; of what is listed twice the first is read");
                _overlaps = true;
                if (skipped == count) return;
                (time, count) = (time + (skipped * duration), count - skipped);
            }
        }

        if ((UInt128)time + ((UInt128)duration * count) > ulong.MaxValue)
        {
            Fail(path, "times of fragments are larger than 64 bits");
            return;
        }

        if (_runs.Count > 0 && _runs[^1] is var before && before.End == time && before.Duration == duration) _runs[^1] = before with { Count = before.Count + count };
        else if (_runs.Count == SmoothLimits.Runs)
        {
            Fail(path, $"it has more than {SmoothLimits.Runs} changes of length");
            return;
        }
        else _runs.Add(new ChunkRun(time, duration, count));
        _next = _runs[^1].End;
        Count = Count > ulong.MaxValue - count ? ulong.MaxValue : Count + count;
    }

    private void Fail(string path, string reason)
    {
        Problem ??= new FormatError(reason, path, -1);
        _open = null;
    }

    /// <summary>One whose length, or whose number, what follows says.</summary>
    private readonly record struct Open(string Path, ulong Time, ulong? Duration);
}
