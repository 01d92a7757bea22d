using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Text;

namespace Keyway.Manifests.Hls.Reading;

/// <summary>Reads the tags that either kind of playlist may have (RFC 8216bis, 4.4.1 and 4.4.2).</summary>
internal sealed class CommonTags(PlaylistText text, bool isMedia)
{
    private PlaylistLine? _version;

    /// <summary>The version that the playlist was written for.</summary>
    public ulong? Version { get; private set; }

    /// <summary>Where to begin.</summary>
    public StartTag? Start { get; private set; }

    /// <summary>Reads a tag, if it is one of these.</summary>
    /// <exception cref="ManifestException">It cannot be understood.</exception>
    public bool TryTake(PlaylistLine line, ReadOnlySpan<char> value)
    {
        switch (line.Tag)
        {
            case PlaylistTags.Version:
                if (_version is { } first) throw text.Broken(line, $"the tag stands there twice: first at {first}");
                _version = line;
                if (PlaylistValue.TryNumber(value, out ulong version)) Version = version;
                else text.Note(line, "this is not a version");
                return true;
            case PlaylistTags.Define:
                text.Variables.Define(line, value, isMedia);
                return true;
            case PlaylistTags.Start:
                if (AttributeList.Read(text, line, value).Text("TIME-OFFSET") is { } offset && PlaylistValue.TrySignedSeconds(offset, out TimeSpan time)) Start = new StartTag(time);
                else text.Note(line, "TIME-OFFSET is missing, or is not a number of seconds");
                return true;
            case PlaylistTags.Head or PlaylistTags.IndependentSegments:
                return true;
            default:
                return false;
        }
    }
}
