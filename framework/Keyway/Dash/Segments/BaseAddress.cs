using Keyway.Dash.Xml;

namespace Keyway.Dash.Segments;

/// <summary>The <c>BaseURL</c> elements from the manifest down to one level (ISO/IEC 23009-1, 5.6.4), resolved when asked for.</summary>
/// <remarks>
/// Kept as a chain, so that a long address high up is not copied into a hundred thousand representations. A level may have alternatives: other
/// servers for the same content. The first of each level is the first choice; the alternatives of several levels combine, the innermost changing first.
/// </remarks>
internal sealed class BaseAddress
{
    private static readonly BaseReference[] Same = [default];
    private readonly BaseAddress? _outer;
    private readonly IReadOnlyList<BaseReference> _references;
    private readonly string _path;
    private readonly UrlQuery? _query;

    private BaseAddress(BaseAddress? outer, IReadOnlyList<BaseReference> references, string path, UrlQuery? query)
    {
        _outer = outer;
        _references = references;
        _path = path;
        _query = query;
        Alternatives = outer is null ? 1 : Math.Min(ManifestLimits.Alternatives, outer.Alternatives * references.Count);
        Availability = outer is null ? default : references[0].Availability.Plus(outer.Availability);
    }

    /// <summary>The manifest's own address.</summary>
    public static BaseAddress Root { get; } = new(null, [], "/MPD", null);

    /// <summary>How many ways there are.</summary>
    public int Alternatives { get; }

    /// <summary>What the first choice says about segments that are there before they are due.</summary>
    public AvailabilityOffset Availability { get; }

    /// <summary>One level further in; the same when the level has neither a <c>BaseURL</c> nor a query to add.</summary>
    /// <param name="references">What its <c>BaseURL</c> elements say.</param>
    /// <param name="query">What it adds to the addresses of segments.</param>
    /// <param name="path">Where it stands in the manifest.</param>
    public BaseAddress Under(IReadOnlyList<BaseReference> references, UrlQuery? query, string path)
    {
        List<BaseReference> said = [.. references.Where(static each => each.Url.Length > 0)];
        if (said.Count > 0) return new BaseAddress(this, said, path, query ?? _query);
        return query is null ? this : new BaseAddress(this, Same, path, query);
    }

    /// <summary>The address itself.</summary>
    public Uri Resolve(MpdContext context) => Allowed(context, Chain(context, 0), _path);

    /// <summary>An address below this one.</summary>
    public Uri Resolve(MpdContext context, string? reference, string path, int alternative = 0)
    {
        Uri address = Chain(context, alternative);
        return Allowed(context, string.IsNullOrEmpty(reference) ? address : Combine(context, address, reference, path), path);
    }

    /// <summary>Where else the same is. One that the manifest may not name is no alternative.</summary>
    public IReadOnlyList<Uri> Others(MpdContext context, string? reference, string path)
    {
        List<Uri> others = [];
        for (int i = 1; i < Alternatives; i++)
        {
            try
            {
                others.Add(Resolve(context, reference, path, i));
            }
            catch (ManifestException)
            {
                continue;
            }
        }

        return others;
    }

    private Uri Chain(MpdContext context, int alternative) => _outer is null
        ? context.Origin.Location
        : _references == Same ? _outer.Chain(context, alternative)
        : Combine(context, _outer.Chain(context, alternative / _references.Count), _references[alternative % _references.Count].Url, _path);

    private static Uri Combine(MpdContext context, Uri address, string reference, string path)
    {
        if (reference.Length > ManifestLimits.Address) throw context.Refuse(new FormatError($"an address is longer than {ManifestLimits.Address} characters", path, -1));
        if (!Uri.TryCreate(address, reference.Trim(), out Uri? combined)) throw context.Refuse(new FormatError("this is not an address", path, -1));
        return combined.OriginalString.Length <= ManifestLimits.Address
            ? combined
            : throw context.Refuse(new FormatError($"an address is longer than {ManifestLimits.Address} characters", path, -1));
    }

    // Only what is opened has to be allowed: "." and ".." may stand on the way to a file below the folder.
    private Uri Allowed(MpdContext context, Uri address, string path) =>
        context.Origin.TryAllow(address, out string reason) ? _query?.AddTo(context, address, path) ?? address : throw context.Refuse(new FormatError(reason, path, -1));
}
