using System.Globalization;

namespace Keyway.Timeline;

/// <summary>What a user wants of one kind of track: a height, a bandwidth, a language or an identifier; or none at all.</summary>
public sealed class TrackQuery
{
    private readonly string _text;

    /// <summary>Makes a query.</summary>
    /// <param name="text"><c>720</c> or <c>720p</c>, bits per second, a language (<c>de</c> finds <c>de-AT</c>, <c>deu</c> and <c>ger</c>), the identifier of a rendition or of its set, or <c>none</c>.</param>
    public TrackQuery(string text) => _text = text.Trim();

    /// <summary>Whether no such track is wanted.</summary>
    public bool IsNone => _text.Equals("none", StringComparison.OrdinalIgnoreCase);

    /// <summary>How well a rendition fits.</summary>
    /// <returns>0: not at all. An identifier is worth more than a height, a height more than a bandwidth: one number may be two things.</returns>
    internal int Fit(Rendition rendition)
    {
        if (rendition.Id == _text) return 5;
        if (rendition.Group == _text) return 4;
        ReadOnlySpan<char> digits = _text.EndsWith('p') ? _text.AsSpan(0, _text.Length - 1) : _text;
        if (rendition.Kind == MediaKind.Video && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int height) && rendition.Height == height) return 3;
        if (long.TryParse(_text, NumberStyles.None, CultureInfo.InvariantCulture, out long bandwidth) && rendition.Bandwidth == bandwidth) return 2;
        return IsLanguage(rendition.Language) ? 1 : 0;
    }

    /// <summary>Whether a track of a file fits: by its number, its height or its language.</summary>
    internal bool Fits(uint id, int height, string? language)
    {
        ReadOnlySpan<char> digits = _text.EndsWith('p') ? _text.AsSpan(0, _text.Length - 1) : _text;
        bool number = uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out uint value);
        return (number && (value == id || (height > 0 && value == height))) || IsLanguage(language);
    }

    /// <summary>Returns what the user wrote.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => _text;

    private bool IsLanguage(string? language) => language is not null && LanguageTag.Fits(_text, language);
}
