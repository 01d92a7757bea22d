using System.Collections.Frozen;

namespace Keyway.Licensing.Origins;

/// <summary>
/// The origins that a provider's configuration names. A URL of any other origin receives no token, no custom data and no device's identity,
/// whoever names it.
/// </summary>
/// <param name="origins">The origins. One that starts with <c>http:</c> allows plain HTTP to itself.</param>
public sealed class TrustedOrigins(IEnumerable<Origin> origins)
{
    private readonly FrozenSet<Origin> _origins = origins.ToFrozenSet();

    /// <summary>No origin.</summary>
    public static TrustedOrigins None { get; } = new([]);

    /// <summary>Whether the URL's origin is one of them.</summary>
    /// <param name="url">An absolute URL.</param>
    /// <returns><see langword="true"/> if it is.</returns>
    public bool Contains(Uri url) => _origins.Contains(Origin.Of(url));

    /// <summary>Returns the origins, sorted and separated by commas.</summary>
    /// <returns>The text.</returns>
    public override string ToString() =>
        _origins.Count == 0 ? "none" : string.Join(", ", _origins.Select(static origin => origin.ToString()).Order(StringComparer.Ordinal));
}
