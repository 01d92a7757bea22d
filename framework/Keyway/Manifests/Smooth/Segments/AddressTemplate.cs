using System.Globalization;
using System.Text;
using Keyway.Manifests.Smooth.Model;

namespace Keyway.Manifests.Smooth.Segments;

/// <summary>The addresses of the fragments of a quality: <c>QualityLevels({bitrate},{CustomAttributes})/Fragments(video={start time})</c> ([MS-SSTR], 2.2.2.5).</summary>
internal sealed class AddressTemplate
{
    private readonly Uri _base;
    // The time of a fragment stands between each two.
    private readonly string[] _texts;

    private AddressTemplate(Uri from, string[] texts) => (_base, _texts) = (from, texts);

    /// <summary>Reads a template.</summary>
    /// <param name="location">Where the manifest was found.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="quality">The quality.</param>
    /// <param name="error">What is wrong with it.</param>
    public static AddressTemplate? Read(Uri location, SmoothStream stream, SmoothQuality quality, out FormatError error)
    {
        string path = quality.Url is null ? stream.Path : quality.Path;
        if ((quality.Url ?? stream.Url)?.Trim() is not { Length: > 0 } url) return Fail("there is no @Url", path, out error);
        List<string> texts = [];
        StringBuilder text = new();
        bool namesQuality = false;
        while (url.Length > 0)
        {
            int open = url.IndexOf('{', StringComparison.Ordinal), close = open < 0 ? -1 : url.IndexOf('}', open);
            if (close < 0)
            {
                text.Append(url);
                break;
            }

            text.Append(url.AsSpan(0, open));
            string name = url[(open + 1)..close].Trim();
            url = url[(close + 1)..];
            switch (name.Replace('_', ' ').ToLowerInvariant())
            {
                case "bitrate":
                    text.Append(CultureInfo.InvariantCulture, $"{quality.Bitrate}");
                    namesQuality = true;
                    break;
                case "start time":
                    texts.Add(text.ToString());
                    text.Clear();
                    break;
                case "customattributes":
                    text.Append(quality.CustomAttributes);
                    namesQuality |= quality.CustomAttributes.Length > 0;
                    break;
                default:
                    return Fail($"@Url asks for '{{{Xml.SmoothCursor.Shown(name)}}}', which is not known", path, out error);
            }

            if (text.Length > ManifestLimits.Address) return Fail($"an address has more than {ManifestLimits.Address} characters", path, out error);
        }

        texts.Add(text.ToString());
        if (texts.Count < 2) return Fail("@Url does not name the time of a fragment", path, out error);
        if (texts.Sum(static each => (long)each.Length + 20) > ManifestLimits.Address) return Fail($"an address has more than {ManifestLimits.Address} characters", path, out error);
        if (!namesQuality && quality.Url is null && stream.Qualities.Count > 1) return Fail("@Url does not name the quality, and there are several", path, out error);
        AddressTemplate template = new(location, [.. texts]);
        error = default;
        return template.TryAddress(0, out _) ? template : Fail("@Url is no address", path, out error);
    }

    /// <summary>The address of a fragment.</summary>
    public Uri AddressOf(ulong time) => TryAddress(time, out Uri? address) ? address! : throw new InvalidOperationException("an address is one whatever the time is");

    private bool TryAddress(ulong time, out Uri? address) => Uri.TryCreate(_base, string.Join(time.ToString(CultureInfo.InvariantCulture), _texts), out address);

    private static AddressTemplate? Fail(string reason, string path, out FormatError error)
    {
        error = new FormatError(reason, path, -1);
        return null;
    }
}
