using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>The one place that says whether a key may serve a sink. A pure function of what it is given.</summary>
internal static class KeyRules
{
    // PlayReady: levels up to 100 let everything pass, compressed or not, digital or analogue.
    private const int HighestLevelThatAsksNothing = 100;

    // Of a sink that exports, nobody knows what is behind it: it meets what Microsoft's tables let pass where no protection can be engaged. Compressed
    // video is what it is permitted to export.
    private static readonly ProtectionLevels Unprotected = new() { CompressedVideo = int.MaxValue, UncompressedVideo = 250, AnalogVideo = 150, CompressedAudio = 100, UncompressedAudio = 200 };

    /// <summary>Compares what a licence allows with the time, with what has been done with the key, and with a sink.</summary>
    /// <param name="policy">What the licence allows.</param>
    /// <param name="history">What has been done with the key.</param>
    /// <param name="now">The time.</param>
    /// <param name="sink">Where the samples go.</param>
    /// <param name="pixels">The frame size of a video track (width × height); <see langword="null"/> for other tracks.</param>
    /// <returns>The verdict. Time is judged before outputs.</returns>
    public static KeyVerdict Evaluate(KeyPolicy policy, in KeyHistory history, DateTimeOffset now, OutputCapabilities sink, long? pixels)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(sink);
        KeyVerdict time = EvaluateTime(policy, history, now);
        if (time.Status != KeyStatus.Usable) return time;
        return time with { Status = EvaluateOutput(policy.Output, sink, pixels) };
    }

    /// <summary>Whether a licence ends the use of a key at some time.</summary>
    internal static bool LimitsTime(KeyPolicy policy) => policy is not { NotAfter: null, FirstUseBefore: null, AfterFirstUse: null };

    /// <summary>When time ends the use of a key; for one that was never used, when its first use comes too late.</summary>
    internal static DateTimeOffset? EndOf(KeyPolicy policy, in KeyHistory history)
    {
        DateTimeOffset? end = policy.NotAfter;
        if (end is { } hard && history.RenewalFailing) end = Later(hard, policy.RenewalGrace);

        if (history.FirstUse is not { } first) end = Earlier(end, policy.FirstUseBefore);
        else if (policy.AfterFirstUse is { } window && !(policy.MayFinish && history.Running))
            end = Earlier(end, Later(Later(first, policy.FirstUseGrace), window));
        return end;
    }

    /// <summary>Says what of a licence's demands a sink does not meet; <see langword="null"/>: it meets them. Each demand is judged alone, by the same rules as all together.</summary>
    internal static string? WhyNot(OutputRequirement asked, OutputCapabilities sink, long? pixels)
    {
        OutputRequirement none = new() { ClearExport = true };
        if (EvaluateOutput(none with { ClearExport = asked.ClearExport }, sink, pixels) != KeyStatus.Usable) return "the licence does not allow clear samples to be handed on";
        foreach (OutputRestriction restriction in asked.Restrictions)
            if (EvaluateOutput(none with { Restrictions = [restriction] }, sink, pixels) != KeyStatus.Usable) return $"it asks for the restriction {restriction.Id}";
        if (EvaluateOutput(none with { Levels = asked.Levels }, sink, pixels) != KeyStatus.Usable) return "it asks for higher output protection levels";
        if (EvaluateOutput(none with { Hdcp = asked.Hdcp }, sink, pixels) != KeyStatus.Usable) return $"it asks for {Name(asked.Hdcp)}";
        if (EvaluateOutput(none with { Resolutions = asked.Resolutions }, sink, pixels) == KeyStatus.Usable) return null;
        HdcpLevel highest = HdcpLevel.None;
        foreach (ResolutionRule rule in asked.Resolutions)
            if (rule.MinPixels <= pixels && pixels <= rule.MaxPixels && rule.Hdcp > highest) highest = rule.Hdcp;
        return highest == HdcpLevel.None ? "it allows no video of this size" : $"it asks for {Name(highest)} at this size";
    }

    /// <summary>The largest frame size that a licence lets a sink have; 0: none; <see langword="null"/>: it bounds none.</summary>
    internal static long? MostPixels(OutputRequirement asked, OutputCapabilities sink)
    {
        long most = 0;
        // Where no rule changes nothing does: the ends of rules are all the sizes that there are.
        foreach (ResolutionRule rule in asked.Resolutions)
            foreach (long size in (ReadOnlySpan<long>)[rule.MinPixels, rule.MaxPixels])
                if (size > most && EvaluateOutput(asked, sink, size) == KeyStatus.Usable) most = size;
        if (asked.Resolutions.Count == 0) return EvaluateOutput(asked, sink, 1) == KeyStatus.Usable ? null : 0;
        return most == long.MaxValue ? null : most;
    }

    private static string Name(HdcpLevel level) => level == HdcpLevel.NoDigitalOutput ? "no digital output at all" : $"HDCP {level.ToString()[1..].Replace('_', '.')}";

    private static KeyVerdict EvaluateTime(KeyPolicy policy, in KeyHistory history, DateTimeOffset now)
    {
        DateTimeOffset? end = EndOf(policy, history);

        // Over is over, also for a key whose time has not come: no waiting for a moment that does not exist.
        if (end <= now) return new KeyVerdict { Status = KeyStatus.Expired };
        if (policy.NotBefore is { } begin && now < begin) return new KeyVerdict { Status = KeyStatus.UsableInFuture, ChangesAt = begin };
        return new KeyVerdict { Status = KeyStatus.Usable, ChangesAt = end };
    }

    private static KeyStatus EvaluateOutput(OutputRequirement asked, OutputCapabilities sink, long? pixels)
    {
        // What opens samples itself engages what protects them, and its key system says of its keys what it could not.
        if (sink.Kind == SinkKind.Module) return KeyStatus.Usable;
        if (sink.Exports && !asked.ClearExport) return KeyStatus.OutputRestricted;
        foreach (OutputRestriction restriction in asked.Restrictions)
            if (!sink.Restrictions.Contains(restriction.Id)) return KeyStatus.OutputRestricted;

        // Clear export decides about HDCP: no path that leaves such a sink has it. Levels that demand more than a try are not met by permission to export.
        bool exports = sink.Exports;
        if (!Meets(asked.Levels, exports ? Higher(sink.Levels, Unprotected) : sink.Levels, pixels is not null)) return KeyStatus.OutputRestricted;
        if (!exports && asked.Hdcp > sink.Hdcp) return KeyStatus.OutputRestricted;
        if (pixels is not { } size || asked.Resolutions.Count == 0) return KeyStatus.Usable;

        bool covered = false;
        bool met = true;
        bool metForLess = false;
        foreach (ResolutionRule rule in asked.Resolutions)
        {
            bool meets = exports || rule.Hdcp <= sink.Hdcp;
            if (rule.MinPixels <= size && size <= rule.MaxPixels)
            {
                covered = true;
                met &= meets;
            }
            else if (rule.MinPixels < size && meets) metForLess = true;
        }

        if (covered && met) return KeyStatus.Usable;
        return metForLess ? KeyStatus.OutputDownscaled : KeyStatus.OutputRestricted;
    }

    private static bool Meets(ProtectionLevels asked, ProtectionLevels sink, bool hasPictures) => hasPictures
        ? Meets(asked.CompressedVideo, sink.CompressedVideo) && Meets(asked.UncompressedVideo, sink.UncompressedVideo) && Meets(asked.AnalogVideo, sink.AnalogVideo)
        : Meets(asked.CompressedAudio, sink.CompressedAudio) && Meets(asked.UncompressedAudio, sink.UncompressedAudio);

    private static ProtectionLevels Higher(ProtectionLevels left, ProtectionLevels right) => new()
    {
        CompressedVideo = Math.Max(left.CompressedVideo, right.CompressedVideo),
        UncompressedVideo = Math.Max(left.UncompressedVideo, right.UncompressedVideo),
        AnalogVideo = Math.Max(left.AnalogVideo, right.AnalogVideo),
        CompressedAudio = Math.Max(left.CompressedAudio, right.CompressedAudio),
        UncompressedAudio = Math.Max(left.UncompressedAudio, right.UncompressedAudio),
    };

    private static bool Meets(int asked, int sink) => asked <= HighestLevelThatAsksNothing || asked <= sink;

    private static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) => left is null || right < left ? right : left;

    /// <summary>Adds without running over the end of time; a negative span adds nothing.</summary>
    private static DateTimeOffset Later(DateTimeOffset moment, TimeSpan span)
    {
        if (span <= TimeSpan.Zero) return moment;
        return span >= DateTimeOffset.MaxValue - moment ? DateTimeOffset.MaxValue : moment.ToUniversalTime() + span;
    }
}
