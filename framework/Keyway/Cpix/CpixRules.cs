using Keyway.Timeline;

namespace Keyway.Cpix;

/// <summary>Which key the rules of a document mean for a track and a time.</summary>
internal sealed class CpixRules(IReadOnlyList<CpixUsageRule> rules, IReadOnlyList<CpixKeyPeriod> periods)
{
    private readonly Dictionary<string, CpixKeyPeriod> _periods = periods.Where(static period => period.Id is not null).ToDictionary(static period => period.Id!, StringComparer.Ordinal);

    /// <summary>Asks the rules.</summary>
    /// <param name="context">What is known.</param>
    /// <param name="refuse">Makes the error of two keys, and that of too little being known.</param>
    /// <returns>The key; <see langword="null"/>: no rule matches.</returns>
    public KeyId? Choose(CpixContext context, Func<CpixErrorKind, FormatError, CpixException> refuse)
    {
        CpixUsageRule? chosen = null;
        List<(CpixUsageRule Rule, string Missing)> perhaps = [];
        foreach (CpixUsageRule rule in rules)
        {
            if (rule.Problem is not null) continue;
            switch (Match(rule, context, out string lacks))
            {
                case Answer.Yes when chosen is not null && chosen.KeyId != rule.KeyId:
                    throw refuse(CpixErrorKind.Conflict, new FormatError($"two keys are for one track and time: {chosen.KeyId} (at {chosen.Path}) and {rule.KeyId}", rule.Path, -1));
                case Answer.Yes:
                    chosen ??= rule;
                    break;
                case Answer.Unknown:
                    perhaps.Add((rule, lacks));
                    break;
            }
        }

        // A rule that may match counts where it would change what is chosen.
        foreach ((CpixUsageRule rule, string missing) in perhaps)
            if (chosen is null || rule.KeyId != chosen.KeyId) throw refuse(CpixErrorKind.Undecided, new FormatError($"the rules choose the key by {missing}, which is not known here", rule.Path, -1));
        return chosen?.KeyId;
    }

    /// <summary>Two rules that give different keys for some track and time, if it is certain that there is one.</summary>
    public IEnumerable<(CpixUsageRule First, CpixUsageRule Second)> Conflicts()
    {
        List<CpixUsageRule> used = [.. rules.Where(static rule => rule.Problem is null)];
        int budget = CpixLimits.ComparedFilters;
        for (int i = 0; i < used.Count; i++)
        {
            for (int j = i + 1; j < used.Count && budget > 0; j++)
            {
                budget -= 1 + used[i].Filters.Count + used[j].Filters.Count + (used[i].Filters.Count * used[j].Filters.Count);
                if (budget > 0 && used[i].KeyId != used[j].KeyId && Overlap(used[i], used[j])) yield return (used[i], used[j]);
            }
        }
    }

    private Answer Match(CpixUsageRule rule, CpixContext context, out string missing)
    {
        missing = "";
        Answer all = Answer.Yes;
        for (CpixFilterKind kind = CpixFilterKind.KeyPeriod; kind <= CpixFilterKind.Bitrate; kind++)
        {
            bool any = false;
            Answer best = Answer.No;
            string lacks = "";
            foreach (CpixFilter filter in rule.Filters)
            {
                if (filter.Kind != kind) continue;
                any = true;
                string wants = "";
                Answer answer = Match(filter, context, ref wants);
                if (answer == Answer.Unknown && lacks.Length == 0) lacks = wants;
                if (answer > best) best = answer;
            }

            if (!any || best == Answer.Yes) continue;
            if (best == Answer.No) return Answer.No;
            all = Answer.Unknown;
            if (missing.Length == 0) missing = lacks;
        }

        return all;
    }

    private Answer Match(CpixFilter filter, CpixContext context, ref string missing)
    {
        switch (filter.Kind)
        {
            case CpixFilterKind.KeyPeriod:
                return Match(_periods[filter.PeriodId!], context, ref missing);
            case CpixFilterKind.Label:
                if (context.Labels is null) return Lacks("the label", ref missing);
                return context.Labels.Contains(filter.Label!, StringComparer.Ordinal) ? Answer.Yes : Answer.No;
            case CpixFilterKind.Video:
                if (IsKind(context, MediaKind.Video, ref missing) is var video && video != Answer.Yes) return video;
                return Both(
                    Range(filter.Minimum, filter.Maximum, context.Pixels, "the size of pictures", ref missing),
                    Both(Rate(filter, context.FrameRate, ref missing),
                        Both(Flag(filter.IsHighDynamicRange, context.IsHighDynamicRange, "the dynamic range", ref missing), Flag(filter.IsWideColorGamut, context.IsWideColorGamut, "the colour gamut", ref missing))));
            case CpixFilterKind.Audio:
                if (IsKind(context, MediaKind.Audio, ref missing) is var audio && audio != Answer.Yes) return audio;
                return Range(filter.Minimum, filter.Maximum, context.Channels, "the number of channels", ref missing);
            default:
                return Range(filter.Minimum, filter.Maximum, context.Bitrate, "the bit rate", ref missing);
        }
    }

