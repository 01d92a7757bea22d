using System.Globalization;
using System.Xml;
using Keyway.Cpix.Xml;

namespace Keyway.Cpix;

/// <summary>Reads <c>ContentKeyUsageRule</c> elements. A filter that is not understood makes its rule one that is not used.</summary>
internal static class CpixRuleReader
{
    public static CpixUsageRule Read(CpixCursor at)
    {
        string path = at.Path;
        if (at.Attribute("kid") is not { } text || !KeyId.TryParse(text, out KeyId id)) throw at.Refuse("@kid is not a UUID");
        string? type = at.ShortAttribute("intendedTrackType"), problem = null;
        List<CpixFilter> filters = [];
        at.Children(() =>
        {
            CpixFilter filter = ReadFilter(at, out string? mistake);
            problem ??= mistake;
            filters.Add(filter);
        });
        return new CpixUsageRule { Path = path, KeyId = id, IntendedTrackType = type, Filters = filters, Problem = problem };
    }

    private static CpixFilter ReadFilter(CpixCursor at, out string? problem)
    {
        CpixFilterKind kind = at.Namespace is CpixNames.Cpix or "" ? KindOf(at.Name) : CpixFilterKind.Unknown;
        CpixFilter filter = new() { Kind = kind, Name = CpixCursor.Shorten(at.Name) };
        string? mistake = null;
        switch (kind)
        {
            case CpixFilterKind.KeyPeriod:
                filter = filter with { PeriodId = at.Attribute("periodId") };
                if (filter.PeriodId is null) mistake = "KeyPeriodFilter/@periodId is missing";
                break;
            case CpixFilterKind.Label:
                filter = filter with { Label = at.Attribute("label") };
                if (filter.Label is null) mistake = "LabelFilter/@label is missing";
                break;
            case CpixFilterKind.Video:
                filter = filter with
                {
                    Minimum = Number("minPixels"),
                    Maximum = Number("maxPixels"),
                    AboveFrameRate = Rate("minFps"),
                    MaximumFrameRate = Rate("maxFps"),
                    IsHighDynamicRange = Flag("hdr"),
                    IsWideColorGamut = Flag("wcg"),
                };
                break;
            case CpixFilterKind.Audio:
                filter = filter with { Minimum = Number("minChannels"), Maximum = Number("maxChannels") };
                break;
            case CpixFilterKind.Bitrate:
                filter = filter with { Minimum = Number("minBitrate"), Maximum = Number("maxBitrate") };
                break;
            default:
                mistake = $"the filter {filter.Name} is not known";
                break;
        }

        problem = mistake;
        return filter;

        long? Number(string name)
        {
            if (at.Attribute(name) is not { } text) return null;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)) return value;
            mistake ??= $"{at.Name}/@{name} is not a number";
            return null;
        }

        double? Rate(string name)
        {
            if (at.Attribute(name) is not { } text) return null;
            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)) return value;
            mistake ??= $"{at.Name}/@{name} is not a number";
            return null;
        }

        bool? Flag(string name)
        {
            if (at.Attribute(name) is not { } text) return null;
            try
            {
                return XmlConvert.ToBoolean(text);
            }
            catch (FormatException)
            {
                mistake ??= $"{at.Name}/@{name} is neither true nor false";
                return null;
            }
        }
    }

    private static CpixFilterKind KindOf(string name) => name switch
    {
        "KeyPeriodFilter" => CpixFilterKind.KeyPeriod,
        "LabelFilter" => CpixFilterKind.Label,
        "VideoFilter" => CpixFilterKind.Video,
        "AudioFilter" => CpixFilterKind.Audio,
        "BitrateFilter" => CpixFilterKind.Bitrate,
        _ => CpixFilterKind.Unknown,
    };
}
