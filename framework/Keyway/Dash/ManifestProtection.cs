using Keyway.Protection;
using Keyway.Timeline;

namespace Keyway.Dash;

/// <summary>Gives a <see cref="ProtectionMapBuilder"/> what a manifest says. The name of a track is the path of its representation.</summary>
internal static class ManifestProtection
{
    /// <summary>Adds what is said about every representation.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="manifest">The manifest.</param>
    /// <returns>The builder.</returns>
    public static ProtectionMapBuilder Add(this ProtectionMapBuilder builder, Manifest manifest) =>
        TimelineProtection.Add(builder, DashTimeline.Of(manifest));

    /// <summary>What some elements say, each by itself.</summary>
    /// <param name="elements">The elements.</param>
    /// <param name="known">What others said: a hundred thousand representations may share one element.</param>
    internal static IReadOnlyList<RenditionProtection> Of(IReadOnlyList<ContentProtection> elements, Dictionary<ContentProtection, RenditionProtection> known) =>
        elements.Count == 0 ? [] : [.. elements.Select(element => known.TryGetValue(element, out RenditionProtection? said) ? said : known[element] = Of(element))];

    private static RenditionProtection Of(ContentProtection protection)
    {
        bool isCommon = protection.SchemeIdUri.Equals(ContentProtection.Mp4Protection, StringComparison.OrdinalIgnoreCase);
        return new RenditionProtection
        {
            Source = new(ProtectionOrigin.Manifest, protection.Path),
            System = protection.System,
            Scheme = protection.Scheme,
            KeyIds = protection.DefaultKeyIds,
            IsStatement = isCommon || protection.System is not null || protection.DefaultKeyIds.Count > 0,
            Headers =
            [
                .. protection.Pssh.SelectMany(static pssh => pssh.Boxes.Select(box => new HeaderStatement { Box = box, Source = new(ProtectionOrigin.Manifest, pssh.Path) })),

                // A PlayReady object belongs to PlayReady even under an element that names another scheme.
                .. protection.Pro.Where(static pro => pro.Box is not null).Select(static pro => new HeaderStatement { Box = pro.Box!, Source = new(ProtectionOrigin.Manifest, pro.Path) }),
            ],
            LicenseUrls = [.. protection.LicenseUrls.Where(static url => url.Url is not null).Select(url => new LicenseUrlStatement(protection.System, url.Url!, new(ProtectionOrigin.Manifest, url.Path)))],
        };
    }
}