    private static Answer Match(CpixKeyPeriod period, CpixContext context, ref string missing)
    {
        if (context.PeriodId is { } id) return id == period.Id ? Answer.Yes : Answer.No;
        // What it says in several ways must hold in each of them that is known.
        Answer answer = Answer.Unknown;
        if (period.Index is { } index && context.PeriodIndex is { } number) answer = And(answer, index == number);
        if (period.Label is { } label && context.PeriodLabel is { } name) answer = And(answer, label == name);
        if ((period.Start ?? period.End) is not null && context.Time is { } time) answer = And(answer, !(time < period.Start) && !(time >= period.End));
        if ((period.StartOffset ?? period.EndOffset) is not null && context.Offset is { } offset) answer = And(answer, !(offset < period.StartOffset) && !(offset >= period.EndOffset));
        return answer == Answer.Unknown ? Lacks("the key period", ref missing) : answer;

        static Answer And(Answer before, bool holds) => before == Answer.No || !holds ? Answer.No : Answer.Yes;
    }

    private static Answer IsKind(CpixContext context, MediaKind kind, ref string missing) =>
        context.Kind == kind ? Answer.Yes : context.Kind == MediaKind.None ? Lacks("the kind of track", ref missing) : Answer.No;

    private static Answer Range(long? minimum, long? maximum, long? value, string name, ref string missing)
    {
        if (minimum is null && maximum is null) return Answer.Yes;
        // A range that is empty holds whatever the value is.
        if (minimum > maximum) return Answer.No;
        if (value is not { } known) return Lacks(name, ref missing);
        return known < minimum || known > maximum ? Answer.No : Answer.Yes;
    }

    private static Answer Rate(CpixFilter filter, double? value, ref string missing)
    {
        if (filter.AboveFrameRate is null && filter.MaximumFrameRate is null) return Answer.Yes;
        if (filter.AboveFrameRate >= filter.MaximumFrameRate) return Answer.No;
        if (value is not { } known) return Lacks("the frame rate", ref missing);
        return known <= filter.AboveFrameRate || known > filter.MaximumFrameRate ? Answer.No : Answer.Yes;
    }

    private static Answer Flag(bool? wanted, bool? value, string name, ref string missing)
    {
        if (wanted is null) return Answer.Yes;
        return value is null ? Lacks(name, ref missing) : value == wanted ? Answer.Yes : Answer.No;
    }

    private static Answer Both(Answer one, Answer other) => one < other ? one : other;

    private static Answer Lacks(string name, ref string missing)
    {
        missing = name;
        return Answer.Unknown;
    }

    // ---- two rules

    private bool Overlap(CpixUsageRule one, CpixUsageRule other)
    {
        // Nothing is video and audio at once: such a rule matches nothing.
        bool video = Has(one, CpixFilterKind.Video) || Has(other, CpixFilterKind.Video), audio = Has(one, CpixFilterKind.Audio) || Has(other, CpixFilterKind.Audio);
        if (video && audio) return false;
        for (CpixFilterKind kind = CpixFilterKind.KeyPeriod; kind <= CpixFilterKind.Bitrate; kind++)
        {
            CpixFilter[] first = [.. one.Filters.Where(filter => filter.Kind == kind)], second = [.. other.Filters.Where(filter => filter.Kind == kind)];
            // Each must be able to match something, and where both ask, the same thing.
            if (first.Length > 0 && second.Length > 0 ? !first.Any(a => second.Any(b => Overlap(a, b))) : !(first.Length > 0 ? first : second).All(IsPossible)) return false;
        }

        return true;
    }

    private static bool Has(CpixUsageRule rule, CpixFilterKind kind) => rule.Filters.Any(filter => filter.Kind == kind);

    private static bool IsPossible(CpixFilter filter) => !(filter.Minimum > filter.Maximum) && !(filter.AboveFrameRate >= filter.MaximumFrameRate);

    private bool Overlap(CpixFilter one, CpixFilter other) => one.Kind switch
    {
        CpixFilterKind.KeyPeriod => Overlap(_periods[one.PeriodId!], _periods[other.PeriodId!]),
        CpixFilterKind.Label => one.Label == other.Label,
        _ => IsPossible(one) && IsPossible(other)
            && !(Larger(one.Minimum, other.Minimum) > Smaller(one.Maximum, other.Maximum))
            && !(Larger(one.AboveFrameRate, other.AboveFrameRate) >= Smaller(one.MaximumFrameRate, other.MaximumFrameRate))
            && !(one.IsHighDynamicRange is { } hdr && other.IsHighDynamicRange == !hdr) && !(one.IsWideColorGamut is { } wcg && other.IsWideColorGamut == !wcg),
    };

    /// <summary>Whether two periods have a moment in common, as far as they are said in the same way.</summary>
    private static bool Overlap(CpixKeyPeriod one, CpixKeyPeriod other)
    {
        if (ReferenceEquals(one, other)) return true;
        if (one.Index is not null && other.Index is not null) return one.Index == other.Index;
        if (one.Label is not null && other.Label is not null) return one.Label == other.Label;
        if ((one.Start ?? one.End) is not null && (other.Start ?? other.End) is not null) return !(Larger(one.Start, other.Start) >= Smaller(one.End, other.End));
        return (one.StartOffset ?? one.EndOffset) is not null && (other.StartOffset ?? other.EndOffset) is not null && !(Larger(one.StartOffset, other.StartOffset) >= Smaller(one.EndOffset, other.EndOffset));
    }

    private static T? Larger<T>(T? one, T? other)
        where T : struct, IComparable<T> => one is null || (other is { } b && b.CompareTo(one.Value) > 0) ? other : one;

    private static T? Smaller<T>(T? one, T? other)
        where T : struct, IComparable<T> => one is null || (other is { } b && b.CompareTo(one.Value) < 0) ? other : one;
}
