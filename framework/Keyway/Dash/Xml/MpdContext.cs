using Keyway.Sources;

namespace Keyway.Dash.Xml;

/// <summary>What everything in one manifest shares.</summary>
/// <param name="Origin">Where it came from.</param>
/// <param name="IsDynamic">Whether it is live.</param>
/// <param name="TimeShiftBuffer">How far back segments stay available.</param>
/// <param name="Elapsed">Of a live presentation that has ended: how much of the presentation was past by then.</param>
internal sealed record MpdContext(ContentOrigin Origin, bool IsDynamic, TimeSpan? TimeShiftBuffer, TimeSpan? Elapsed)
{
    /// <summary>The error with the manifest's name.</summary>
    public ManifestException Refuse(FormatError error) => new(SourceText.Of(Origin.Location), error);
}
