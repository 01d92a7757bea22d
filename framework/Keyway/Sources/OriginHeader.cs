using System.Globalization;
using System.Text;

namespace Keyway.Sources;

/// <summary>A header for content requests to an origin that the caller names, beside the presentation's own.</summary>
/// <param name="Origin">An http(s) address; its scheme, host and port count.</param>
/// <param name="Name">The header's name.</param>
/// <param name="Value">Its value. A secret: no text holds it.</param>
public sealed record OriginHeader(Uri Origin, string Name, string Value)
{
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(Origin)} = {SourceText.Of(Origin)}, {nameof(Name)} = {Name}");
        return true;
    }
}
