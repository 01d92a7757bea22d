using Keyway.Sources;

namespace Keyway.Dash;

/// <summary>What everything in one manifest shares.</summary>
internal sealed record MpdContext(ContentOrigin Origin, bool IsDynamic, TimeSpan? TimeShiftBuffer)
{
    /// <summary>The error with the manifest's name.</summary>
    public ManifestException Refuse(FormatError error) => new(SourceText.Of(Origin.Location), error);
}
