namespace Keyway.Dash;

/// <summary>The <c>BaseURL</c> elements from the manifest down to one level (ISO/IEC 23009-1, 5.6.4), resolved when asked for.</summary>
/// <remarks>Kept as a chain, so that a long address high up is not copied into a hundred thousand representations.</remarks>
internal sealed class BaseAddress
{
    private readonly BaseAddress? _outer;
    private readonly string? _reference;
    private readonly string _path;

    private BaseAddress(BaseAddress? outer, string? reference, string path)
    {
        _outer = outer;
        _reference = reference;
        _path = path;
    }

    /// <summary>The manifest's own address.</summary>
    public static BaseAddress Root { get; } = new(null, null, "/MPD");

    /// <summary>One level further in; the same when the level has no <c>BaseURL</c>.</summary>
    public BaseAddress Under(string? reference, string path) => string.IsNullOrEmpty(reference) ? this : new BaseAddress(this, reference, path);

    /// <summary>The address itself.</summary>
    public Uri Resolve(MpdContext context) => Allowed(context, Chain(context), _path);

    /// <summary>An address below this one.</summary>
    public Uri Resolve(MpdContext context, string? reference, string path)
    {
        Uri address = Chain(context);
        return Allowed(context, string.IsNullOrEmpty(reference) ? address : Combine(context, address, reference, path), path);
    }

    private Uri Chain(MpdContext context) => _outer is null ? context.Origin.Location : Combine(context, _outer.Chain(context), _reference!, _path);

    private static Uri Combine(MpdContext context, Uri address, string reference, string path)
    {
        if (reference.Length > UrlTemplate.LongestAddress) throw context.Refuse(new FormatError($"an address is longer than {UrlTemplate.LongestAddress} characters", path, -1));
        if (!Uri.TryCreate(address, reference.Trim(), out Uri? combined)) throw context.Refuse(new FormatError("this is not an address", path, -1));
        return combined.OriginalString.Length <= UrlTemplate.LongestAddress
            ? combined
            : throw context.Refuse(new FormatError($"an address is longer than {UrlTemplate.LongestAddress} characters", path, -1));
    }

    // Only what is opened has to be allowed: "." and ".." may stand on the way to a file below the folder.
    private static Uri Allowed(MpdContext context, Uri address, string path) =>
        context.Origin.TryAllow(address, out string reason) ? address : throw context.Refuse(new FormatError(reason, path, -1));
}
